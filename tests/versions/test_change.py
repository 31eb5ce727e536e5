"""Changes are applied as RFC 7396 says, and found again by comparing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.canonical import JsonObject, JsonValue
from versions.change import CHANGE_GROUPS, FieldChange, apply_change, find_changes

names = st.sampled_from(["a", "b", "c", "d"])
scalars = st.booleans() | st.integers(-3, 3) | st.text("xy", max_size=2)
contents: st.SearchStrategy[Any] = st.dictionaries(
    names,
    st.recursive(
        scalars | st.lists(st.text("xy", max_size=2), max_size=2),
        lambda inner: st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
patches: st.SearchStrategy[Any] = st.dictionaries(
    names,
    st.recursive(
        st.none() | scalars | st.lists(scalars | st.none(), max_size=2),
        lambda inner: st.dictionaries(names, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def merge_patch(target: Any, patch: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Return MergePatch(Target, Patch), line by line as RFC 7396 section 2 has it."""
    if isinstance(patch, dict):
        target = dict(target) if isinstance(target, dict) else {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = merge_patch(target.get(name), value)
        return target
    return patch


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396_hold(
    original: JsonObject, patch: JsonObject, result: JsonObject
) -> None:
    """Appendix A, as far as both sides are objects."""
    assert apply_change(original, patch) == result


def test_the_example_of_rfc_7396_section_3_holds() -> None:
    original: JsonObject = {
        "title": "Goodbye!",
        "author": {"givenName": "John", "familyName": "Doe"},
        "tags": ["example", "sample"],
        "content": "This will be unchanged",
    }
    patch: JsonObject = {
        "title": "Hello!",
        "phoneNumber": "+01-123-456-7890",
        "author": {"familyName": None},
        "tags": ["example"],
    }
    assert apply_change(original, patch) == {
        "title": "Hello!",
        "author": {"givenName": "John"},
        "tags": ["example"],
        "content": "This will be unchanged",
        "phoneNumber": "+01-123-456-7890",
    }


@given(contents, patches)
def test_a_change_is_a_merge_patch(content: JsonObject, patch: JsonObject) -> None:
    assert apply_change(content, patch) == merge_patch(content, patch)


@given(contents, patches)
def test_applying_a_change_alters_neither_side(content: JsonObject, patch: JsonObject) -> None:
    before = (repr(content), repr(patch))
    apply_change(content, patch)
    assert (repr(content), repr(patch)) == before


@given(contents, patches)
def test_a_change_applied_twice_is_a_change_applied_once(
    content: JsonObject, patch: JsonObject
) -> None:
    once = apply_change(content, patch)
    assert apply_change(once, patch) == once


@given(contents, patches, st.sampled_from(CHANGE_GROUPS))
def test_a_group_of_the_story_is_opened(content: JsonObject, patch: JsonObject, group: str) -> None:
    assert apply_change(content, {group: patch}) == apply_change(content, patch)


def test_fields_of_all_groups_and_of_none_are_one_change() -> None:
    change: JsonObject = {
        "visual_changes": {"colour": "red"},
        "metadata_changes": {"note": None},
        "relationship_changes": {"owner": {"id": 1}},
        "plain": True,
    }
    content: JsonObject = {"note": "old", "colour": "blue", "kept": 1}
    assert apply_change(content, change) == {
        "colour": "red", "owner": {"id": 1}, "plain": True, "kept": 1
    }  # fmt: skip


@pytest.mark.parametrize("group", CHANGE_GROUPS)
def test_a_group_that_is_no_object_is_a_field_and_an_empty_one_is_nothing(group: str) -> None:
    assert apply_change({}, {group: "text"}) == {group: "text"}
    assert apply_change({}, {group: [1]}) == {group: [1]}
    assert apply_change({"a": 1}, {group: {}}) == {"a": 1}
    assert apply_change({"a": 1}, {group: None}) == {"a": 1}


@given(contents)
def test_equal_values_have_no_changes(content: JsonObject) -> None:
    assert find_changes(content, dict(reversed(content.items()))) == []


@given(contents, contents)
def test_changes_are_found_exactly_where_values_differ(
    before: JsonObject, after: JsonObject
) -> None:
    changes = find_changes(before, after)
    assert bool(changes) == (repr(sort(before)) != repr(sort(after)))
    assert [one.field for one in changes] == sorted(one.field for one in changes)
    for one in changes:
        assert (one.before, one.after) == (look_up(before, one.field), look_up(after, one.field))


@given(contents, contents)
def test_undoing_the_changes_one_by_one_gives_the_value_before(
    before: JsonObject, after: JsonObject
) -> None:
    restored = after
    for one in find_changes(before, after):
        restored = apply_change(restored, nest(one.field, one.before))
    assert drop_empty(restored) == drop_empty(before)


def sort(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the value without empty objects, keys in order; the types of scalars stay."""
    if isinstance(value, dict):
        return {key: sort(value[key]) for key in sorted(value)}
    return value


def drop_empty(value: Any) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the value without objects that hold nothing."""
    if not isinstance(value, dict):
        return value
    inner = {key: drop_empty(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one != {}}


def look_up(content: Any, path: str) -> Any:  # noqa: ANN401 (any JSON value)
    """Return the value at the dotted path, or None."""
    for key in path.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def nest(path: str, value: Any) -> JsonObject:  # noqa: ANN401 (any JSON value)
    """Return the patch that sets the field at the dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    patch: JsonObject = value
    return patch


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {"a": 1}, [("a", None, 1)]),
        ({"a": 1}, {}, [("a", 1, None)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", 2, 3)]),
        ({"a": {"b": 1}}, {"a": [1]}, [("a", {"b": 1}, [1])]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)]),
        ({"b": 1, "a": 1}, {"b": 2, "a": 2}, [("a", 1, 2), ("b", 1, 2)]),
    ],
)
def test_a_change_names_its_field_with_both_values(
    before: JsonObject, after: JsonObject, changes: list[tuple[str, JsonValue, JsonValue]]
) -> None:
    expected = [FieldChange(field=f, before=old, after=new) for f, old, new in changes]
    assert find_changes(before, after) == expected
