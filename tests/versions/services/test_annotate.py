"""What is said of a version: its row, its history, and score and tags in step with metadata."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import change, load, make_media, make_user
from tests.properties import tried_on
from tests.staging import once
from versions.canonical import JsonObject
from versions.change import apply_patches
from versions.exceptions import InvalidMetadataError, RemarkMovedError
from versions.metadata import read_score, read_tags
from versions.models import Annotation, Head, Status, Tag, Version
from versions.services.annotate import (
    Remark,
    annotate_version,
    check_metadata,
    move_approved,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lamp")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@once
def lamp() -> None:
    """Have a lamp with three definitions."""
    load({"assets": [{"id": "lamp", "type": "prop"}]})
    change("lamp", watts=40)
    change("lamp", watts=60)


def find(number: int = 1, slot: str = "definition") -> Version:
    """Return a version of the lamp."""
    version: Version = Version.objects.get(entity__code="lamp", slot=slot, number=number)
    return version


def say(number: int = 1, *, at: datetime = NOON, **said: Any) -> Annotation | None:  # noqa: ANN401
    """Say something about a version of the lamp."""
    return annotate_version(version=find(number), remark=Remark(**said), actor=None, at=at)


def list_tags(number: int = 1) -> set[str]:
    """Return the tags of a version."""
    return set(Tag.objects.filter(annotation=find(number).pk).values_list("name", flat=True))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"status": Status.DRAFT},
        {"is_hidden": False},
        {"metadata": {}},
        {"metadata": {"mood": None}},
        {"note": "only a word", "base_revision": 0},
    ],
)
def test_what_is_so_already_is_not_said(said: dict[str, Any]) -> None:
    assert say(**said) is None
    assert not Annotation.objects.exists()
    assert not Annotation.history.exists()


def test_what_is_said_is_kept_until_something_else_is() -> None:
    say(status=Status.REVIEW, metadata={"mood": "calm", "tags": ["a"]})
    say(is_hidden=True)
    say(metadata={"mood": None, "takes": 2})
    said = Annotation.objects.get()
    assert (said.status, said.is_hidden, said.revision) == ("review", True, 3)
    assert said.metadata == {"tags": ["a"], "takes": 2}
    assert say(status=Status.REVIEW, is_hidden=True, metadata={"takes": 2}) is None


def test_each_remark_is_a_row_of_history_with_who_why_and_when() -> None:
    ana, ben = make_user("ana"), make_user("ben")
    later = NOON + timedelta(hours=1)
    for actor, at, remark in (
        (ana, NOON, Remark(status=Status.REVIEW, note="please look")),
        (ben, later, Remark(status=Status.APPROVED, note="good")),
        (None, later, Remark(is_hidden=True)),
    ):
        assert annotate_version(version=find(), remark=remark, actor=actor, at=at)
    rows = Annotation.history.filter(version=find().pk).order_by("history_id")
    assert [
        (
            row.history_type,
            row.history_user.username if row.history_user else None,
            row.history_change_reason,
            row.history_date,
            row.status,
            row.revision,
        )
        for row in rows
    ] == [
        ("+", "ana", "please look", NOON, "review", 1),
        ("~", "ben", "good", later, "approved", 2),
        ("~", None, "", later, "approved", 3),
    ]


def test_a_long_reason_is_cut_off_in_history() -> None:
    say(status=Status.REVIEW, note="x" * 2000)
    assert Annotation.history.get().history_change_reason == "x" * 100


def test_score_and_tags_are_in_step_with_metadata() -> None:
    say(metadata={"evaluation": {"qualityScore": 0.5}, "tags": ["b", "a", "b"]})
    assert (Annotation.objects.get().score, list_tags()) == (0.5, {"a", "b"})
    say(metadata={"evaluation": {"qualityScore": None}, "tags": ["b", "c"]})
    assert (Annotation.objects.get().score, list_tags()) == (None, {"b", "c"})
    say(metadata={"tags": None})
    assert list_tags() == set()


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
patches: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "evaluation": st.none()
        | st.just({})
        | st.fixed_dictionaries(
            {"qualityScore": st.none() | st.floats(-1e300, 1e300) | st.integers(-5, 5)}
        ),
        "tags": st.none() | st.lists(texts.filter(bool), max_size=4),
        "mood": st.none() | texts | st.dictionaries(texts, texts, max_size=2),
    },
)


@tried_on(20)
@given(st.lists(patches, max_size=4))
def test_after_any_patches_row_score_tags_and_history_agree(said: list[dict[str, Any]]) -> None:
    expected: JsonObject = {}
    with transaction.atomic():
        rows = 0
        for patch in said:
            before, expected = expected, apply_patches(expected, [patch])
            changed = say(metadata=patch)
            rows += changed is not None
            assert (changed is None) == (repr(sort(before)) == repr(sort(expected)))
        assert Annotation.history.count() == rows
        assert Annotation.objects.count() == bool(rows)
        for stored in Annotation.objects.all():
            assert (stored.metadata, stored.score) == (expected, read_score(expected))
            assert stored.revision == rows
        assert list_tags() == set(read_tags(expected))
        transaction.set_rollback(True)


@tried_on(20)
@given(patches.map(lambda patch: apply_patches({}, [patch])).filter(bool))
def test_first_metadata_of_media_are_stored_as_later_ones_are(metadata: dict[str, Any]) -> None:
    """Set-wise and row by row, the same float and the same texts."""
    with transaction.atomic():
        (made,) = make_media("lamp", metadata=metadata)
        say(metadata=metadata)
        rows = Annotation.objects.order_by("version__slot")
        later, first = rows.values_list("metadata", "score", "status", "revision")
        assert first == later == (metadata, read_score(metadata), "draft", 1)
        tags = Tag.objects.filter(annotation=made.id).values_list("name", flat=True)
        assert set(tags) == list_tags() == set(read_tags(metadata))
        transaction.set_rollback(True)


def sort(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the value with its keys in order."""
    if isinstance(value, dict):
        return {key: sort(value[key]) for key in sorted(value)}
    return value


