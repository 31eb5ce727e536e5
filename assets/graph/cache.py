"""The graph of a project as a cache: one per process, keyed by the project's graph revision."""

from collections import OrderedDict
from functools import partial
from threading import Lock

from django.db import transaction
from prometheus_client import Counter

from assets.graph.dependency_graph import DependencyGraph, Node, build_graph
from assets.models import AssetReference, Entity, Priority, Project

CACHED_PROJECTS = 8
"""Graphs kept per process; the one used longest ago goes first."""

LOADS = Counter(
    "continuity_graph_loads",
    "Graphs of projects asked for: found in memory (hit) or read from the database (miss).",
    ["result"],
)

_cache: OrderedDict[int, DependencyGraph] = OrderedDict()
_lock = Lock()


def load_graph(*, project_id: int) -> DependencyGraph:
    """Return the project's graph as of now, from the cache unless its revision has moved.

    A hit costs one statement. A graph read while somebody writes is read again until the revision
    before and after agree, so that a revision always names one graph. What a transaction reads is
    kept when it commits: one that is rolled back may have read its own changes.
    """
    revision = _read_revision(project_id)
    with _lock:
        cached = _cache.get(project_id)
        if cached is not None and cached.revision == revision:
            _cache.move_to_end(project_id)
            LOADS.labels("hit").inc()
            return cached
    LOADS.labels("miss").inc()
    graph = None
    while graph is None:
        graph = _try_to_read(project_id, revision)
        now = _read_revision(project_id)
        if now != revision:
            revision, graph = now, None
    transaction.on_commit(partial(_keep, project_id, graph))
    return graph


def _keep(project_id: int, graph: DependencyGraph) -> None:
    with _lock:
        _cache[project_id] = graph
        _cache.move_to_end(project_id)
        while len(_cache) > CACHED_PROJECTS:
            _cache.popitem(last=False)


def _try_to_read(project_id: int, revision: int) -> DependencyGraph | None:
    """Return the graph; None when a reference came with an entity that was not there before."""
    try:
        return _read_graph(project_id, revision)
    except KeyError:
        if _read_revision(project_id) == revision:
            raise
        return None


def _read_revision(project_id: int) -> int:
    revision: int = Project.objects.values_list("graph_revision", flat=True).get(pk=project_id)
    return revision


def _read_graph(project_id: int, revision: int) -> DependencyGraph:
    entities = Entity.objects.filter(project_id=project_id).order_by("pk")
    references = AssetReference.objects.filter(project_id=project_id)
    return build_graph(
        revision=revision,
        nodes=(
            Node(id=pk, code=code, kind=kind, type=type_, is_critical=priority == Priority.CRITICAL)
            for pk, code, kind, type_, priority in entities.values_list(
                "pk", "code", "kind", "type", "priority"
            ).iterator(chunk_size=10_000)
        ),
        edges=references.order_by()
        .values_list("source_id", "target_id", "facets", "role", "follow")
        .iterator(chunk_size=10_000),
    )
