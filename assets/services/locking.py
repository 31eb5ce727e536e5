"""The lock that serialises what changes a project's graph."""

from assets.models import Project
from assets.models.project import read_revision_clock


def lock_project(*, project_id: int) -> Project:
    """Lock the project's row until the transaction ends; call it before any other lock.

    Two racing writers who each check for cycles before writing let a cycle in between them; with
    this lock first, the second one checks what the first one wrote. NO KEY, so that rows that
    refer to the project can still be inserted by others.
    """
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


def advance_graph_revision(*, project: Project) -> None:
    """Count one more change of the graph; the caller holds the project's lock."""
    project.graph_revision = max(project.graph_revision + 1, read_revision_clock())
    Project.objects.filter(pk=project.pk).update(graph_revision=project.graph_revision)
