"""This product: a change over REST, planned by the web process, applied by two Celery workers."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from django.conf import settings
from django.db.models import Max

from assets.models import Entity
from bench.house import own_process
from bench.speed.memory import forget_peaks, read_peaks, read_processor_s
from bench.speed.verify import WrongResultError
from config.stack.parts import NICENESS
from config.stack.state import find_running
from propagation.live.workers import count_workers
from propagation.management.benchmark.loading import Film
from propagation.models import Event, EventCounter, LogReader, PropagationRun, RunStatus

LANE = "batch"
LOOK_EVERY_S = 0.01
LOOK_SELDOM_S, SELDOM_AFTER_S = 0.05, 0.5
"""Looking costs half a millisecond of the machine that is measured."""
START_LIMIT_S = 60
SETTLE_LIMIT_S = 120
"""What the courier makes of a run's events may take this long; then the next one is measured."""


@dataclass(frozen=True, kw_only=True)
class ProductSample:
    """One run, in seconds by the client's clock, and bytes by process.

    request: until the answer, which comes after the commit · work: from there to the run's end ·
    in_database: from created_at to finished_at, as the rows say · held: memory before ·
    processor: of each with all that it started.
    """

    run_id: int
    request_s: float
    work_s: float
    in_database_s: float
    peaks: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    processor_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """From the request to the end of the run."""
        return self.request_s + self.work_s


@contextmanager
def second_worker() -> Iterator[dict[str, int]]:
    """Run a second worker of the lane; return the processes that are watched, by name."""
    command = (
        *("celery", "--quiet", "--app=config.celery", "worker", f"--queues={LANE}"),
        *(f"--hostname={LANE}-2@%h", "--concurrency=1", "--task-events"),
        *("--without-mingle", "--without-gossip", "--loglevel=WARNING"),
    )
    with own_process(*command, niceness=NICENESS[LANE]) as process:
        wait_until(lambda: count_workers()[LANE] > 1, limit_s=START_LIMIT_S, what="two workers")
        state = find_running(settings.HOME)
        if state is None:
            msg = "the stack is gone"
            raise SystemExit(msg)
        named = {name: state.parts[name] for name in ("web", LANE, "courier", "scheduler")}
        yield {**named, f"{LANE}-2": process.pid}


def change_over_rest(
    *, api: httpx.Client, film: Film, parts: Mapping[str, int], limit_s: float
) -> ProductSample:
    """Change the film's first asset and wait until its run is over.

    WrongResultError when it ends otherwise than well, or not within the limit.
    """
    held, worked = forget_peaks(parts), read_processor_s(parts)
    body = {"change_data": {"description": f"changed at {time.time_ns()}"}}
    begun = time.perf_counter()
    answer = api.post(f"/assets/{film.code}:{find_code(film)}/propagate", json=body)
    answered = time.perf_counter()
    if answer.status_code != httpx.codes.ACCEPTED:
        raise WrongResultError(f"{film.code}: {answer.status_code} {answer.text[:500]}")
    run = PropagationRun.objects.filter(project=film.project_id).order_by("-pk")[:1]
    wait_until(lambda: not run.get().is_active, limit_s=limit_s, what=f"the run of {film.code}")
    ended = time.perf_counter()
    made = run.get()
    if made.status != RunStatus.SUCCESS or made.finished_at is None:
        raise WrongResultError(f"{film.code}: run {made.pk} ended as {made.status}")
    return ProductSample(
        run_id=made.pk,
        request_s=answered - begun,
        work_s=ended - answered,
        in_database_s=(made.finished_at - made.created_at).total_seconds(),
        peaks=read_peaks(parts),
        held=held,
        processor_s={
            name: seconds - worked[name] for name, seconds in read_processor_s(parts).items()
        },
    )


def find_code(film: Film) -> str:
    """Return the code of what is changed."""
    return str(Entity.objects.values_list("code", flat=True).get(pk=film.first_id))


def settle(film: Film) -> bool:
    """Wait until the courier has dealt with all events of the film; whether it did in time."""

    def is_dealt_with() -> bool:
        newest = EventCounter.objects.filter(project=film.project_id).values_list("seq", flat=True)
        readers = LogReader.objects.filter(project=film.project_id)
        return all(reader.seq >= newest[0] for reader in readers)

    if Event.objects.filter(project=film.project_id).aggregate(newest=Max("seq"))["newest"]:
        try:
            wait_until(is_dealt_with, limit_s=SETTLE_LIMIT_S, what="the courier")
        except WrongResultError:
            return False
    return True


def wait_until(
    is_so: Callable[[], bool], *, limit_s: float, what: str, every_s: float = LOOK_EVERY_S
) -> None:
    """Look again and again; WrongResultError after the limit."""
    begun = time.monotonic()
    while not is_so():
        waited = time.monotonic() - begun
        if waited > limit_s:
            raise WrongResultError(f"{what}: not within {limit_s:g} s")
        time.sleep(max(every_s, LOOK_SELDOM_S) if waited > SELDOM_AFTER_S else every_s)
