"""Night Ferry keeps the promises that demos and load tests rely on."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any

import networkx as nx
import pytest

from config.demo.night_ferry import build_night_ferry
from config.demo.script import ScriptLineError, read_script

TYPES = ("character", "wardrobe", "prop", "location", "style")
SHOT_BEARING = [f"seq-{number:03d}" for number in range(10, 150, 10)]
ACTS = ["seq-act1", "seq-act2", "seq-act3"]

Film = dict[str, Any]
Edge = tuple[str, str]


@pytest.fixture(scope="module")
def film() -> Film:
    """Return the film as its reader gets it: through JSON."""
    loaded: Film = json.loads(json.dumps(build_night_ferry()))
    return loaded


@pytest.fixture(scope="module")
def edges(film: Film) -> list[Edge]:
    """Return every edge that the rules of the format give, repeated pairs included."""
    return [*_asset_edges(film), *_shot_edges(film), *_sequence_edges(film)]


@pytest.fixture(scope="module")
def graph(edges: list[Edge]) -> "nx.DiGraph[str]":
    """Return the dependency graph."""
    return nx.DiGraph(edges)


def _asset_edges(film: Film) -> list[Edge]:
    return [
        (source, asset["id"])
        for asset in film["assets"]
        for source in (
            *([asset["worn_by"]] if "worn_by" in asset else []),
            *asset.get("used_in", []),
            *asset.get("depends_on", []),
        )
    ]


def _shot_edges(film: Film) -> list[Edge]:
    return [(source, shot["shot_id"]) for shot in film["shots"] for source in _references(shot)]


def _sequence_edges(film: Film) -> list[Edge]:
    cuts = [(shot, seq["sequence_id"]) for seq in film["sequences"] for shot in seq["shots"]]
    parents = [(seq["sequence_id"], seq["parent"]) for seq in film["sequences"] if "parent" in seq]
    return [*cuts, *parents]


def _references(shot: Film) -> list[str]:
    prompt = shot["visual_prompt"]
    ids = [
        reference["asset_id"]
        for kind in ("character", "wardrobe", "location", "style")
        for reference in prompt[f"{kind}_references"]
    ]
    return [*ids, *prompt["prop_references"]]


def _cast(shot: Film) -> set[str]:
    return {ref["asset_id"] for ref in shot["visual_prompt"]["character_references"]}


def _ids(film: Film) -> list[str]:
    return [
        *(asset["id"] for asset in film["assets"]),
        *(shot["shot_id"] for shot in film["shots"]),
        *(sequence["sequence_id"] for sequence in film["sequences"]),
    ]


def test_same_seed_gives_identical_output() -> None:
    """Byte for byte, key order included."""
    assert json.dumps(build_night_ferry(seed=7)) == json.dumps(build_night_ferry(seed=7))


def test_another_seed_changes_the_camera_work_but_not_the_references(film: Film) -> None:
    """The story is written; only the photography is drawn."""
    other: Film = json.loads(json.dumps(build_night_ferry(seed=90)))
    assert other["shots"] != film["shots"]
    assert _shot_edges(other) == _shot_edges(film)


def test_project_names_itself(film: Film) -> None:
    """Format, id and licence are those the importer shows."""
    assert film["format"] == "asset-propagation-project/1"
    assert film["project"]["id"] == "night-ferry"
    assert film["project"]["name"] == "Night Ferry"
    assert film["project"]["license"] == "CC0-1.0"
    assert film["project"]["logline"]


def test_forty_assets_of_five_types(film: Film) -> None:
    """Each asset stands in `assets` and, by id and name, in its typed list."""
    counts = Counter(asset["type"] for asset in film["assets"])
    assert counts == {"character": 9, "wardrobe": 9, "prop": 10, "location": 8, "style": 4}
    for kind in TYPES:
        expected = [
            {"id": asset["id"], "name": asset["name"]}
            for asset in film["assets"]
            if asset["type"] == kind
        ]
        assert film[f"{kind}s"] == expected


def test_every_asset_is_described(film: Film) -> None:
    """Attributes are concrete: a description and at least three more facts."""
    for asset in film["assets"]:
        assert asset["attributes"]["description"]
        assert len(asset["attributes"]) >= 4, asset["id"]


def test_lead_is_mara_in_a_red_coat(film: Film) -> None:
    """The demo changes her coat and watches the film follow."""
    lead = next(asset for asset in film["assets"] if asset["id"] == "char-001")
    assert lead["name"] == "Mara"
    assert lead["attributes"]["wardrobe"] == "red coat"
    assert {"hair", "age", "description"} <= lead["attributes"].keys()


def test_lead_appears_in_most_shots(film: Film) -> None:
    """A change of the lead reaches most of the film but not all of it."""
    assert 240 <= sum("char-001" in _cast(shot) for shot in film["shots"]) <= 290


def test_three_hundred_shots_in_fourteen_sequences(film: Film) -> None:
    """Shots are listed in cut order by exactly one sequence, the one they name."""
    bearing = [sequence for sequence in film["sequences"] if sequence["shots"]]
    assert [sequence["sequence_id"] for sequence in bearing] == SHOT_BEARING
    assert all(12 <= len(sequence["shots"]) <= 32 for sequence in bearing)
    listed = [
        (shot_id, sequence["sequence_id"]) for sequence in bearing for shot_id in sequence["shots"]
    ]
    assert listed == [(shot["shot_id"], shot["sequence_id"]) for shot in film["shots"]]
    assert len(listed) == 300


def test_shots_are_numbered_by_sequence(film: Film) -> None:
    """shot-0107 is the seventh shot of the first sequence."""
    for shot in film["shots"]:
        code = f"{SHOT_BEARING.index(shot['sequence_id']) + 1:02d}{shot['order']:02d}"
        assert (shot["shot_id"], shot["name"]) == (f"shot-{code}", f"SH{code}")


def test_shot_0107_features_the_lead(film: Film) -> None:
    """The walkthrough in the documentation opens this shot."""
    (shot,) = (shot for shot in film["shots"] if shot["shot_id"] == "shot-0107")
    assert "char-001" in _cast(shot)


def test_sequences_hang_from_acts_and_acts_from_the_film(film: Film) -> None:
    """One root, three acts, fourteen sequences, each with a summary."""
    parents = {sequence["sequence_id"]: sequence.get("parent") for sequence in film["sequences"]}
    assert set(parents) == {*SHOT_BEARING, *ACTS, "seq-film"}
    assert parents["seq-film"] is None
    assert all(parents[act] == "seq-film" for act in ACTS)
    assert {parents[sequence_id] for sequence_id in SHOT_BEARING} == set(ACTS)
    assert all(sequence["name"] for sequence in film["sequences"])
    assert all(sequence["attributes"]["summary"] for sequence in film["sequences"])


def test_shot_descriptions_hardly_repeat(film: Film) -> None:
    """At least 270 of the 300 are distinct, and each is a sentence."""
    descriptions = [shot["attributes"]["description"] for shot in film["shots"]]
    assert len(set(descriptions)) >= 270
    assert all(text[0].isupper() or text[0].isdigit() for text in descriptions)
    assert all(text.endswith(".") for text in descriptions)


def test_each_shot_says_how_it_is_photographed(film: Film) -> None:
    """Camera, time of day and length are there, and the shots lie end to end."""
    for shot in film["shots"]:
        attributes = shot["attributes"]
        assert " mm" in attributes["camera"]
        assert attributes["time_of_day"]
        assert shot["end"] - shot["start"] == attributes["frames"] > 0
    assert all(left["end"] == right["start"] for left, right in pairwise(film["shots"]))


def test_each_shot_has_one_location_and_no_repeated_reference(film: Film) -> None:
    """No reference would give the same edge twice."""
    for shot in film["shots"]:
        references = _references(shot)
        assert len(shot["visual_prompt"]["location_references"]) == 1
        assert len(references) == len(set(references)), shot["shot_id"]


def test_neighbouring_shots_share_their_cast(film: Film) -> None:
    """Within a sequence, most cuts keep somebody in frame."""
    cuts = [
        bool(_cast(left) & _cast(right))
        for left, right in pairwise(film["shots"])
        if left["sequence_id"] == right["sequence_id"]
    ]
    assert sum(cuts) / len(cuts) > 0.6


def test_outfits_are_worn_by_characters_and_props_are_placed(film: Film) -> None:
    """Every wardrobe has a wearer; every prop a location or something it is made from."""
    kinds = {asset["id"]: asset["type"] for asset in film["assets"]}
    for asset in film["assets"]:
        if asset["type"] == "wardrobe":
            assert kinds[asset["worn_by"]] == "character"
        if asset["type"] == "prop":
            assert asset.get("used_in") or asset.get("depends_on")
            assert {kinds[place] for place in asset.get("used_in", [])} <= {"location"}


def test_every_asset_reaches_the_film(film: Film, graph: "nx.DiGraph[str]") -> None:
    """Nothing was invented in vain."""
    reached = nx.ancestors(graph, "seq-film")
    assert {asset["id"] for asset in film["assets"]} <= reached


def test_twelve_critical_shots_in_three_sequences(film: Film) -> None:
    """Tonight's dailies all show the lead."""
    critical = [shot for shot in film["shots"] if "priority" in shot["attributes"]]
    assert {shot["attributes"]["priority"] for shot in critical} == {"critical"}
    assert len(critical) == 12
    assert len({shot["sequence_id"] for shot in critical}) == 3
    assert all("char-001" in _cast(shot) for shot in critical)


