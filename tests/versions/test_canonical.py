"""Canonical JSON: one text per value, from which the value comes back."""

import hashlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.canonical import JsonValue, hash_text, read_strict, write_canonical

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


@given(values)
def test_what_is_written_is_read_again_as_text_and_as_bytes(value: JsonValue) -> None:
    text = write_canonical(value)
    assert repr(read_strict(text)) == repr(read_strict(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (' \n{"a" : [1 , 1.0, -0.0, 1E+2]}\t', {"a": [1, 1.0, -0.0, 100.0]}),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("1e-999", 0.0),
        ("9" * 4300, int("9" * 4300)),
        ('{"a": {"a": {"a": 1}}, "b": {"a": 2}}', {"a": {"a": {"a": 1}}, "b": {"a": 2}}),
        (r'"\u0000\ud83d\ude00"', "\0😀"),
        ('{"": {"": null}}', {"": {"": None}}),
    ],
)
def test_json_is_read_as_it_stands(text: str, value: JsonValue) -> None:
    assert repr(read_strict(text)) == repr(value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e309"])
@pytest.mark.parametrize("place", ["{}", "[{}]", '{{"a": {{"b": [0, {}]}}}}'])
def test_a_number_that_no_float_holds_is_refused_by_name(number: str, place: str) -> None:
    with pytest.raises(ValueError, match=f"^{number} is not a number"):
        read_strict(place.format(number))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "b": 2, "b": 3, "b": 4}', "b"),
        ('{"x": [{"y": {"deep": 1, "deep": {}}}]}', "deep"),
        (r'{"a": 1, "\u0061": 2}', "a"),
        ('{"": 1, "": 1}', ""),
    ],
)
def test_a_key_that_an_object_names_twice_is_refused_by_name(text: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"names the key {key!r} twice"):
        read_strict(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{} {}",
        "[1,]",
        "{'a': 1}",
        "01",
        '"\t"',
        "\ufeff{}",
        "9" * 4301,
        b"\xff",
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
    ],
)
def test_what_is_no_json_in_utf_8_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_strict(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000])
def test_what_is_nested_without_end_is_a_recursion_error(text: str) -> None:
    with pytest.raises(RecursionError):
        read_strict(text)
