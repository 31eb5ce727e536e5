"""The cached graph: one statement for a hit, never what was rolled back."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.graph.cache import load_graph
from assets.models import Entity, Project
from propagation.services.change_references import Edge, change_references
from tests.builders import edges_production, get_entity, load, make_cause


@pytest.fixture
def project(transactional_db: None) -> Project:
    """Return a project whose transactions really commit."""
    del transactional_db
    load(edges_production([("a", "b"), ("c", "d")]))
    return Project.objects.get()


def list_affected(project: Project) -> set[str]:
    """Return the codes that a change of `a` affects."""
    graph = load_graph(project_id=project.pk)
    source = Entity.objects.get(code="a").pk
    return {graph.nodes[pk].code for pk in graph.get_affected([source])}


def test_a_hit_costs_one_statement(project: Project) -> None:
    first = load_graph(project_id=project.pk)
    with CaptureQueriesContext(connection) as captured:
        assert load_graph(project_id=project.pk) is first
    assert len(captured) == 1


def test_an_edit_moves_the_revision(project: Project) -> None:
    before = load_graph(project_id=project.pk)
    edge = Edge(source=get_entity("b"), target=get_entity("c"))
    change_references(added=[edge], cause=make_cause(), at=timezone.now())
    after = load_graph(project_id=project.pk)
    assert after.revision > before.revision
    assert list_affected(project) == {"b", "c", "d"}


def test_a_graph_that_was_rolled_back_is_never_served(project: Project) -> None:
    """Even if its revision comes again: another host's clock may be ahead of this one's."""
    with transaction.atomic():
        edge = Edge(source=get_entity("b"), target=get_entity("c"))
        change_references(added=[edge], cause=make_cause(), at=timezone.now())
        assert list_affected(project) == {"b", "c", "d"}
        undone = Project.objects.get().graph_revision
        transaction.set_rollback(True)
    Project.objects.update(graph_revision=undone)
    assert list_affected(project) == {"b"}


def test_an_edit_of_references_reads_only_these(project: Project) -> None:
    """Instead of every entity and reference of the project, twice."""
    load_graph(project_id=project.pk)
    edge = Edge(source=get_entity("b"), target=get_entity("c"))
    with CaptureQueriesContext(connection) as captured:
        change_references(added=[edge], cause=make_cause(), at=timezone.now())
        assert list_affected(project) == {"b", "c", "d"}
        change_references(removed=[edge], cause=make_cause(), at=timezone.now())
        assert list_affected(project) == {"b"}
    read = [query["sql"] for query in captured if '"assets_entity"."priority"' in query["sql"]]
    assert not [sql for sql in read if sql.startswith('SELECT "assets_entity"."id" AS "pk"')]
