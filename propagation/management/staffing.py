"""Whether anybody works: each worker announces itself for its lanes."""

from collections.abc import Iterable

from redis.exceptions import RedisError

from propagation.live.workers import count_workers
from propagation.management.exits import Exit, refuse
from propagation.models import PropagationRun, RunStatus

RUN_NOBODY = "start the stack with make up, or leave out --watch"


def read_workers() -> dict[str, int] | None:
    """Return the number of workers per lane; None when Redis, which knows, is away."""
    try:
        return count_workers()
    except RedisError:
        return None


def check_workers(lanes: Iterable[str]) -> None:
    """Raise CommandError (exit 7) unless each of these lanes has a worker."""
    workers = read_workers()
    if workers is None:
        msg = f"Redis does not answer, so that no worker can be reached; {RUN_NOBODY}."
        raise refuse(msg, Exit.NO_WORKERS)
    vacant = [lane for lane in lanes if not workers[lane]]
    if vacant:
        msg = f"No worker announces itself for {', '.join(vacant)}; {RUN_NOBODY}."
        raise refuse(msg, Exit.NO_WORKERS)


def find_vacant(run: PropagationRun) -> str | None:
    """Return the lane whose turn it is when it has no worker; a paused run waits for nobody."""
    if run.status == RunStatus.PAUSED:
        return None
    batches = run.batches.filter(done_at=None).order_by("step")
    lane = batches.values_list("lane", flat=True).first()
    if lane is None or (read_workers() or {}).get(lane):
        return None
    return lane
