"""The graph of a project as a cache: one per process, keyed by the project's graph revision."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from functools import partial
from threading import Lock, local

from django.db import connection, transaction
from prometheus_client import Counter

from assets.graph.dependency_graph import DependencyGraph, Edge, build_graph
from assets.graph.nodes import Node
from assets.models import AssetReference, Entity, Priority, Project
from assets.setwise import select_ids

CACHED_PROJECTS = 8
"""Graphs kept per process; the one used longest ago goes first."""

LOADS = Counter(
    "continuity_graph_loads",
    "Graphs of projects: found in memory (hit), edited there (relinked) or read anew (miss).",
    ["result"],
)

MOST_RELINKED = 10_000
"""Edited pairs up to which a cached graph is edited as well."""
EDGE = ("source_id", "target_id", "facets", "role", "follow")

_cache: OrderedDict[int, DependencyGraph] = OrderedDict()
_local = local()
"""Graphs by project that the transaction of this thread has read or edited, as `kept`."""
_lock = Lock()


def load_graph(*, project_id: int) -> DependencyGraph:
    """Return the project's graph as of now, from the cache unless its revision has moved.

    A hit costs one statement. A graph read while somebody writes is read again until the revision
    before and after agree, so that a revision always names one graph. What a transaction reads is
    kept for all when it commits: one that is rolled back may have read its own changes.
    """
    revision = _read_revision(project_id)
    cached = _find(project_id, revision)
    if cached is not None:
        LOADS.labels("hit").inc()
        return cached
    LOADS.labels("miss").inc()
    graph = None
    while graph is None:
        graph = _try_to_read(project_id, revision)
        now = _read_revision(project_id)
        if now != revision:
            revision, graph = now, None
    _keep_when_committed(project_id, graph)
    return graph


def relink_graph(*, project: Project, before: int, pairs: Collection[Edge]) -> None:
    """Bring a cached graph to the project's revision, when references of these pairs were edited.

    before: the revision until then. One statement instead of all references; nothing when the
    graph is not here, or so much was edited that it is read anew as fast.
    """
    if len(pairs) > MOST_RELINKED:
        return
    cached = _find(project.pk, before)
    if cached is None:
        return
    ends = [select_ids({pair[end] for pair in pairs}) for end in (0, 1)]
    rows = AssetReference.objects.filter(
        project=project, source_id__in=ends[0], target_id__in=ends[1]
    ).order_by()
    edges = [row for row in rows.values_list(*EDGE) if row[:2] in pairs]
    edited = cached.relink(revision=project.graph_revision, pairs=pairs, edges=edges)
    LOADS.labels("relinked").inc()
    _keep_when_committed(project.pk, edited)


def _find(project_id: int, revision: int) -> DependencyGraph | None:
    """Return the graph of a revision, if the cache or the transaction under way has it."""
    under_way = _list_uncommitted().get(project_id)
    if under_way is not None and under_way.revision == revision:
        return under_way
    with _lock:
        cached = _cache.get(project_id)
        if cached is None or cached.revision != revision:
            return None
        _cache.move_to_end(project_id)
        return cached


def _list_uncommitted() -> dict[int, DependencyGraph]:
    """Return the graphs of the transaction under way, by project; what was rolled back is gone.

    Django forgets what was to be done at the commit of what is rolled back, savepoints included.
    """
    callbacks = {id(callback) for _, callback, *_ in connection.run_on_commit}
    kept: dict[int, tuple[DependencyGraph, Callable[[], None]]] = getattr(_local, "kept", {})
    _local.kept = {pk: one for pk, one in kept.items() if id(one[1]) in callbacks}
    return {pk: graph for pk, (graph, _) in _local.kept.items()}


def _keep_when_committed(project_id: int, graph: DependencyGraph) -> None:
    keep = partial(_keep, project_id, graph)
    transaction.on_commit(keep)
    _list_uncommitted()
    _local.kept[project_id] = (graph, keep)


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
        edges=references.order_by().values_list(*EDGE).iterator(chunk_size=10_000),
    )
