"""What a change of content may not touch is refused at its place, all else may be changed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from propagation.exceptions import InvalidChangeError
from propagation.interchange.contents import PROMPT_KEYS, REFERENCE_KEYS
from propagation.services.check_change import check_change
from tests.builders import change, load
from tests.propagation.interchange.stored import count_rows, export, read_content, read_stored
from tests.properties import tried_on
from versions.canonical import JsonObject, JsonValue
from versions.change import CHANGE_GROUPS, split_groups

KINDS = ("asset", "shot", "sequence")


def refuse(kind: str, data: JsonObject) -> str:
    """Check that the change is refused, and return at which place."""
    with pytest.raises(InvalidChangeError) as refused:
        check_change(kind=kind, patches=split_groups(data))
    assert refused.value.code == "invalid-change"
    assert str(refused.value).endswith(".")
    return refused.value.pointer


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (kind, key)
        for kind in KINDS
        for key in sorted(REFERENCE_KEYS[kind])
        if key != "visual_prompt"
    ],
)
@pytest.mark.parametrize("value", ["zzz", None, [], ["nobody"]])
def test_a_key_that_a_file_needs_for_itself_is_refused(
    kind: str, key: str, value: JsonValue
) -> None:
    assert refuse(kind, {"colour": "blue", key: value}) == f"/{key}"


@pytest.mark.parametrize("key", sorted(PROMPT_KEYS))
@pytest.mark.parametrize("value", [None, [], ["hero"]])
def test_a_reference_of_a_shot_s_prompt_is_refused(key: str, value: JsonValue) -> None:
    assert refuse("shot", {"visual_prompt": {"text": "x", key: value}}) == f"/visual_prompt/{key}"


@pytest.mark.parametrize("prompt", ["text", 5, True, [], ["a"]])
def test_a_shot_s_prompt_is_an_object(prompt: JsonValue) -> None:
    assert refuse("shot", {"visual_prompt": prompt}) == "/visual_prompt"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [5, 0, False, [], ["a"], {}, "x" * 1001, "NUL \0"])
def test_a_name_is_a_text_of_at_most_1000_characters(kind: str, name: JsonValue) -> None:
    assert refuse(kind, {"name": name}) == "/name"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [None, "", "x" * 1000, "😀" * 1000, "line\n"])
def test_a_name_that_a_file_can_hold_is_taken(kind: str, name: JsonValue) -> None:
    check_change(kind=kind, patches=[{"name": name}])


@pytest.mark.parametrize("group", CHANGE_GROUPS)
def test_a_group_hides_nothing(group: str) -> None:
    assert refuse("asset", {group: {"depends_on": ["a"]}}) == "/depends_on"
    assert refuse("shot", {group: {"name": 5}}) == "/name"
    assert refuse("shot", {"a": 1, group: {"visual_prompt": "x"}}) == "/visual_prompt"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("asset", {}),
        ("asset", {"visual_prompt": "text", "shots": [], "parent": "x", "shot_id": "q"}),
        ("shot", {"id": "q", "type": "z", "worn_by": "x", "used_in": [], "parent": "p"}),
        ("shot", {"visual_prompt": None}),
        ("shot", {"visual_prompt": {"text": "x", "mood": {"prop_references": ["a"]}}}),
        ("sequence", {"visual_prompt": {"prop_references": ["a"]}, "shot_id": "q"}),
        ("asset", {"inner": {"id": "a", "depends_on": ["b"], "name": 5}}),
        ("asset", {"visual_changes": "text", "names": 5}),
    ],
)
def test_what_means_nothing_for_the_kind_is_content(kind: str, data: JsonObject) -> None:
    check_change(kind=kind, patches=split_groups(data))


keys = st.sampled_from(
    sorted({"name", "mood", *CHANGE_GROUPS}.union(*REFERENCE_KEYS.values()) - {"visual_prompt"})
)
values = st.recursive(
    st.none() | st.sampled_from(["text", "a"]) | st.integers(0, 1) | st.just(["a"]),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["a", "s", "q"])
def test_what_is_taken_survives_the_export(code: str) -> None:
    load(
        {
            "assets": [{"id": "a", "type": "prop"}],
            "shots": [{"shot_id": "s"}],
            "sequences": [{"sequence_id": "q"}],
        }
    )
    kind = {"a": "asset", "s": "shot", "q": "sequence"}[code]

    @tried_on(60)
    @given(st.dictionaries(keys, values, max_size=3))
    def check(data: dict[str, Any]) -> None:
        try:
            check_change(kind=kind, patches=split_groups(data))
        except InvalidChangeError:
            return
        change(code, **data)
        content, stored, rows = read_content(code), read_stored(), count_rows()
        load(json.loads(export()))
        assert read_content(code) == content
        assert (read_stored(), count_rows()) == (stored, rows)

    check()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "prompt",
    [
        None,
        {"mood": "calm"},
        {"text": None, "mood": "calm"},
        {"text": None},
    ],
)
def test_a_prompt_that_was_changed_survives_the_export(prompt: JsonValue) -> None:
    load({"shots": [{"shot_id": "s", "visual_prompt": {"text": "x"}}]})
    change("s", visual_prompt=prompt)
    stored, rows = read_stored(), count_rows()
    load(json.loads(export()))
    assert (read_stored(), count_rows()) == (stored, rows)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "data", "pointer"),
    [
        ("a", {"id": "zzz"}, "/id"),
        ("a", {"depends_on": ["nobody"]}, "/depends_on"),
        ("a", {"name": 5}, "/name"),
        ("a", {"name": "x" * 1001}, "/name"),
        ("s", {"visual_prompt": "text"}, "/visual_prompt"),
    ],
)
def test_a_refused_change_writes_nothing(code: str, data: dict[str, Any], pointer: str) -> None:
    load({"assets": [{"id": "a", "type": "prop"}], "shots": [{"shot_id": "s"}]})
    rows, stored = count_rows(), read_stored()
    with pytest.raises(InvalidChangeError) as refused:
        change(code, **data)
    assert refused.value.pointer == pointer
    assert (count_rows(), read_stored()) == (rows, stored)
