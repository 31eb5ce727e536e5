"""Comparing versions: own fields, added and removed uses, and what moved uses brought."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from propagation.services.change_references import Edge, change_references
from tests.builders import chain, change, drive, edges_production, get_entity, load, make_cause
from versions.models import Version
from versions.services.compare import compare_versions

pytestmark = pytest.mark.django_db


def find(code: str, number: int) -> Version:
    """Return a version."""
    return Version.objects.get(entity__code=code, number=number)


def change_and_drive(code: str, *, colour: str) -> None:
    """Change an entity and bring its dependents up to date."""
    run = change(code, colour=colour).run
    assert run is not None
    drive(run)


def test_own_fields_and_those_of_what_moved_differ() -> None:
    load(chain(2))
    change_and_drive("a0", colour="red")
    change_and_drive("a1", colour="green")
    found = compare_versions(before=find("a1", 1), after=find("a1", 3))
    assert [(one.field, one.before, one.after) for one in found.fields] == [
        ("colour", None, "green")
    ]
    (moved,) = found.moved
    assert (moved.before.version_number, moved.after.version_number) == (1, 2)
    assert [(one.field, one.before, one.after) for one in moved.fields] == [("colour", None, "red")]
    assert (found.added, found.removed) == ([], [])


def test_a_use_further_up_moves_without_fields_of_its_own() -> None:
    load(chain(3))
    change_and_drive("a0", colour="red")
    (moved,) = compare_versions(before=find("a2", 1), after=find("a2", 2)).moved
    assert (moved.after.source_code, moved.fields) == ("a1", [])


def test_added_and_removed_uses_are_told_either_way_round() -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in ("a", "b")]})
    edge = Edge(source=get_entity("a"), target=get_entity("b"))
    change_references(added=[edge], cause=make_cause(), at=timezone.now())
    there = compare_versions(before=find("b", 1), after=find("b", 2))
    back = compare_versions(before=find("b", 2), after=find("b", 1))
    assert [use.source_code for use in there.added] == ["a"]
    assert [use.source_code for use in back.removed] == ["a"]
    assert not there.removed
    assert not back.added


def test_a_version_does_not_differ_from_itself() -> None:
    load(chain(2))
    found = compare_versions(before=find("a1", 1), after=find("a1", 1))
    assert (found.fields, found.added, found.removed, found.moved) == ([], [], [], [])


@pytest.mark.parametrize("sources", [1, 30])
def test_a_comparison_takes_three_statements_however_much_moved(sources: int) -> None:
    load(edges_production([(f"s{n}", "t") for n in range(sources)]))
    for number in range(sources):
        change_and_drive(f"s{number}", colour="red")
    last = Version.objects.filter(entity__code="t").latest("number")
    first = find("t", 1)
    with CaptureQueriesContext(connection) as captured:
        assert len(compare_versions(before=first, after=last).moved) == sources
    assert len(captured) == 3
