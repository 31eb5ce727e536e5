"""References are added and removed together, each once, and all stays consistent."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.utils import timezone

from assets.exceptions import ReferenceNotFoundError
from assets.models import AssetReference, Follow, Project
from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references
from tests.builders import change, drive, get_entity, load, make_cause
from tests.propagation.interchange.stored import count_rows, count_versions, list_edges

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def props() -> None:
    """Have four props, of which d uses a, b and c."""
    load(
        {
            "assets": [
                *({"id": code, "type": "prop"} for code in "abc"),
                {"id": "d", "type": "prop", "depends_on": ["a", "b", "c"]},
            ]
        }
    )


def use(source: str, target: str, **how: Any) -> Edge:  # noqa: ANN401 (fields of different types)
    """Return the use of one entity by another."""
    return Edge(source=get_entity(source), target=get_entity(target), **how)


def edit(*, added: Sequence[Edge] = (), removed: Sequence[Edge] = ()) -> Outcome:
    """Add and remove the uses, do the run, and check that all is consistent afterwards."""
    outcome = change_references(added=added, removed=removed, cause=make_cause(), at=timezone.now())
    if outcome.run:
        drive(outcome.run)
    assert check_project(project=Project.objects.get()).exceptions == ()
    return outcome


def test_no_edit_at_all_does_nothing() -> None:
    before = count_rows()
    assert edit().run is None
    assert count_rows() == before


def test_a_use_that_is_added_twice_is_added_once() -> None:
    edit(added=[use("a", "b"), use("a", "b")])
    assert list_edges().count(("a", "b", "depends_on")) == 1
    assert count_versions()["b"] == 2


def test_of_a_use_that_is_added_twice_the_last_one_counts() -> None:
    edit(added=[use("a", "b", position=1), use("a", "b", position=2, attributes={"k": 1})])
    stored = AssetReference.objects.get(source__code="a", target__code="b")
    assert (stored.position, stored.attributes) == (2, {"k": 1})


def test_a_use_that_is_removed_twice_is_removed_once() -> None:
    edit(removed=[use("a", "d"), use("a", "d")])
    assert list_edges() == [("b", "d", "depends_on"), ("c", "d", "depends_on")]
    assert count_versions()["d"] == 2


def test_a_use_that_is_removed_and_added_stays_as_it_is_added() -> None:
    edit(added=[use("a", "d", position=7)], removed=[use("a", "d")])
    assert AssetReference.objects.get(source__code="a", target__code="d").position == 7


def test_a_use_that_was_removed_can_be_added_again() -> None:
    edit(removed=[use("a", "d")])
    edit(added=[use("a", "d", attributes={"k": 1})])
    assert list_edges()[-1] == ("a", "d", "depends_on")
    assert count_versions()["d"] == 3


@pytest.mark.parametrize("wrong", [{"role": "style"}, {"label": "left"}])
def test_removing_a_use_that_is_not_there_removes_none(wrong: dict[str, str]) -> None:
    before = count_rows()
    with pytest.raises(ReferenceNotFoundError):
        edit(removed=[use("b", "d"), use("a", "d", **wrong)])
    assert count_rows() == before


def test_an_import_that_changes_a_source_and_its_use_leaves_all_up_to_date() -> None:
    change("a", x=1)
    load(
        {
            "assets": [
                {"id": "a", "type": "prop", "x": 2},
                {"id": "d", "type": "prop", "depends_on": [{"asset_id": "a", "k": 1}]},
            ]
        }
    )
    for run in PropagationRun.objects.order_by("pk"):
        drive(run)
    assert check_project(project=Project.objects.get()).exceptions == ()
    assert list_edges() == [("a", "d", "depends_on")]


def test_a_frozen_use_keeps_its_version_when_it_is_moved_within_the_cut() -> None:
    AssetReference.objects.filter(source__code="a", target__code="d").update(follow=Follow.FROZEN)
    run = change("a", colour="red").run
    assert run is not None
    drive(run)
    edit(added=[use("a", "d", position=9)])
    reference = AssetReference.objects.get(source__code="a", target__code="d")
    assert (reference.position, reference.consumed_version.number) == (9, 1)
    assert not check_project(project=Project.objects.get()).exceptions
