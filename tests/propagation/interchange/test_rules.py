"""Each of the format's twelve edge rules makes one reference, in one direction."""

from typing import Any

import pytest

from propagation.interchange.defects import DefectList
from propagation.interchange.production import Production
from propagation.interchange.reading import read_production
from tests.propagation.interchange.stored import Document, list_defects

PEOPLE = [{"id": "ana", "type": "character"}, {"id": "hall", "type": "location"}]


def read(document: Document) -> Production:
    defects = DefectList()
    production = read_production(document, defects)
    assert production is not None, defects.listed
    return production


def list_references(document: Document) -> list[tuple[str, str, str]]:
    return [(one.source, one.target, one.role) for one in read(document).references]


def make_shot(**prompt: Any) -> Document:  # noqa: ANN401 (any JSON)
    types = ("character", "prop", "wardrobe", "location", "style")
    assets = [{"id": f"{type_}-1", "type": type_} for type_ in types]
    return {"assets": assets, "shots": [{"shot_id": "shot-1", "visual_prompt": prompt}]}


def test_rule_1_a_wardrobe_depends_on_who_wears_it() -> None:
    coat = {"id": "coat", "type": "wardrobe", "worn_by": "ana"}
    assert list_references({"assets": [*PEOPLE, coat]}) == [("ana", "coat", "worn_by")]


def test_rule_2_a_prop_depends_on_each_place_that_it_is_used_in() -> None:
    lamp = {"id": "lamp", "type": "prop", "used_in": ["hall"]}
    assert list_references({"assets": [*PEOPLE, lamp]}) == [("hall", "lamp", "used_in")]


def test_rule_3_an_asset_depends_on_what_it_is_built_from() -> None:
    crowd = {"id": "crowd", "type": "component", "depends_on": ["ana"]}
    assert list_references({"assets": [*PEOPLE, crowd]}) == [("ana", "crowd", "depends_on")]


@pytest.mark.parametrize(
    ("rule", "role"), [(4, "character"), (6, "wardrobe"), (7, "location"), (8, "style")]
)
def test_rules_4_6_7_and_8_a_shot_depends_on_what_its_prompt_names(rule: int, role: str) -> None:
    document = make_shot(**{f"{role}_references": [{"asset_id": f"{role}-1"}]})
    assert list_references(document) == [(f"{role}-1", "shot-1", role)], rule


def test_rule_5_a_shot_depends_on_its_props_which_are_plain_ids() -> None:
    document = make_shot(prop_references=["prop-1"])
    assert list_references(document) == [("prop-1", "shot-1", "prop")]


def test_rule_9_a_shot_depends_on_what_else_it_is_built_from() -> None:
    shots = [{"shot_id": "shot-1"}, {"shot_id": "shot-2", "depends_on": ["shot-1"]}]
    assert list_references({"shots": shots}) == [("shot-1", "shot-2", "depends_on")]


def test_rule_10_a_sequence_depends_on_each_of_its_shots() -> None:
    document = {
        "shots": [{"shot_id": "shot-1"}],
        "sequences": [{"sequence_id": "seq-1", "shots": ["shot-1"]}],
    }
    assert list_references(document) == [("shot-1", "seq-1", "in_sequence")]


def test_rule_11_a_parent_depends_on_each_sequence_in_it() -> None:
    sequences = [{"sequence_id": "seq-1", "parent": "act-1"}, {"sequence_id": "act-1"}]
    assert list_references({"sequences": sequences}) == [("seq-1", "act-1", "in_parent")]


def test_rule_12_a_sequence_depends_on_what_else_it_is_built_from() -> None:
    sequences = [{"sequence_id": "seq-1"}, {"sequence_id": "seq-2", "depends_on": ["seq-1"]}]
    assert list_references({"sequences": sequences}) == [("seq-1", "seq-2", "depends_on")]


def test_a_shot_that_only_names_its_sequence_has_no_edge_to_it() -> None:
    document = {
        "shots": [{"shot_id": "shot-1", "sequence_id": "seq-1"}],
        "sequences": [{"sequence_id": "seq-1"}],
    }
    assert list_references(document) == []


def test_a_pair_named_by_several_rules_is_one_edge_of_the_first_kind() -> None:
    coat = {"id": "coat", "type": "wardrobe", "worn_by": "ana", "depends_on": ["ana", "ana"]}
    assert list_references({"assets": [*PEOPLE, coat]}) == [("ana", "coat", "worn_by")]
    document = make_shot(
        style_references=[{"asset_id": "prop-1"}], prop_references=["prop-1", "prop-1"]
    )
    assert list_references(document) == [("prop-1", "shot-1", "prop")]


def test_a_pair_joined_in_both_directions_is_a_cycle() -> None:
    """The seed's rules and composition data point opposite ways; a file may use one of them."""
    hall = {"id": "hall", "type": "location", "depends_on": ["lamp"]}
    lamp = {"id": "lamp", "type": "prop", "used_in": ["hall"]}
    assert {kind for _, kind in list_defects({"assets": [hall, lamp]})} == {"cycle"}


def test_a_shot_may_stand_in_several_sequences() -> None:
    document = {
        "shots": [{"shot_id": "shot-1"}],
        "sequences": [{"sequence_id": f"seq-{n}", "shots": ["shot-1"]} for n in (1, 2)],
    }
    assert len(list_references(document)) == 2


def test_an_asset_of_one_list_alone_is_as_good_as_one_of_both() -> None:
    document = {
        "characters": [{"id": "ana", "name": "Ana"}, {"id": "bo", "name": "Bo"}],
        "assets": [{"id": "ana", "type": "character", "age": 40}, {"id": "hall", "type": "place"}],
    }
    found = {(one.code, one.type, one.name) for one in read(document).entities}
    assert found == {("ana", "character", "Ana"), ("bo", "character", "Bo"), ("hall", "place", "")}


def test_an_asset_of_two_lists_has_the_fields_of_both() -> None:
    document = {
        "characters": [{"id": "ana", "name": "Ana", "height": 1.7}],
        "assets": [{"id": "ana", "age": 40}],
    }
    (ana,) = read(document).entities
    assert (ana.type, ana.body) == ("character", '{"age":40,"height":1.7,"name":"Ana"}')


def test_order_puts_sources_before_targets() -> None:
    links = [("c", "b"), ("b", "a")]
    assets = [
        {"id": code, "type": "prop", "depends_on": [s for s, t in links if t == code]}
        for code in "abc"
    ]
    assert list(read({"assets": assets}).order) == ["c", "b", "a"]


@pytest.mark.parametrize("document", [{}, {"assets": []}, {"assets": None, "project": None}])
def test_a_production_of_nothing_is_a_production(document: Document) -> None:
    assert list(read(document).entities) == []


def test_keys_that_the_format_does_not_know_are_named() -> None:
    assert list(read({"shotz": [], "assets": [], "Props": 1}).ignored) == ["Props", "shotz"]
