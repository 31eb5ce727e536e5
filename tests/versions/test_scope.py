"""A scope names its entities by one member; whatever else it says is refused at its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.exceptions import BadScopeError
from versions.scope import MAX_IDS, SCOPE_TYPES, Scope, read_scope

LISTS = sorted(name for name, case in SCOPE_TYPES.items() if case.is_list)
codes = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the JSON of a scope in which nothing is wrong."""
    type_ = draw(st.sampled_from(sorted(SCOPE_TYPES)))
    case = SCOPE_TYPES[type_]
    said: dict[str, Any] = {"type": type_, "project_id": draw(codes)}
    if case.is_list:
        said[case.member] = draw(st.lists(codes, min_size=1, max_size=4, unique=True))
    elif case.member:
        said[case.member] = draw(codes)
    return dict(draw(st.permutations(list(said.items()))))


def refuse(value: Any) -> BadScopeError:  # noqa: ANN401 (any JSON value)
    """Check that the scope is refused with a sentence, and return how."""
    with pytest.raises(BadScopeError) as refused:
        read_scope(value)
    assert refused.value.code == "bad-scope"
    assert str(refused.value).endswith((".", "?"))
    return refused.value


@given(scopes())
def test_a_scope_is_read_as_it_stands(said: dict[str, Any]) -> None:
    scope = read_scope(said)
    member = SCOPE_TYPES[said["type"]].member
    given_ids = said.get(member, [])
    expected = (given_ids,) if isinstance(given_ids, str) else tuple(given_ids)
    assert scope == Scope(type=said["type"], project=said["project_id"], ids=expected)


@given(scopes(), st.sampled_from(sorted({case.member for case in SCOPE_TYPES.values()} - {""})))
def test_a_member_of_another_type_is_refused_by_name(said: dict[str, Any], other: str) -> None:
    if other == SCOPE_TYPES[said["type"]].member:
        return
    refused = refuse({**said, other: ["x"]})
    assert refused.pointer == f"/{other}"
    assert said["type"] in str(refused)
    assert "one scope at a time" in str(refused)


@given(scopes(), codes)
def test_a_member_of_no_type_is_refused_by_name(said: dict[str, Any], name: str) -> None:
    if name in {"type", "project_id"} or any(name == one.member for one in SCOPE_TYPES.values()):
        return
    assert refuse({**said, name: 1}).pointer == f"/{name}"


@pytest.mark.parametrize("type_", sorted(SCOPE_TYPES))
def test_a_member_without_a_name_is_refused(type_: str) -> None:
    member = SCOPE_TYPES[type_].member
    named = {member: ["a"] if SCOPE_TYPES[type_].is_list else "a"} if member else {}
    assert refuse({"type": type_, "project_id": "film", **named, "": 1}).pointer == "/"


@given(scopes(), st.data())
def test_each_thing_that_is_left_out_is_named(said: dict[str, Any], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(said)))
    assert refuse({key: value for key, value in said.items() if key != gone}).pointer == f"/{gone}"


@pytest.mark.parametrize("value", [None, True, 5, "film", [], [{"type": "project"}]])
def test_a_scope_is_an_object(value: object) -> None:
    assert refuse(value).pointer == ""


@pytest.mark.parametrize("type_", [None, 5, True, [], {}, "", "Project", "movie", "shots"])
def test_a_type_that_does_not_exist_is_refused(type_: object) -> None:
    assert refuse({"type": type_, "project_id": "film"}).pointer == "/type"


@pytest.mark.parametrize(
    ("given_type", "meant"),
    [("projekt", "project"), ("character", "characters"), ("asset", "assets")],
)
def test_a_misspelt_type_is_guessed_aloud(given_type: str, meant: str) -> None:
    assert f"did you mean {meant!r}?" in str(refuse({"type": given_type, "project_id": "film"}))


def test_a_misspelt_member_is_guessed_aloud() -> None:
    said = {"type": "scenes", "project_id": "film", "scene_idz": ["a"]}
    refused = refuse(said)
    assert (refused.pointer, "did you mean 'scene_ids'?" in str(refused)) == ("/scene_idz", True)


@pytest.mark.parametrize("project", [None, 5, True, "", [], ["film"], {}])
def test_a_project_is_named_by_a_text(project: object) -> None:
    assert refuse({"type": "project", "project_id": project}).pointer == "/project_id"


@pytest.mark.parametrize("scene", [None, 5, True, "", [], ["a"], {}])
def test_one_scene_is_named_by_a_text(scene: object) -> None:
    said = {"type": "scene", "project_id": "film", "scene_id": scene}
    assert refuse(said).pointer == "/scene_id"


@pytest.mark.parametrize("type_", LISTS)
@pytest.mark.parametrize("ids", [None, 5, "a", {}, [], [str(n) for n in range(MAX_IDS + 1)]])
def test_several_are_named_by_a_list_of_1_to_1000(type_: str, ids: object) -> None:
    member = SCOPE_TYPES[type_].member
    refused = refuse({"type": type_, "project_id": "film", member: ids})
    assert refused.pointer == f"/{member}"


@pytest.mark.parametrize("wrong", [None, 5, True, "", ["b"], {}, "a"])
def test_the_id_that_is_wrong_is_named(wrong: object) -> None:
    """No text, or a text that stands there already."""
    ids = ["a", "b", wrong, None]
    assert (
        refuse({"type": "assets", "project_id": "film", "asset_ids": ids}).pointer == "/asset_ids/2"
    )


@pytest.mark.parametrize("type_", LISTS)
def test_1000_are_not_too_many(type_: str) -> None:
    ids: list[Any] = [str(n) for n in range(MAX_IDS)]
    scope = read_scope({"type": type_, "project_id": "film", SCOPE_TYPES[type_].member: ids})
    assert list(scope.ids) == ids
    assert scope.point_at(7) == f"/{SCOPE_TYPES[type_].member}/7"


def test_one_id_stands_at_its_member() -> None:
    scope = read_scope({"type": "scene", "project_id": "film", "scene_id": "a"})
    assert scope.point_at(0) == "/scene_id"
