"""Batches as STORY-089 describes them (`execute_batch_phase`): 50 at a time, 0.1 s between.

The story leaves open what its `process_batch` writes, and when it commits. Here it does the same
as the product by one save() per row, and each batch is one transaction, which is the fastest
reading.
"""

import time

from django.db import transaction
from django.utils import timezone

from bench.speed.one_by_one import update_target
from bench.speed.slow import SlowSample, create_batch, finish_batch, list_full_batches
from bench.speed.taking import Take, create_run

BATCH_SIZE = 50
PAUSE_S = 0.1
"""`await asyncio.sleep(0.1)  # Prevent overwhelming the system`"""


def propagate_as_in_the_story(take: Take, *, limit_s: float) -> SlowSample:
    """Bring the targets up to date one by one, for so many seconds at most."""
    targets = take.film.reach.targets
    batches = list_full_batches(take.film, BATCH_SIZE)
    run = create_run(take, total=targets)
    done = 0
    begun = time.perf_counter()
    for number, batch in enumerate(batches):
        with transaction.atomic():
            row = create_batch(run, number, len(batch))
            for entity_id, level in batch:
                update_target(
                    run_id=run.pk,
                    batch_id=row.pk,
                    entity_id=entity_id,
                    level=level,
                    at=timezone.now(),
                )
            finish_batch(row)
        done += len(batch)
        time.sleep(PAUSE_S)
        if time.perf_counter() - begun > limit_s:
            break
    seconds = time.perf_counter() - begun
    return SlowSample(run_id=run.pk, measured_s=seconds, done=done, targets=targets)
