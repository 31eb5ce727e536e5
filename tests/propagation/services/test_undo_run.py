"""A run is taken back with all that followed, what was changed since is left, and so is an undo."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.exceptions import RoleTooLowError
from assets.models import AssetReference, Follow, Project, Role
from propagation.exceptions import InvalidRunStateError
from propagation.execution.cause import Cause
from propagation.models import PropagationRun, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references
from propagation.services.pin_references import Terms, pin_reference
from propagation.services.undo_run import Undo, preview_undo, undo_run
from tests.builders import (
    chain,
    change,
    choose_best,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_user,
    star,
)
from versions.exceptions import EntityLockedError
from versions.models import Head, Pin, Version
from versions.services.resolve import load_all_uses

pytestmark = pytest.mark.django_db


def resolve(code: str) -> Any:  # noqa: ANN401 (nested content)
    """Return an entity's best content with that of all it was made from, all the way up."""
    head = Head.objects.get(entity__code=code, slot="definition")
    return _resolve(head.entity_id, head.best.number)


def _resolve(entity_id: int, number: int) -> Any:  # noqa: ANN401 (nested content)
    version = Version.objects.get(entity=entity_id, slot="definition", number=number)
    uses = load_all_uses(numbers={entity_id: number})[entity_id]
    inputs = sorted(
        (
            use.source_code,
            use.role,
            use.label,
            use.position,
            repr(use.attributes),
            repr(_resolve(use.source_id, use.version_number)),
        )
        for use in uses
    )
    return version.content.sha256, inputs


def resolve_all() -> dict[str, Any]:
    codes = Head.objects.filter(slot="definition").values_list("entity__code", flat=True)
    return {code: resolve(code) for code in codes}


def finish(outcome: Outcome) -> PropagationRun:
    assert outcome.run is not None
    return drive(outcome.run)


def undo(run: PropagationRun, *codes: str, actor: User | None = None) -> tuple[Undo, Any]:
    only = [get_entity(code).pk for code in codes] or None
    cause = Cause(kind=RunKind.UNDO, actor=actor, note="not the look we want")
    found, outcome = undo_run(run_id=run.pk, only=only, cause=cause, at=timezone.now())
    return found, finish(outcome)


def is_consistent() -> bool:
    found = check_project(project=Project.objects.get(code="film"))
    return (found.exceptions, found.excused) == ((), 0)


def get_number(code: str) -> int:
    return Head.objects.get(entity__code=code, slot="definition").best.number


def link(source: str, target: str, **more: Any) -> PropagationRun:  # noqa: ANN401 (Edge's)
    edge = Edge(source=get_entity(source), target=get_entity(target), **more)
    cause = make_cause(kind=RunKind.RELINK)
    return finish(change_references(added=[edge], cause=cause, at=timezone.now()))


def test_an_undo_brings_back_what_was_and_all_that_followed() -> None:
    load(chain(4))
    before = resolve_all()
    run = finish(change("a0", colour="red", name="Ann"))
    assert resolve_all() != before
    found, back = undo(run)
    assert (found.returned, found.kept) == (["a0"], [])
    assert back.undo_of_id == run.pk
    assert resolve_all() == before
    assert get_entity("a0").name == ""
    assert get_number("a0") == 3
    assert is_consistent()


def test_an_undo_of_an_undo_brings_it_back_again() -> None:
    load(chain(3))
    run = finish(change("a0", colour="red"))
    changed = resolve_all()
    _, back = undo(run)
    undo(back)
    assert resolve_all() == changed
    assert is_consistent()


def test_what_was_changed_since_is_left_and_named() -> None:
    load(chain(3))
    finish(change("a0", colour="red"))
    run = finish(change("a0", size=1))
    finish(change("a0", colour="blue"))
    with pytest.raises(InvalidRunStateError, match="changed again since: a0"):
        undo(run)
    cause = Cause(kind=RunKind.UNDO, actor=None, note="no")
    found = preview_undo(run_id=run.pk, only=None, cause=cause)
    assert found.found is None
    assert [(one.code, one.number) for one in found.undo.kept] == [("a0", 4)]


def test_of_several_sources_those_return_that_nobody_changed() -> None:
    load(edges_production([("a", "c"), ("b", "c")]))
    document = edges_production([("a", "c"), ("b", "c")])
    for asset in document["assets"]:
        asset["description"] = "imported"
    report = load(document)
    assert report.run is not None
    run = drive(report.run)
    finish(change("b", colour="blue"))
    found, _ = undo(run)
    assert (found.returned, [one.code for one in found.kept]) == (["a", "c"], ["b"])
    assert "description" not in Head.objects.get(entity__code="a").best.content.data
    assert is_consistent()


def test_an_older_best_is_chosen_again_and_counts_as_a_change_since() -> None:
    load(chain(2))
    first = finish(change("a0", colour="red"))
    chosen = finish(choose_best("a0", 1))
    with pytest.raises(InvalidRunStateError):
        undo(first)
    before = resolve_all()
    undo(chosen)
    assert Head.objects.get(entity__code="a0").best.content.data["colour"] == "red"
    assert resolve_all() != before
    assert is_consistent()


