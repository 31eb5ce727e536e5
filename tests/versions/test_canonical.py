"""Canonical JSON: one text per value, from which the value comes back."""

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.canonical import JsonValue, hash_text, write_canonical

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def reverse_keys(value: JsonValue) -> JsonValue:
    """Return the same value with every object's keys in the opposite order."""
    if isinstance(value, dict):
        return {key: reverse_keys(value[key]) for key in reversed(value)}
    return [reverse_keys(one) for one in value] if isinstance(value, list) else value


def sort_keys(value: JsonValue) -> JsonValue:
    """Return the same value with every object's keys in ascending order."""
    if isinstance(value, dict):
        return {key: sort_keys(value[key]) for key in sorted(value)}
    return [sort_keys(one) for one in value] if isinstance(value, list) else value


@given(values)
def test_the_value_comes_back_with_its_types(value: JsonValue) -> None:
    loaded = json.loads(write_canonical(value))
    assert repr(sort_keys(loaded)) == repr(sort_keys(value))
    assert write_canonical(loaded) == write_canonical(value)


@given(values)
def test_the_order_of_keys_does_not_matter(value: JsonValue) -> None:
    assert write_canonical(reverse_keys(value)) == write_canonical(value)


@given(values, values)
def test_different_values_have_different_texts(first: JsonValue, second: JsonValue) -> None:
    is_same_text = write_canonical(first) == write_canonical(second)
    assert not is_same_text or first == second


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1, 2], "B": {}}, '{"B":{},"a":[1,2],"b":1}'),
        ([None, True, False], "[null,true,false]"),
        ([1, 1.0, 1e5, 1e23, 0.1, -0.0], "[1,1.0,100000.0,1e+23,0.1,-0.0]"),
        (2**70, "1180591620717411303424"),
        ('é 🎬 \0 " \\ /', '"é 🎬 \\u0000 \\" \\\\ /"'),
    ],
)
def test_the_text_is_compact_sorted_and_as_short_as_json_allows(
    value: JsonValue, text: str
) -> None:
    assert write_canonical(value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_is_a_value_error(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_canonical({"a": [value]})


@given(texts)
def test_the_hash_is_sha_256_of_the_utf_8_bytes(text: str) -> None:
    assert hash_text(text) == hashlib.sha256(text.encode()).hexdigest()
