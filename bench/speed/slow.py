"""What may take too long to be waited for: measured up to a limit, and extrapolated from there."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter

from django.utils import timezone

from bench.speed.verify import WrongResultError, count_versions, verify_run
from propagation.management.benchmark.loading import Film
from propagation.models import PropagationBatch, PropagationRun


@dataclass(frozen=True, kw_only=True)
class SlowSample:
    """So many targets in so many seconds, of all that there are."""

    run_id: int
    measured_s: float
    done: int
    targets: int

    @property
    def is_extrapolated(self) -> bool:
        """Whether it was stopped before the end."""
        return self.done < self.targets

    @property
    def seconds(self) -> float:
        """For all targets, at the rate that was measured."""
        return self.measured_s * self.targets / self.done


def list_batches(film: Film, size: int) -> Iterator[list[tuple[int, int]]]:
    """Yield (entity id, level) in batches of one level each, level by level."""
    ordered = sorted(film.list_targets(), key=lambda one: (one[1], one[0]))
    for _, level in groupby(ordered, key=itemgetter(1)):
        while batch := list(islice(level, size)):
            yield batch


def list_full_batches(film: Film, size: int) -> Iterator[list[tuple[int, int]]]:
    """Yield (entity id, level) in batches that may hold several levels, in their order."""
    ordered = iter(sorted(film.list_targets(), key=lambda one: (one[1], one[0])))
    while batch := list(islice(ordered, size)):
        yield batch


def create_batch(run: PropagationRun, number: int, size: int) -> PropagationBatch:
    """Insert the row of a batch that is begun."""
    batch = PropagationBatch(
        run=run, number=number, step=number, lane="batch", size=size, deliveries=1
    )
    batch.save()
    return batch


def finish_batch(batch: PropagationBatch) -> None:
    """Count the items of a batch as applied."""
    batch.applied = batch.size
    batch.done_at = timezone.now()
    batch.save()


def check_slow(film: Film, sample: SlowSample) -> None:
    """Raise WrongResultError unless what was done was done once; all of it, the whole state."""
    if not sample.is_extrapolated:
        verify_run(film=film, run_id=sample.run_id)
        return
    found = count_versions(sample.run_id)
    if set(found.values()) != {sample.done}:
        raise WrongResultError(f"run {sample.run_id}: {sample.done} were done, but {found}")
