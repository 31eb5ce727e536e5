"""Three-way merge of content, against what each kind of field demands of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.versions.json_values import json_objects
from versions.canonical import write_canonical
from versions.merging.kinds import MergeKind, Schema
from versions.merging.merge import ABSENT, Merge, merge_contents

BASE: dict[str, Any] = {
    "wardrobe": "red coat",
    "description": "Mara waits at the dock. She is cold.",
    "look": {"hair": "short", "eyes": "grey"},
    "tags": ["night", "rain"],
    "beats": ["arrive", "wait", "leave"],
    "props": [{"id": "lamp", "colour": "red"}, {"id": 7, "colour": "blue"}],
    "thumbnail": {"file": "a.png", "width": 10},
}


def merge(theirs: dict[str, Any], yours: dict[str, Any], schema: Schema | None = None) -> Merge:
    """Merge two changes of BASE; a value of ABSENT takes the field out."""
    sides = [
        {key: value for key, value in {**BASE, **side}.items() if value is not ABSENT}
        for side in (theirs, yours)
    ]
    return merge_contents(base=BASE, theirs=sides[0], yours=sides[1], schema=schema)


def list_clashes(found: Merge) -> list[str]:
    """Return the fields that clash."""
    return [one.field for one in found.clashes]


@given(base=json_objects(), theirs=json_objects())
def test_what_one_side_alone_changed_is_taken(base: dict[str, Any], theirs: dict[str, Any]) -> None:
    for one, other in ((theirs, base), (base, theirs)):
        found = merge_contents(base=base, theirs=one, yours=other)
        assert write_canonical(found.content) == write_canonical(theirs)
        assert not found.clashes


@given(base=json_objects(), both=json_objects())
def test_the_same_edit_by_both_is_no_conflict(base: dict[str, Any], both: dict[str, Any]) -> None:
    found = merge_contents(base=base, theirs=both, yours=both)
    assert write_canonical(found.content) == write_canonical(both)
    assert not found.clashes


@given(base=json_objects(), theirs=json_objects(), yours=json_objects())
def test_whatever_happens_a_choice_per_clash_settles_all(
    base: dict[str, Any], theirs: dict[str, Any], yours: dict[str, Any]
) -> None:
    found = merge_contents(base=base, theirs=theirs, yours=yours)
    names = [one.field for one in found.clashes]
    assert len(set(names)) == len(names)
    for side in ("base", "theirs", "yours"):
        choices = {one.field: getattr(one, side) for one in found.clashes}
        assert not merge_contents(base=base, theirs=theirs, yours=yours, choices=choices).clashes


@given(base=json_objects(), theirs=json_objects(), yours=json_objects())
def test_the_sides_clash_in_the_same_fields_whoever_was_first(
    base: dict[str, Any], theirs: dict[str, Any], yours: dict[str, Any]
) -> None:
    one = merge_contents(base=base, theirs=theirs, yours=yours)
    other = merge_contents(base=base, theirs=yours, yours=theirs)
    assert set(list_clashes(one)) == set(list_clashes(other))


@given(
    st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True),
    st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True),
    st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True),
)
def test_sets_lose_what_either_removed_and_have_what_either_added(
    base: list[Any], theirs: list[Any], yours: list[Any]
) -> None:
    found = merge_contents(base={"tags": base}, theirs={"tags": theirs}, yours={"tags": yours})
    was, one, other = set(base), set(theirs), set(yours)
    merged: Any = found.content["tags"]
    assert set(merged) == (was & one & other) | (one - was) | (other - was)
    assert len(merged) == len(set(merged))
    assert not found.clashes


def test_objects_are_merged_key_by_key() -> None:
    found = merge({"look": {"hair": "long", "eyes": "grey"}}, {"look": {"hair": "short"}})
    assert found.content["look"] == {"hair": "long"}
    assert not found.clashes


def test_values_that_both_changed_clash_where_they_are() -> None:
    found = merge(
        {"look": {"hair": "long", "eyes": "grey"}}, {"look": {"hair": "shaved", "eyes": "green"}}
    )
    (clash,) = found.clashes
    assert (clash.field, clash.base, clash.theirs, clash.yours) == (
        "look.hair",
        "short",
        "long",
        "shaved",
    )
    assert found.content["look"] == {"hair": "long", "eyes": "green"}


def test_short_texts_are_never_mixed() -> None:
    assert list_clashes(merge({"wardrobe": "blue coat"}, {"wardrobe": "red jacket"})) == [
        "wardrobe"
    ]


def test_prose_is_mixed_where_words_lie_between() -> None:
    found = merge(
        {"description": "Mara waits at the old dock. She is cold."},
        {"description": "Mara waits at the dock. She is very cold."},
    )
    assert found.content["description"] == "Mara waits at the old dock. She is very cold."
    assert found.combined == ["description"]


def test_a_long_text_of_which_nothing_is_known_is_prose() -> None:
    long = "one two three four five six seven eight nine ten eleven twelve"
    for text, is_clash in ((long, False), ("one two", True)):
        found = merge_contents(
            base={"x": text}, theirs={"x": f"zero {text}"}, yours={"x": f"{text} last"}
        )
        assert bool(found.clashes) is is_clash


def test_a_removal_clashes_with_a_change() -> None:
    for theirs, yours in ((ABSENT, "blue coat"), ("blue coat", ABSENT)):
        (clash,) = merge({"wardrobe": theirs}, {"wardrobe": yours}).clashes
        assert (clash.theirs, clash.yours) == (theirs, yours)
    assert not merge({"wardrobe": ABSENT}, {"wardrobe": ABSENT}).clashes


def test_a_removed_object_clashes_with_a_change_inside() -> None:
    (clash,) = merge({"look": ABSENT}, {"look": {"hair": "long", "eyes": "grey"}}).clashes
    assert clash.field == "look"


def test_lists_are_merged_by_position() -> None:
    found = merge({"beats": ["dawn", "arrive", "wait", "leave"]}, {"beats": ["arrive", "wait"]})
    assert found.content["beats"] == ["dawn", "arrive", "wait"]
    assert list_clashes(merge({"beats": ["x", "wait"]}, {"beats": ["y", "wait"]})) == ["beats"]


def test_objects_in_lists_are_merged_by_their_ids() -> None:
    lamp, other = BASE["props"]
    found = merge(
        {"props": [{**lamp, "colour": "gold"}, other, {"id": "rope"}]},
        {"props": [{**lamp, "size": 2}]},
    )
    assert found.content["props"] == [{"id": "lamp", "colour": "gold", "size": 2}, {"id": "rope"}]
    clashing = merge(
        {"props": [{**lamp, "colour": "gold"}, other]}, {"props": [{**lamp, "colour": "x"}, other]}
    )
    assert list_clashes(clashing) == ["props[lamp].colour"]
    gone = merge({"props": [other]}, {"props": [{**lamp, "colour": "x"}, other]})
    assert list_clashes(gone) == ["props[lamp]"]


def test_lists_that_both_put_in_another_order_clash() -> None:
    def make(order: str) -> dict[str, Any]:
        return {"x": [{"id": key} for key in order]}

    base, theirs, yours = map(make, ("abc", "bac", "cab"))
    assert list_clashes(merge_contents(base=base, theirs=theirs, yours=yours)) == ["x"]


def test_of_media_one_is_picked() -> None:
    found = merge({"thumbnail": {"file": "b.png", "width": 10}}, {"thumbnail": {"file": "a.png"}})
    assert list_clashes(found) == ["thumbnail"]


def test_a_project_says_how_its_fields_are_merged() -> None:
    schema = Schema(own={"beats": MergeKind.SET, "look.hair": MergeKind.PROSE})
    found = merge(
        {"beats": ["wait", "leave", "x"]}, {"beats": ["arrive", "wait", "y"]}, schema=schema
    )
    assert found.content["beats"] == ["wait", "x", "y"]


def test_two_fields_are_never_written_alike() -> None:
    def make(value: int) -> dict[str, Any]:
        return {"a.b": value, "a": {"b": value, "[c]": value}, "a[c]": value}

    names = list_clashes(merge_contents(base=make(1), theirs=make(2), yours=make(3)))
    assert len(set(names)) == len(names) == 4


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), (0, False), ("1", 1)])
def test_values_that_look_alike_are_two(one: Any, other: Any) -> None:  # noqa: ANN401
    found = merge_contents(base={"x": None}, theirs={"x": one}, yours={"x": other})
    assert list_clashes(found) == ["x"]