@pytest.mark.parametrize(
    "metadata",
    [
        {"evaluation": "good"},
        {"evaluation": {"qualityScore": "0.5"}},
        {"evaluation": {"qualityScore": 10**400}},
        {"tags": "wip"},
        {"tags": [5]},
        {"tags": [""]},
    ],
)
def test_metadata_that_cannot_be_are_refused_and_nothing_is_written(
    metadata: dict[str, Any],
) -> None:
    with pytest.raises(InvalidMetadataError):
        check_metadata(metadata)
    with pytest.raises(InvalidMetadataError):
        say(metadata=metadata)
    assert not Annotation.objects.exists()


def test_a_remark_that_answers_to_what_was_said_before_is_refused() -> None:
    assert say(status=Status.REVIEW, base_revision=0)
    assert say(status=Status.APPROVED, base_revision=1)
    for late in (0, 1, 3):
        with pytest.raises(RemarkMovedError) as refused:
            say(status=Status.REJECTED, base_revision=late)
        assert refused.value.current == 2
    assert Annotation.objects.get().status == "approved"
    with pytest.raises(RemarkMovedError):
        say(2, is_hidden=True, base_revision=1)


def test_the_newest_approved_version_is_the_approved_one() -> None:
    def approve(number: int, status: Status = Status.APPROVED) -> tuple[bool, int | None]:
        say(number, status=status)
        is_moved = move_approved(version=find(number))
        approved = Head.objects.get(entity__code="lamp").approved
        return is_moved, approved.number if approved else None

    assert approve(2) == (True, 2)
    assert approve(1) == (False, 2)
    assert approve(3) == (True, 3)
    assert approve(3, Status.REVIEW) == (True, 2)
    assert approve(2, Status.REJECTED) == (True, 1)
    assert approve(1, Status.DRAFT) == (True, None)
    assert approve(1, Status.REVIEW) == (False, None)


def test_slots_are_approved_for_themselves() -> None:
    make_media("lamp", count=2)
    remark = Remark(status=Status.APPROVED)
    annotate_version(version=find(2, "image"), remark=remark, actor=None, at=NOON)
    assert move_approved(version=find(2, "image"))
    heads = Head.objects.filter(entity__code="lamp").order_by("slot")
    assert list(heads.values_list("slot", "approved__number")) == [
        ("definition", None), ("image", 2)
    ]  # fmt: skip
