"""What a target takes in memory where it is planned and where it is rebuilt, as estimates say."""

import tracemalloc
from collections.abc import Callable

import pytest
from django.utils import timezone

from assets.graph.cache import load_graph
from assets.models import Project
from propagation.execution.apply import apply_batch
from propagation.execution.start import preview
from propagation.models import RunMode
from propagation.planning.estimate import BYTES_PER_PLANNED, BYTES_PER_REBUILT
from tests.builders import change, get_entity, load, star
from versions.facets import Facet

pytestmark = pytest.mark.django_db
TARGETS = 1000
LEAST = 0.2
"""An estimate is no more than five times what is measured."""


def measure(work: Callable[[], object]) -> float:
    """Return the bytes at the peak of some work, per target."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / TARGETS
    finally:
        tracemalloc.stop()


def test_memory_per_target_where_it_is_planned() -> None:
    load(star(TARGETS))
    project = Project.objects.get()
    load_graph(project_id=project.pk)
    sources = {get_entity("hero").pk: Facet.VISUAL}
    found = measure(lambda: preview(project_id=project.pk, sources=sources, mode=RunMode.AUTO))
    print(f"\n{found:.0f} bytes per planned target")  # noqa: T201 (the measurement)
    assert LEAST * BYTES_PER_PLANNED < found <= BYTES_PER_PLANNED


def test_memory_per_target_where_it_is_rebuilt(settings: pytest.FixtureRequest) -> None:
    settings.BATCH_SIZES = {"realtime": 100, "batch": TARGETS, "background": TARGETS}  # type: ignore[attr-defined]
    load(star(TARGETS))
    run = change("hero", colour="red").run
    assert run is not None
    found = measure(lambda: apply_batch(run_id=run.pk, number=0, at=timezone.now()))
    print(f"\n{found:.0f} bytes per rebuilt target")  # noqa: T201 (the measurement)
    assert LEAST * BYTES_PER_REBUILT < found <= BYTES_PER_REBUILT
