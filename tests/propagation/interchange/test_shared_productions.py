"""Real productions give the edges and the answers that were worked out for them elsewhere."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from assets.graph.cache import load_graph
from assets.graph.dependency_graph import DependencyGraph
from assets.models import AssetReference, Project
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from tests.builders import drive, get_entity, load, make_cause
from tests.propagation.interchange.stored import count_rows, list_edges
from tests.staging import kept_for_a_module

pytestmark = pytest.mark.django_db
PRODUCTIONS = ("tiny", "forrest", "alab")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The expected answers of one production, and the means to ask for them."""

    name: str
    oracle: dict[str, list[dict[str, Any]]]

    @property
    def graph(self) -> DependencyGraph:
        """The graph as it is stored now."""
        return load_graph(project_id=Project.objects.get(code=self.name).pk)

    def ask(self, *sources: str, depth: int | None = None) -> list[str]:
        """Return the sorted codes that the sources affect."""
        graph = self.graph
        ids = {node.code: id_ for id_, node in graph.nodes.items()}
        affected = graph.get_affected([ids[source] for source in sources], depth=depth)
        return sorted(graph.nodes[id_].code for id_ in affected)

    def count_waves(self, source: str) -> list[int]:
        """Return how many entities have each longest distance from the source."""
        graph = self.graph
        (id_,) = (id_ for id_, node in graph.nodes.items() if node.code == source)
        return [len(level) for level in graph.get_levels([id_])]

    def make_edge(self, row: dict[str, Any], role: str = "depends_on") -> Edge:
        """Return the reference that a row of the oracle names."""
        return Edge(
            source=get_entity(row["source"], self.name),
            target=get_entity(row["target"], self.name),
            role=role,
        )


@pytest.fixture(scope="module", params=PRODUCTIONS)
def answers(
    request: pytest.FixtureRequest,
    shared_data: Path,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Answers]:
    """Import the production, once for all tests here; give what is to be asked of it."""
    del django_db_setup
    name = request.param
    oracle = json.loads((shared_data / f"{name}.oracle.json").read_text())
    with kept_for_a_module(django_db_blocker):
        load(json.loads((shared_data / f"{name}.json").read_text()), code=name)
        yield Answers(name=name, oracle=oracle)


def hash_ids(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def select(ids: Iterable[str], prefix: str) -> list[str]:
    return [id_ for id_ in ids if id_.startswith(prefix)]


def test_stored_references_are_the_listed_edges(answers: Answers, shared_data: Path) -> None:
    with (shared_data / f"{answers.name}.edges.csv").open(newline="") as file:
        expected = [(row["source"], row["target"], row["kind"]) for row in csv.DictReader(file)]
    stored = list_edges(answers.name)
    assert len(stored) == len(expected)
    assert set(stored) == set(expected)


def test_each_single_change_affects_what_the_oracle_says(answers: Answers) -> None:
    asked = [*answers.oracle["single"], *answers.oracle["leaves"]]
    assert asked
    for row in asked:
        code = row["asset_id"]
        direct, within_2 = answers.ask(code, depth=1), answers.ask(code, depth=2)
        affected = answers.ask(code)
        shots, sequences = select(affected, "shot-"), select(affected, "seq-")
        assert get_entity(code, answers.name).type == row["type"]
        for key, found in [
            ("direct", direct),
            ("within_2", within_2),
            ("affected", affected),
            ("affected_shots", shots),
            ("affected_sequences", sequences),
        ]:
            assert (code, key, len(found)) == (code, key, row[key])
            assert hash_ids(found) == row[f"sha256_{key}"], (code, key)
        assert len(affected) - len(shots) - len(sequences) == row["affected_assets"]
        assert direct == row.get("direct_ids", direct)
        assert affected == row.get("affected_ids", affected)
        assert answers.count_waves(code) == row["waves_by_longest_distance"]


def test_a_batch_affects_the_union(answers: Answers) -> None:
    assert answers.oracle["batch"]
    for row in answers.oracle["batch"]:
        affected = answers.ask(*row["sources"])
        beyond = [code for code in affected if code not in row["sources"]]
        assert len(affected) == row["affected_including_hit_sources"]
        assert hash_ids(affected) == row["sha256_affected_including_hit_sources"]
        assert len(beyond) == row["affected_excluding_sources"]
        assert hash_ids(beyond) == row["sha256_affected_excluding_sources"]
        assert len(select(affected, "shot-")) == row["affected_shots"]


def test_edges_come_and_go_one_after_another(answers: Answers) -> None:
    assert answers.oracle["mutations"]
    for row in answers.oracle["mutations"]:
        if row["op"] == "add_edge":
            edges = {"added": [answers.make_edge(row)]}
        else:
            role = AssetReference.objects.get(
                project__code=answers.name,
                source__code=row["source"],
                target__code=row["target"],
            ).role
            edges = {"removed": [answers.make_edge(row, role)]}
        outcome = change_references(
            added=edges.get("added", ()),
            removed=edges.get("removed", ()),
            cause=make_cause(),
            at=timezone.now(),
        )
        assert outcome.run is not None
        drive(outcome.run)
        affected = answers.ask(row["then_query"])
        assert (len(affected), hash_ids(affected)) == (row["affected"], row["sha256_affected"])
        assert len(select(affected, "shot-")) == row["affected_shots"]
        assert len(list_edges(answers.name)) == row["edges_after"]
    project = Project.objects.get(code=answers.name)
    assert check_project(project=project).exceptions == ()


def test_an_edge_that_would_close_a_cycle_is_refused_and_nothing_is_written(
    answers: Answers,
) -> None:
    assert answers.oracle["edges_that_would_close_a_cycle"]
    before = count_kept()
    revision = Project.objects.get(code=answers.name).graph_revision
    for row in answers.oracle["edges_that_would_close_a_cycle"]:
        refused = change_references(
            added=[answers.make_edge(row)], cause=make_cause(), at=timezone.now()
        )
        cycle = refused.open_conflicts[0].detail["cycle"]
        assert cycle[0] == cycle[-1]
        assert {row["source"], row["target"]} <= set(cycle)
    assert count_kept() == before
    assert Project.objects.get(code=answers.name).graph_revision == revision


def count_kept() -> dict[str, int]:
    """Return the number of rows of every table of a production; conflicts are kept beside it."""
    kept = {"propagation.Conflict", "propagation.Conflict_affected_users", "propagation.Event"} | {
        "propagation.AuditEntry"
    }
    return {label: count for label, count in count_rows().items() if label not in kept}


def test_a_fresh_import_is_up_to_date(answers: Answers) -> None:
    check = check_project(project=Project.objects.get(code=answers.name))
    assert check.exceptions == ()
    assert check.references == len(list_edges(answers.name))
