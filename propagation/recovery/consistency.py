"""Prove that a project is up to date, or list what is not."""

from collections.abc import Iterator
from dataclasses import dataclass

from assets.models import AssetReference, Entity, Project
from propagation.execution.outdated import find_uncovered
from versions.models import DEFINITION
from versions.services.following import find_outdated

REPAIRABLE = ("outdated", "never-consumed")
"""Kinds of exceptions that a run brings up to date."""


@dataclass(frozen=True, kw_only=True)
class Inconsistency:
    """One exception to the invariant. kind: outdated, never-consumed or no-version."""

    kind: str
    project: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class ProjectCheck:
    """What a check of one project found.

    excused: outdated references whose target an unfinished run contains, or whose item failed.
    """

    project: str
    references: int
    excused: int
    exceptions: tuple[Inconsistency, ...]


def check_project(*, project: Project) -> ProjectCheck:
    """Check the invariant: every reference's target consumed the version that it follows."""
    references = AssetReference.objects.filter(project=project)
    uncovered = tuple(_list_uncovered(project))
    return ProjectCheck(
        project=project.code,
        references=references.count(),
        excused=find_outdated(references).count() - len(uncovered),
        exceptions=(*_list_unversioned(project), *uncovered),
    )


def _list_unversioned(project: Project) -> Iterator[Inconsistency]:
    entities = Entity.objects.filter(project=project).exclude(heads__slot=DEFINITION)
    for code in entities.order_by("code").values_list("code", flat=True):
        yield Inconsistency(kind="no-version", project=project.code, detail=code)


def _list_uncovered(project: Project) -> Iterator[Inconsistency]:
    rows = (
        find_uncovered(AssetReference.objects.filter(project=project))
        .order_by("target__code", "source__code")
        .values_list("source__code", "target__code", "role", "consumption__version__number")
    )
    for source, target, role, consumed in rows.iterator(chunk_size=10_000):
        version = f"v{consumed}" if consumed else "none of its versions"
        yield Inconsistency(
            kind="outdated" if consumed else "never-consumed",
            project=project.code,
            detail=f"{target} uses {source} ({role}) at {version}",
        )