def test_added_changed_and_removed_references_return() -> None:
    load(edges_production([("a", "b"), ("c", "d")]))
    before = resolve_all()
    added = link("a", "d", position=3)
    undo(added)
    assert not AssetReference.objects.filter(source__code="a", target__code="d").exists()
    moved = link("a", "b", position=7, attributes={"x": 1}, follow=Follow.LATEST)
    undo(moved)
    reference = AssetReference.objects.get(target__code="b")
    assert (reference.position, reference.attributes, reference.follow) == (0, {}, "best")
    edge = Edge(source=get_entity("c"), target=get_entity("d"))
    cause = make_cause(kind=RunKind.RELINK)
    removed = finish(change_references(removed=[edge], cause=cause, at=timezone.now()))
    _, back = undo(removed)
    assert resolve_all() == before
    undo(back)
    assert not AssetReference.objects.filter(target__code="d").exists()
    assert is_consistent()


def test_chosen_items_return_alone_and_stay_there() -> None:
    load(star(3))
    before = resolve("shot-00001")
    run = finish(change("hero", colour="red"))
    found, back = undo(run, "shot-00001")
    assert found.returned == ["shot-00001"]
    assert resolve("shot-00001") == before
    assert get_number("hero") == 2
    pin = Pin.objects.get()
    assert (pin.version.number, pin.reason) == (1, "not the look we want")
    finish(change("hero", colour="blue"))
    assert resolve("shot-00001") == before
    undo(back)
    assert not Pin.objects.exists()
    assert resolve("shot-00001")[1] == resolve("shot-00000")[1]
    assert is_consistent()


def test_a_pin_that_is_undone_lets_go() -> None:
    load(star(1))
    finish(change("hero", colour="red"))
    edge = Edge(source=get_entity("hero"), target=get_entity("shot-00000"), role="character")
    cause = Cause(kind=RunKind.PIN, actor=None, note="wait")
    run = finish(pin_reference(edge=edge, terms=Terms(number=1), cause=cause, at=timezone.now()))
    undo(run)
    assert not Pin.objects.exists()
    assert AssetReference.objects.get().consumption.version.number == 2
    assert is_consistent()


def test_what_is_under_way_is_undone_too() -> None:
    load(star(3))
    before = resolve_all()
    run = change("hero", colour="red").run
    assert run is not None
    undo(run)
    drive(run)
    assert resolve_all()["shot-00001"][0] == before["shot-00001"][0]
    assert resolve_all() == before
    assert is_consistent()


def test_a_locked_source_does_not_return() -> None:
    load(chain(2))
    run = finish(change("a0", colour="red"))
    Project.objects.get().entities.filter(code="a0").update(is_locked=True)
    with pytest.raises(EntityLockedError):
        undo(run)


def test_a_run_of_nothing_of_its_own_cannot_be_undone() -> None:
    load(chain(2))
    first = PropagationRun.objects.order_by("pk").first()
    assert first is None or first.sources.count() == 0
    run = finish(change("a0", colour="red"))
    run.sources.update(before=None)
    with pytest.raises(InvalidRunStateError, match="nothing of its own"):
        undo(run)


def test_an_undo_is_for_supervisors() -> None:
    load(chain(2))
    run = finish(change("a0", colour="red"))
    artist = make_user("ann", roles={"film": Role.ARTIST})
    with pytest.raises(RoleTooLowError):
        undo(run, actor=artist)


def test_a_preview_names_what_returns_and_what_follows() -> None:
    load(chain(3))
    run = finish(change("a0", colour="red"))
    cause = Cause(kind=RunKind.UNDO, actor=None, note="no")
    found = preview_undo(run_id=run.pk, only=None, cause=cause)
    assert found.found is not None
    reached = {one.arrival.entity_id for one in found.found.plan.reach}
    assert reached == {get_entity("a1").pk, get_entity("a2").pk}
    (changes,) = found.undo.fields.values()
    assert [(one.field, one.before) for one in changes] == [("colour", "red")]
    _, back = undo(run)
    assert set(back.items.values_list("entity_id", flat=True)) == reached


def test_an_undo_of_a_chosen_best_leaves_the_references_alone() -> None:
    """The version that was chosen recorded them when it was published, not by the choice."""
    load(edges_production([("a", "b"), ("b", "c")]))
    finish(change("b", colour="red"))
    chosen = finish(choose_best("b", 1))
    undo(chosen)
    assert AssetReference.objects.count() == 2
    assert Head.objects.get(entity__code="b").best.content.data["colour"] == "red"
    assert is_consistent()


def test_a_pin_of_what_follows_the_latest_follows_it_again_when_it_is_undone() -> None:
    load(star(1))
    link("hero", "shot-00000", role="character", follow=Follow.LATEST)
    run = finish(change("hero", colour="red"))
    _, back = undo(run, "shot-00000")
    assert Pin.objects.get().follow == Follow.LATEST
    undo(back)
    assert AssetReference.objects.get().follow == Follow.LATEST
    assert is_consistent()


def test_a_pin_that_was_moved_goes_back_to_where_it_was() -> None:
    load(star(1))
    finish(change("hero", colour="red"))
    edge = Edge(source=get_entity("hero"), target=get_entity("shot-00000"), role="character")
    cause = Cause(kind=RunKind.PIN, actor=None, note="wait")
    for number in (1, 2):
        terms = Terms(number=number)
        run = finish(pin_reference(edge=edge, terms=terms, cause=cause, at=timezone.now()))
    undo(run)
    assert AssetReference.objects.get().consumption.version.number == 1
    assert Pin.objects.exists()
