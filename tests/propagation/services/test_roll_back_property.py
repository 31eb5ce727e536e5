"""A roll back gives back what was there, byte by byte, and what depends on it with it."""

from typing import Any, TypeAlias

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Project
from propagation.models import RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_content import Outcome
from propagation.services.roll_back import RollbackPreview, preview_rollback, roll_back
from tests.builders import (
    change,
    choose_best,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_user,
)
from tests.propagation.interchange.stored import count_rows, read_content
from tests.properties import tried_on
from versions.exceptions import EntityLockedError, VersionMovedError, VersionNotFoundError
from versions.models import Head, Version
from versions.services.resolve import load_uses
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db
CODES = "abcdef"
PAIRS = [(a, b) for index, a in enumerate(CODES) for b in CODES[index + 1 :]]

Resolved: TypeAlias = tuple[str, frozenset[tuple[str, str, str, Any]]]
"""Hash of the content, and (source, role, label, resolved) of all that it uses."""

edges = st.lists(st.sampled_from(PAIRS), unique=True, max_size=10)
values = st.dictionaries(
    st.sampled_from(["colour", "hair", "worn"]),
    st.none()
    | st.text("äb😀", max_size=2)
    | st.dictionaries(st.sampled_from("xy"), st.floats(0, 1)),
    min_size=1,
    max_size=2,
)
"""Visual fields: what is noted about a source, dependents consume at their next rebuild only."""


def finish(outcome: Outcome) -> None:
    """Do the outcome's run, if there is one."""
    if outcome.run is not None:
        drive(outcome.run)


def back(code: str, to_version: int, **how: Any) -> Outcome:  # noqa: ANN401 (base_version)
    """Take an entity back and bring along what depends on it."""
    cause = make_cause(kind=RunKind.ROLLBACK)
    outcome = roll_back(
        entity=get_entity(code), to_version=to_version, cause=cause, at=timezone.now(), **how
    )
    finish(outcome)
    return outcome


def look_back(code: str, to_version: int) -> RollbackPreview:
    """Return what the roll back would do."""
    cause = make_cause(kind=RunKind.ROLLBACK)
    return preview_rollback(entity=get_entity(code), to_version=to_version, cause=cause)


def resolve(version: Version) -> Resolved:
    """Return the version with all that it was made from, down to the ground."""
    return version.content.sha256, frozenset(
        (use.source_code, use.role, use.label, resolve(Version.objects.get(pk=use.version_id)))
        for use in load_uses(version=version)
    )


def resolve_all() -> dict[str, Resolved]:
    """Return every entity as it stands, by code."""
    heads = Head.objects.filter(slot="definition").select_related("best__content", "entity")
    return {head.entity.code: resolve(head.best) for head in heads}


def read_checksums() -> dict[tuple[str, str, int], str]:
    """Return the checksum of every version by what names it."""
    rows = Version.objects.values_list("entity__code", "slot", "number", "checksum")
    return {(code, slot, number): checksum for code, slot, number, checksum in rows}


def find_downstream(code: str, drawn: list[tuple[str, str]]) -> set[str]:
    """Return what depends on an entity."""
    found: set[str] = set()
    for source, target in sorted(drawn):
        if source == code or source in found:
            found.add(target)
    return found


def get_latest(code: str) -> int:
    """Return the number of an entity's newest version."""
    number: int = Head.objects.get(entity__code=code, slot="definition").latest.number
    return number


quick = tried_on(10)


@quick
@given(edges, st.sampled_from("abc"), st.lists(values, max_size=2), st.lists(values, max_size=4))
def test_after_a_change_and_a_roll_back_all_is_as_before(
    drawn: list[tuple[str, str]],
    code: str,
    earlier: list[dict[str, Any]],
    between: list[dict[str, Any]],
) -> None:
    with transaction.atomic():
        load(edges_production([*drawn, *((code, f"{code}2") for code in CODES)]))
        for fields in earlier:
            finish(change(code, **fields))
        before, body = resolve_all(), read_content(code)
        number, checksums = get_latest(code), read_checksums()
        for fields in between:
            finish(change(code, **fields))
        preview = look_back(code, number)
        latest, rows = get_latest(code), count_rows()
        is_current = read_content(code) == body
        outcome = back(code, number)
        assert resolve_all() == before
        if is_current:
            assert (outcome.run, outcome.changed, count_rows()) == (None, frozenset(), rows)
            assert (preview.change.plan, preview.between) == (None, ())
        else:
            assert get_latest(code) == latest + 1
            assert [one.number for one in preview.between] == list(range(latest, number, -1))
            reverted = Version.objects.get(entity__code=code, number=latest + 1)
            target = Version.objects.get(entity__code=code, number=number)
            assert (reverted.origin, reverted.content_id) == ("reverted", target.content_id)
        assert preview.moved_on == []
        assert checksums.items() <= read_checksums().items()
        project = Project.objects.get()
        assert not check_project(project=project).exceptions
        assert not list(verify_history(project=project, done=Verification()))
        transaction.set_rollback(True)


