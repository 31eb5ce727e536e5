"""What a run leaves outdated gets a run of its own, whatever else has it queued or once failed."""

from dataclasses import replace

import pytest
from django.utils import timezone

from assets.models import AssetReference, Project
from propagation.execution.apply import apply_batch, fail_batch
from propagation.models import Event, ItemState, PropagationItem, PropagationRun, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from tests.builders import chain, change, drive, get_entity, load, make_cause, star
from versions.models import Consumption, Version

pytestmark = pytest.mark.django_db


def start(code: str, **fields: str) -> PropagationRun:
    """Change an entity and return its run."""
    run = change(code, **fields).run  # type: ignore[arg-type]
    assert run is not None
    return run


def check() -> tuple[int, int]:
    """Return how many exceptions the project has, and how many are excused."""
    found = check_project(project=Project.objects.get())
    return len(found.exceptions), found.excused


def test_a_target_that_another_run_has_queued_is_not_taken_for_covered() -> None:
    """The other run may have read the source before it moved, and be about to commit."""
    document = chain(3)
    document["assets"].append({"id": "late", "type": "prop"})
    load(document)
    run = start("a0", material="oak")
    change_references(
        added=[Edge(source=get_entity("a1"), target=get_entity("late"))],
        cause=make_cause(kind=RunKind.RELINK),
        at=timezone.now(),
    )
    start("late", colour="red")
    Project.objects.update(graph_revision=Project.objects.get().graph_revision + 1)
    drive(run)
    repairs = PropagationRun.objects.filter(kind=RunKind.REPAIR)
    assert repairs.count() == 1
    for one in PropagationRun.objects.order_by("pk"):
        drive(one)
    assert check() == (0, 0)


def test_a_failure_excuses_its_target_until_a_later_run_makes_it_good() -> None:
    load(star(1))
    failed = start("hero", colour="red")
    fail_batch(run_id=failed.pk, number=0, error="out of\0paint", at=timezone.now())
    assert drive(failed).status == "failed"
    assert check() == (0, 1)
    drive(start("hero", colour="blue"))
    assert check() == (0, 0)
    first = Version.objects.get(entity__code="hero", number=1)
    Consumption.objects.update(version=first)  # damage that no run explains
    assert check() == (1, 0)


def test_a_failed_batch_says_so_and_has_no_nul_in_its_reason() -> None:
    """PostgreSQL stores no NUL; the batch would never end."""
    load(star(2))
    run = start("hero", colour="red")
    fail_batch(run_id=run.pk, number=0, error="out of\0paint", at=timezone.now())
    items = PropagationItem.objects.filter(run=run)
    assert {(item.state, item.error) for item in items} == {(ItemState.FAILED, "out ofpaint")}
    event = Event.objects.filter(type="run_items", run_id=run.pk).get()
    assert [item["state"] for item in event.payload["items"]] == ["failed", "failed"]
    assert apply_batch(run_id=run.pk, number=0, at=timezone.now()) is None


def test_a_reference_keeps_its_attributes_in_the_version_that_used_it() -> None:
    load(chain(1) | {"shots": [{"shot_id": "s"}]})
    edge = Edge(source=get_entity("a0"), target=get_entity("s"), role="prop")
    for look in ("dry", "wet"):
        change_references(
            added=[replace(edge, attributes={"look": look})],
            cause=make_cause(),
            at=timezone.now(),
        )
    looks = [
        version.inputs.get().attributes["look"]
        for version in Version.objects.filter(entity__code="s", number__gt=1).order_by("number")
    ]
    assert looks == ["dry", "wet"]
    assert AssetReference.objects.get().attributes == {"look": "wet"}
