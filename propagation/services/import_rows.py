"""The rows of an import: the project, its entities, and how its references differ from the file."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import AssetReference, Entity, Follow, Kind, Priority, Project
from assets.models.entity import write_project_code
from assets.services.history import record_history
from assets.services.locking import lock_project
from assets.setwise import insert_rows
from propagation.interchange.defects import DefectiveProductionError, DefectList
from propagation.interchange.production import Production, RecordedEntity
from propagation.services.comparing import compare_uses
from propagation.services.relinking import Relinking, StoredUse, Use
from versions.canonical import write_canonical
from versions.facets import Facet, get_consumed

REASON = "import"


def open_project(production: Production, code: str) -> Project:
    """Return the locked project, made now if need be; its name and details follow the file."""
    if not Project.objects.filter(code=code).exists():
        made = Project(code=code, name=production.name or code, details=production.details)
        made.full_clean(validate_unique=False)  # another import may make it at the same moment
    made_or_found, _ = Project.objects.get_or_create(
        code=code, defaults={"name": production.name or code, "details": production.details}
    )
    project = lock_project(project_id=made_or_found.pk)
    wanted = (production.name or project.name, production.details)
    if (project.name, project.details) != wanted:
        project.name, project.details = wanted
        project.save(update_fields=["name", "details"])
    return project


def record_project(project: Project) -> RecordedEntity:
    """Return the project as an entity of its own, whose definition is its name and details."""
    return RecordedEntity(
        code=write_project_code(project.code),
        kind=Kind.PROJECT,
        type=Kind.PROJECT,
        name=project.name,
        body=write_canonical({**project.details, "name": project.name}),
        pointer="/project",
    )


def read_types(project: Project) -> dict[str, tuple[int, str]]:
    """Return (id, type) of every entity of the project, by code."""
    rows = Entity.objects.filter(project=project).values_list("code", "pk", "type")
    return {code: (pk, type_) for code, pk, type_ in rows.iterator(chunk_size=10_000)}


def check_types(entities: Iterable[RecordedEntity], present: Mapping[str, tuple[int, str]]) -> None:
    """Raise DefectiveProductionError when an id has another type in the project.

    The project's own entity comes first, so that nothing in the file is called like it.
    """
    defects = DefectList()
    types = {code: type_ for code, (_, type_) in present.items()}
    for one in entities:
        known = types.setdefault(one.code, one.type)
        if known != one.type:
            detail = f"{one.code!r} is a {known} in the project already."
            defects.add(one.pointer, "two-types", detail)
    if defects.total:
        raise DefectiveProductionError(defects.listed, total=defects.total)


def create_entities(
    project: Project,
    entities: Iterable[RecordedEntity],
    actor: User | None,
    at: datetime,
    reason: str = REASON,
) -> dict[str, int]:
    """Insert the entities; return their ids by code."""
    created: dict[str, int] = dict(
        insert_rows(
            model=Entity,
            columns=[
                "project",
                "kind",
                "type",
                "code",
                "name",
                "priority",
                "is_locked",
                "created_at",
            ],
            rows=(
                (project.pk, one.kind, one.type, one.code, one.name, Priority.NORMAL, False, at)
                for one in entities
            ),
            returning=["code", "id"],
        )
    )
    record_history(
        model=Entity, ids=created.values(), change="+", actor=actor, reason=reason, at=at
    )
    return created


def compare_references(
    project: Project, production: Production, ids: Mapping[str, int]
) -> Relinking:
    """Compare the file's references with those stored for the targets that it names."""
    wanted = [
        Use(
            source_id=ids[one.source],
            target_id=ids[one.target],
            role=one.role,
            label="",
            position=one.position,
            attributes=one.attributes,
            facets=get_consumed(one.role),
        )
        for one in production.references
    ]
    named = {ids[one.code] for one in production.entities}
    rows = AssetReference.objects.filter(project=project).values_list(
        "pk",
        "source_id",
        "target_id",
        "role",
        "label",
        "position",
        "attributes",
        "follow",
        "facets",
    )
    stored = [
        StoredUse(
            id=pk,
            use=Use(
                source_id=source,
                target_id=target,
                role=role,
                label=label,
                position=position,
                attributes=attributes,
                follow=Follow(follow),
                facets=Facet(facets),
            ),
        )
        for pk, source, target, role, label, position, attributes, follow, facets in rows.iterator(
            10_000
        )
        if target in named
    ]
    return compare_uses(stored=stored, wanted=wanted)
