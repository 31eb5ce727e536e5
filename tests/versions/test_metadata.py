"""Score and tags are read from metadata, and what is no score and no tag is refused."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.canonical import JsonObject
from versions.metadata import MAX_TAGS, TAG_LENGTH, read_score, read_tags

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tags = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    min_size=1,
    max_size=TAG_LENGTH,
)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**60), 2**60))
def test_a_finite_number_is_a_score(score: float) -> None:
    assert read_score({"evaluation": {"qualityScore": score, "by": "eye"}}) == float(score)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"evaluation": None},
        {"evaluation": {}},
        {"evaluation": {"qualityScore": None}},
        {"qualityScore": 0.5},
        {"evaluation": {"quality_score": 0.5}},
    ],
)
def test_metadata_may_say_no_score(metadata: JsonObject) -> None:
    assert read_score(metadata) is None


@pytest.mark.parametrize("score", [True, False, "0.5", [], {}, [1], math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_no_score(score: object) -> None:
    with pytest.raises(ValueError, match=r"^evaluation\.qualityScore must be a number"):
        read_score({"evaluation": {"qualityScore": score}})  # type: ignore[dict-item]


@pytest.mark.parametrize("score", [10**400, -(10**400)])
def test_a_number_that_no_float_holds_is_no_score(score: int) -> None:
    with pytest.raises(ValueError, match=r"^evaluation\.qualityScore must be a number"):
        read_score({"evaluation": {"qualityScore": score}})


@pytest.mark.parametrize("evaluation", [True, 5, "good", [], [1]])
def test_an_evaluation_is_an_object(evaluation: Any) -> None:  # noqa: ANN401 (any JSON value)
    with pytest.raises(ValueError, match=r"^evaluation must be an object"):
        read_score({"evaluation": evaluation})


@given(st.lists(tags, max_size=12))
def test_tags_are_distinct_and_keep_their_order(given_tags: list[str]) -> None:
    read = read_tags({"tags": list(given_tags)})
    assert read == list(dict.fromkeys(given_tags))


@pytest.mark.parametrize("metadata", [{}, {"tags": None}, {"tags": []}, {"Tags": ["a"]}])
def test_metadata_may_say_no_tag(metadata: JsonObject) -> None:
    assert read_tags(metadata) == []


def test_a_hundred_tags_of_64_characters_are_not_too_much() -> None:
    many = [f"{number:064}" for number in range(MAX_TAGS)]
    assert read_tags({"tags": list(many)}) == many


@pytest.mark.parametrize("said", [True, 5, "wip", {}, {"wip": True}, ["a"] * (MAX_TAGS + 1)])
def test_what_is_no_list_of_a_hundred_is_refused(said: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=r"^tags must be a list"):
        read_tags({"tags": said})


@pytest.mark.parametrize("tag", [None, True, 5, "", [], {}, "x" * (TAG_LENGTH + 1)])
def test_what_is_no_text_of_1_to_64_characters_is_no_tag(tag: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValueError, match=r"^A tag is a text"):
        read_tags({"tags": ["good", tag]})


@given(st.dictionaries(st.sampled_from(["evaluation", "tags", "x"]), anything))
def test_any_metadata_is_read_or_a_value_error(metadata: dict[str, Any]) -> None:
    try:
        score, read = read_score(metadata), read_tags(metadata)
    except ValueError:
        return
    assert score is None or math.isfinite(score)
    assert len(set(read)) == len(read) <= MAX_TAGS