@quick
@given(
    edges,
    st.sampled_from("ab"),
    st.lists(st.tuples(st.sampled_from(CODES), st.booleans()), max_size=5),
)
def test_dependents_that_people_changed_since_are_told_and_all_others_return(
    drawn: list[tuple[str, str]], code: str, since: list[tuple[str, bool]]
) -> None:
    with transaction.atomic():
        load(edges_production([*drawn, *((code, f"{code}2") for code in CODES)]))
        for index, (other, _) in enumerate(since):
            finish(change(other, early=index))
        before, number = resolve_all(), get_latest(code)
        finish(change(code, colour="red"))
        changed: dict[str, int] = {}
        for index, (other, is_reverted) in enumerate(since):
            finish(change(other, late=index))
            if is_reverted:
                back(other, get_latest(other) - 1)
            changed[other] = get_latest(other)
            if other != code:
                assert Version.objects.get(
                    entity__code=other, number=changed[other]
                ).origin != "propagated"  # fmt: skip
        downstream = find_downstream(code, drawn)
        told = {one.code for one in look_back(code, number).moved_on}
        assert told == changed.keys() & downstream
        for one in look_back(code, number).moved_on:
            version = Version.objects.get(entity__code=one.code, number=one.number)
            assert (version.origin in {"authored", "reverted"}, version.created_at) == (
                True,
                one.at,
            )
        back(code, number)
        after = resolve_all()
        spoiled = {other for other, _ in since if other != code}
        for other in list(spoiled):
            spoiled |= find_downstream(other, drawn) | {f"{other}2"}
        spoiled |= {f"{other}2" for other in spoiled}
        for other, resolved in before.items():
            assert after[other] == resolved or other in spoiled
        transaction.set_rollback(True)


def make_pair() -> None:
    """Have an a in its third version that b uses."""
    load(edges_production([("a", "b")]))
    for value in (1, 2):
        finish(change("a", value=value))


def test_who_changed_a_dependent_last_is_told() -> None:
    make_pair()
    ana = make_user("ana", is_superuser=True)
    finish(change("b", note="by nobody"))
    cause = make_cause(ana, kind=RunKind.ROLLBACK)
    finish(roll_back(entity=get_entity("b"), to_version=1, cause=cause, at=timezone.now()))
    finish(change("a", value=3))
    (told,) = look_back("a", 1).moved_on
    assert (told.code, told.number, told.author) == ("b", 5, "ana")
    assert look_back("a", 3).moved_on == []


def test_what_was_changed_before_the_target_was_replaced_did_not_move_on() -> None:
    load(edges_production([("a", "b")]))
    finish(change("b", note="early"))
    finish(change("a", value=1))
    assert look_back("a", 1).moved_on == []
    assert [one.number for one in look_back("a", 1).between] == [2]


def test_a_preview_writes_nothing() -> None:
    make_pair()
    rows = count_rows()
    preview = look_back("a", 1)
    assert count_rows() == rows
    assert preview.change.plan is not None
    assert [one.field for one in preview.change.fields[get_entity("a").pk]] == ["value"]


@pytest.mark.parametrize("number", [0, 4, 2**31, 2**70])
def test_a_version_that_does_not_exist_is_refused_and_nothing_is_written(number: int) -> None:
    make_pair()
    rows = count_rows()
    with pytest.raises(VersionNotFoundError):
        back("a", number)
    with pytest.raises(VersionNotFoundError):
        look_back("a", number)
    assert count_rows() == rows


def test_a_locked_entity_is_refused_and_nothing_is_written() -> None:
    make_pair()
    entity = get_entity("a")
    entity.is_locked = True
    entity.save()
    rows = count_rows()
    for number in (1, 3):
        with pytest.raises(EntityLockedError):
            back("a", number)
    assert count_rows() == rows


def test_a_roll_back_that_answers_to_an_older_version_is_refused() -> None:
    make_pair()
    rows = count_rows()
    with pytest.raises(VersionMovedError):
        back("a", 1, base_version=2)
    assert count_rows() == rows
    assert back("a", 1, base_version=3).changed


def test_a_roll_back_after_an_older_version_was_chosen_goes_on_from_the_newest_number() -> None:
    make_pair()
    finish(choose_best("a", 1))
    rows = count_rows()
    assert back("a", 1).run is None
    assert count_rows() == rows
    back("a", 2)
    head = Head.objects.get(entity__code="a")
    assert (head.best.number, head.latest.number) == (4, 4)
    assert read_content("a") == {"value": 1}
    assert not check_project(project=Project.objects.get()).exceptions
