"""Bring a production file into the database: what it says is what exists afterwards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import AssetReference, Entity, Priority, Project, Role
from assets.services.access import check_role
from assets.services.history import record_history
from assets.services.locking import advance_graph_revision, lock_project
from assets.setwise import insert_rows
from propagation.execution.start import start_run
from propagation.interchange.defects import DefectiveProductionError, DefectList
from propagation.interchange.production import Production, RecordedEntity
from propagation.live.events import News, record_events
from propagation.models import PropagationRun, RunKind, RunMode
from propagation.services.change_content import rename_entities
from propagation.services.relinking import (
    Relinking,
    StoredUse,
    Use,
    compare_uses,
    list_inputs,
    write_relinking,
)
from versions.canonical import hash_text
from versions.models import Head, Origin
from versions.services.drafting import Edits, draft_versions
from versions.services.heads import HeadState, lock_heads
from versions.services.publish import publish_versions, store_contents

REASON = "import"


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did, or would do. run None: nothing downstream is outdated by it.

    kept: entities of the project that the file does not name; they stay as they are.
    """

    project: str
    created: int
    changed: int
    kept: int
    references_added: int
    references_changed: int
    references_removed: int
    run: PropagationRun | None


@transaction.atomic
def import_production(
    *,
    production: Production,
    project_code: str,
    actor: User | None,
    at: datetime,
    dry_run: bool = False,
) -> ImportReport:
    """Create or change the project's entities and references so that they are as in the file.

    One transaction and a constant number of statements (per 50 000 rows). New entities get v1;
    those whose content or references differ get a new version, and one run brings what depends
    on them up to date. The same file again writes nothing. dry_run: all is rolled back.
    DefectiveProductionError when an id has another type in the project; RoleTooLowError.
    """
    project = _open_project(production, project_code, actor, at)
    present = _read_types(project)
    _check_types(production, present)
    new = [one for one in production.entities if one.code not in present]
    ids = {code: pk for code, (pk, _) in present.items()} | _create(project, new, actor, at)
    heads = lock_heads(Head.objects.filter(entity__project=project))
    changed = {
        ids[one.code]: one
        for one in production.entities
        if ids[one.code] not in heads or heads[ids[one.code]].content_sha256 != hash_text(one.body)
    }
    relinking = _compare(project, production, ids)
    run = None
    if changed or not relinking.is_empty:
        advance_graph_revision(project=project)
        edits = _write(project, relinking, changed, ids, actor, at)
        order = [ids[code] for code in production.order]
        run = _publish(project, edits, order, heads, actor, at)
    if dry_run:
        transaction.set_rollback(True)
    return ImportReport(
        project=project.code,
        created=len(new),
        changed=len(changed) - len(new),
        kept=len(present.keys() - {one.code for one in production.entities}),
        references_added=len(relinking.added),
        references_changed=len(relinking.changed),
        references_removed=len(relinking.removed),
        run=run,
    )


def _open_project(production: Production, code: str, actor: User | None, at: datetime) -> Project:
    """Return the locked project, made now if need be; its name and details follow the file."""
    project = Project.objects.filter(code=code).first()
    if project is None:
        project = Project(code=code, name=production.name or code, details=production.details)
        project.full_clean()
        project.save()
        record_events(
            project_id=project.pk, news=[News(type="project_created", payload={"id": code})], at=at
        )
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    project = lock_project(project_id=project.pk)
    wanted = (production.name or project.name, production.details)
    if (project.name, project.details) != wanted:
        project.name, project.details = wanted
        project.save(update_fields=["name", "details"])
    return project


def _read_types(project: Project) -> dict[str, tuple[int, str]]:
    rows = Entity.objects.filter(project=project).values_list("code", "pk", "type")
    return {code: (pk, type_) for code, pk, type_ in rows.iterator(chunk_size=10_000)}


def _check_types(production: Production, present: Mapping[str, tuple[int, str]]) -> None:
    defects = DefectList()
    for one in production.entities:
        known = present.get(one.code)
        if known and known[1] != one.type:
            defects.add(
                one.pointer, "two-types", f"{one.code!r} is a {known[1]} in the project already."
            )
    if defects.total:
        raise DefectiveProductionError(defects.listed, total=defects.total)


def _create(
    project: Project, entities: Iterable[RecordedEntity], actor: User | None, at: datetime
) -> dict[str, int]:
    """Insert the entities; return their ids by code."""
    created: dict[str, int] = dict(
        insert_rows(
            model=Entity,
            columns=["project", "kind", "type", "code", "name", "priority", "created_at"],
            rows=(
                (project.pk, one.kind, one.type, one.code, one.name, Priority.NORMAL, at)
                for one in entities
            ),
            returning=["code", "id"],
        )
    )
    record_history(
        model=Entity, ids=created.values(), change="+", actor=actor, reason=REASON, at=at
    )
    return created


def _compare(project: Project, production: Production, ids: Mapping[str, int]) -> Relinking:
    """Compare the file's references with those stored for the targets that it names."""
    wanted = [
        Use(
            source_id=ids[one.source],
            target_id=ids[one.target],
            role=one.role,
            label="",
            position=one.position,
            attributes=one.attributes,
        )
        for one in production.references
    ]
    named = {ids[one.code] for one in production.entities}
    rows = AssetReference.objects.filter(project=project).values_list(
        "pk", "source_id", "target_id", "role", "label", "position", "attributes"
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
            ),
        )
        for pk, source, target, role, label, position, attributes in rows.iterator(10_000)
        if target in named
    ]
    return compare_uses(stored=stored, wanted=wanted)


def _write(
    project: Project,
    relinking: Relinking,
    changed: Mapping[int, RecordedEntity],
    ids: Mapping[str, int],
    actor: User | None,
    at: datetime,
) -> Edits:
    """Write references, names and contents; return what the new versions have to carry."""
    added_ids = write_relinking(
        relinking=relinking, project=project, actor=actor, reason=REASON, at=at
    )
    codes = {pk: code for code, pk in ids.items()}
    rename_entities(names={pk: one.name for pk, one in changed.items()}, actor=actor, at=at)
    content_ids = store_contents(one.body for one in changed.values())
    hashes = {pk: hash_text(one.body) for pk, one in changed.items()}
    return Edits(
        codes=codes,
        contents={pk: (content_ids[sha256], sha256) for pk, sha256 in hashes.items()},
        inputs=list_inputs(relinking=relinking, added_ids=added_ids, codes=codes),
        note=REASON,
    )


def _publish(
    project: Project,
    edits: Edits,
    order: Sequence[int],
    heads: Mapping[int, HeadState],
    actor: User | None,
    at: datetime,
) -> PropagationRun | None:
    """Publish the versions; start a run for what depends on those that existed before."""
    sealed = draft_versions(edits=edits, order=order, heads=heads)
    version_ids = publish_versions(
        sealed=sealed, origin=Origin.IMPORTED, author=actor, run_id=None, at=at
    )
    record_events(
        project_id=project.pk,
        news=[News(type="production_imported", payload={"versions": len(version_ids)})],
        at=at,
    )
    sources = {pk: version_ids[pk] for pk in version_ids if pk in heads}
    if not sources:
        return None
    return start_run(
        project_id=project.pk,
        kind=RunKind.IMPORT,
        mode=RunMode.AUTO,
        sources=sources,
        actor=actor,
        note=REASON,
        notify_users=True,
        at=at,
    )
