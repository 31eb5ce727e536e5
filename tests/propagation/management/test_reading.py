"""`status` and `deps` tell how things stand, and write nothing."""

import pytest

from propagation.live.workers import announce_worker
from tests.builders import chain, change, drive, edges_production, get_entity, load, star
from tests.propagation.interchange.stored import count_rows
from tests.propagation.management.calling import call
from tests.propagation.management.test_impact import lock

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("nobody_works")
def test_status_tells_of_runs_lanes_and_workers() -> None:
    load(star(3))
    lock("shot-00001")
    run = change("hero", colour="red").run
    assert run is not None
    announce_worker(hostname="this test", lanes=["background"])
    before = count_rows()
    told = call("status", "film", "--json").json
    (film,) = told["projects"]
    assert told["workers"] == {"realtime": 0, "batch": 0, "background": 1}
    assert (film["state"], film["active_runs"][0]["id"]) == ("running", run.pk)
    assert film["active_runs"][0]["progress"] == 0.0
    assert film["lanes"]["background"] == {"queued": 2}
    assert (film["out_of_date"], film["held"], film["failed"], film["pinned"]) == (3, 1, 0, 0)
    assert "0/2" in call("status").out
    assert count_rows() == before
    drive(run)
    film = call("status", "--json").json["projects"][0]
    assert (film["state"], film["out_of_date"], film["held"]) == ("idle", 1, 1)


def test_an_unknown_project_has_no_status() -> None:
    assert call("status", "nowhere").code == 2
    assert call("status").code == 0


DIAMOND = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e")]


def test_each_dependent_stands_once_below_what_it_hangs_on() -> None:
    load(edges_production(DIAMOND))
    lines = call("deps", "a").out.splitlines()
    *tree, total = lines
    assert tree == ["a (prop)", "  b (prop)", "    d (prop)", "      e (prop)", "  c (prop)"]
    assert total == "4 in all: 4 assets"
    assert call("deps", "e", "--up", 1).out.splitlines()[:2] == ["e (prop)", "  d (prop)"]
    assert call("deps", "a", "--down", 0).out.splitlines()[0] == "a (prop)"


def test_dependencies_are_a_document() -> None:
    load(edges_production(DIAMOND))
    drive_nothing = change("a", colour="red").run
    assert drive_nothing is not None
    told = call("deps", "film:a", "--down", 2, "--json").json
    assert (told["dependencies"], told["direction"], told["depth"]) == (
        ["b", "c", "d"],
        "downstream",
        2,
    )
    assert told["edges"] == [["a", "b"], ["a", "c"], ["b", "d"], ["c", "d"]]
    assert told["nodes"][0] == {"id": "b", "type": "prop", "depth": 1, "state": "outdated"}
    up = call("deps", "e", "--up", 9, "--json").json
    assert (up["dependencies"], up["direction"]) == (["d", "b", "c", "a"], "upstream")
    assert up["edges"][0] == ["a", "b"]


def test_graphviz_gets_quoted_ids() -> None:
    load(edges_production([('a "x"', "b\\"), ("b\\", "c-1")]))
    found = call("deps", 'a "x"', "--dot")
    assert found.out.splitlines() == [
        'digraph "film:a \\"x\\"" {',
        "  rankdir=LR;",
        '  "a \\"x\\"" [tooltip="prop"];',
        '  "b\\\\" [tooltip="prop"];',
        '  "c-1" [tooltip="prop"];',
        '  "a \\"x\\"" -> "b\\\\";',
        '  "b\\\\" -> "c-1";',
        "}",
    ]


def test_a_long_chain_is_not_indented_for_ever() -> None:
    load(chain(60))
    lines = call("deps", "a0").out.splitlines()
    assert len(lines) == 61
    assert max(len(line) - len(line.lstrip()) for line in lines) == 80
    assert get_entity("a59").code in lines[59]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["a0", "--dot", "--json"],
        ["a0", "--down", "1", "--up", "1"],
        ["a0", "--down", "-1"],
        ["a0", "--down", "x"],
    ],
)
def test_what_cannot_be_asked_is_refused(arguments: list[str]) -> None:
    load(chain(2))
    assert call("deps", *arguments).code == 2
