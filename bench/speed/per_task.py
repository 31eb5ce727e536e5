"""One Celery task per dependent, by two worker processes; a level begins when the last is done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from bench.house import own_process
from bench.speed.product import START_LIMIT_S, wait_until
from bench.speed.slow import SlowSample, create_batch, finish_batch, list_batches
from bench.speed.taking import Take, create_run
from bench.speed.tasks import QUEUE, app, be_there, read_done, update_one

PROCESSES = 2
AT_ONCE = 500
LEFT_IN_QUEUE = 250
"""So many may be open when more are sent: workers never wait for messages."""
STUCK_S = 60


@contextmanager
def task_workers() -> Iterator[None]:
    """Run a worker of two processes until the block ends."""
    command = (
        *("celery", "--quiet", "--app=bench.speed.tasks", "worker", f"--queues={QUEUE}"),
        *("--hostname=per-task@%h", f"--concurrency={PROCESSES}"),
        *("--without-mingle", "--without-gossip", "--loglevel=WARNING"),
    )
    before = read_done("there")
    with own_process(*command):
        be_there.apply_async()
        wait_until(
            lambda: read_done("there") > before, limit_s=START_LIMIT_S, what="a worker of tasks"
        )
        yield


def propagate_by_tasks(take: Take, *, limit_s: float) -> SlowSample:
    """Send a task per target, and wait for all; nothing more is sent after so many seconds."""
    targets = take.film.reach.targets
    batches = list_batches(take.film, AT_ONCE)
    run = create_run(take, total=targets)
    row = create_batch(run, 0, targets)
    at = timezone.now().isoformat()
    sent, level = 0, 0
    begun = time.perf_counter()
    for batch in batches:
        if time.perf_counter() - begun > limit_s:
            break
        is_new_level = batch[0][1] != level
        level = batch[0][1]
        _wait_for(run.pk, sent if is_new_level else sent - LEFT_IN_QUEUE)
        with app.producer_pool.acquire(block=True) as producer:
            for entity_id, _ in batch:
                update_one.apply_async((run.pk, row.pk, entity_id, level, at), producer=producer)
        sent += len(batch)
    _wait_for(run.pk, sent)
    seconds = time.perf_counter() - begun
    row.size = sent
    finish_batch(row)
    return SlowSample(run_id=run.pk, measured_s=seconds, done=sent, targets=targets)


def _wait_for(run_id: int, count: int) -> None:
    """Wait until so many tasks are done, however long, as long as some are."""
    done = read_done(str(run_id))
    while done < count:
        before = done
        wait_until(
            lambda: read_done(str(run_id)) > before,  # noqa: B023 (called before it changes)
            limit_s=STUCK_S,
            every_s=0.003,
            what=f"tasks of run {run_id}",
        )
        done = read_done(str(run_id))