def test_ids_are_unique_and_all_known(film: Film, edges: list[Edge]) -> None:
    """Assets, shots and sequences share one id space."""
    ids = _ids(film)
    assert len(ids) == len(set(ids))
    assert {node for edge in edges for node in edge} <= set(ids)


def test_graph_is_acyclic_and_of_the_promised_size(
    edges: list[Edge],
    graph: "nx.DiGraph[str]",
) -> None:
    """No self reference, no cycle, no pair given twice."""
    assert nx.is_directed_acyclic_graph(graph)
    assert len(edges) == graph.number_of_edges()
    assert 1_100 <= graph.number_of_edges() <= 1_500


def test_a_style_reaches_the_film_through_place_prop_and_shot(
    film: Film,
    graph: "nx.DiGraph[str]",
) -> None:
    """The way style, location, prop, shot, sequence, act, film has six edges or more."""
    kinds = {asset["id"]: asset["type"] for asset in film["assets"]}
    longest = nx.dag_longest_path(graph)
    assert kinds[longest[0]] == "style"
    assert {"location", "prop"} <= {kinds.get(node) for node in longest}
    assert len(longest) - 1 >= 6
    assert longest[-1] == "seq-film"


@pytest.mark.parametrize(
    "script",
    [
        "MS M | A shot before any setup.",
        "@ quay / sodium",
        "@ quay / sodium / night\nMS M A shot without its bar.",
    ],
)
def test_malformed_line_is_refused(script: str) -> None:
    """A slip of the pen never drops a shot in silence."""
    with pytest.raises(ScriptLineError):
        list(read_script(script=script))
