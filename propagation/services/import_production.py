"""Bring a production file into the database: what it says is what exists afterwards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import AssetReference, Entity, Kind, Project, Role
from assets.services.access import check_role
from assets.services.locking import advance_graph_revision
from assets.services.statistics import refresh_statistics
from propagation.audit.trail import Trace, id_of
from propagation.execution.cause import Cause
from propagation.execution.start import start_run
from propagation.interchange.production import Production, RecordedEntity
from propagation.live.events import News, record_events
from propagation.models import PropagationRun, RunKind
from propagation.services.change_content import rename_entities
from propagation.services.import_rows import (
    REASON,
    check_types,
    compare_references,
    create_entities,
    open_project,
    read_types,
    record_project,
)
from propagation.services.relinking import Relinking, list_inputs, write_relinking
from versions.canonical import JsonObject, hash_text
from versions.models import Consumption, Content, Head, Origin, Version, VersionInput
from versions.services.classify import classify_changes, read_set_back
from versions.services.drafting import Edits, draft_versions
from versions.services.following import read_kept
from versions.services.heads import HeadState, lock_heads
from versions.services.publish import Stamp, find_time, publish_versions, store_contents
from versions.services.slots import check_unlocked

WRITTEN_TABLES = (
    Entity,
    AssetReference,
    Content,
    Version,
    VersionInput,
    Head,
    Consumption,
)


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
    DefectiveProductionError when an id has another type in the project; EntityLockedError when it
    would change one that is locked; RoleTooLowError.
    """
    project = open_project(production, project_code)
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    entities = [record_project(project), *production.entities]
    present = read_types(project)
    check_types(entities, present)
    new = [one for one in entities if one.code not in present]
    created = create_entities(project, new, actor, at)
    ids = {code: pk for code, (pk, _) in present.items()} | created
    heads = lock_heads(Head.objects.filter(entity__project=project))
    changed = {
        ids[one.code]: one
        for one in entities
        if ids[one.code] not in heads or heads[ids[one.code]].content_sha256 != hash_text(one.body)
    }
    relinking = compare_references(project, production, ids)
    run = None
    if changed or not relinking.is_empty:
        check_unlocked(entity_ids={*changed, *(use.target_id for use in relinking.uses)})
        advance_graph_revision(project=project)
        edits = _write(project, relinking, changed, ids, heads, actor, at)
        order = [ids[code] for code in (entities[0].code, *production.order)]
        cause = Cause(kind=RunKind.IMPORT, actor=actor, note=REASON)
        run = _publish(project, edits, order, heads, cause, at)
        refresh_statistics(tables=WRITTEN_TABLES, written=len(changed) + len(relinking.added))
    if dry_run:
        transaction.set_rollback(True)
    counted = [one for one in new if one.kind != Kind.PROJECT]
    return ImportReport(
        project=project.code,
        created=len(counted),
        changed=sum(one.code in present for one in changed.values() if one.kind != Kind.PROJECT),
        kept=len(present.keys() - {one.code for one in entities}),
        references_added=len(relinking.added),
        references_changed=len(relinking.changed),
        references_removed=len(relinking.removed),
        run=run,
    )


def _write(
    project: Project,
    relinking: Relinking,
    changed: Mapping[int, RecordedEntity],
    ids: Mapping[str, int],
    heads: Mapping[int, HeadState],
    actor: User | None,
    at: datetime,
) -> Edits:
    """Write references, names and contents; return what the new versions have to carry."""
    added_ids = write_relinking(
        relinking=relinking, project=project, actor=actor, reason=REASON, at=at
    )
    codes = {pk: code for code, pk in ids.items()}
    facets = classify_changes(
        project_id=project.pk,
        heads=heads,
        contents={pk: json.loads(one.body) for pk, one in changed.items() if pk in heads},
    )
    rename_entities(names={pk: one.name for pk, one in changed.items()}, actor=actor, at=at)
    content_ids = store_contents(one.body for one in changed.values())
    hashes = {pk: hash_text(one.body) for pk, one in changed.items()}
    return Edits(
        codes=codes,
        contents={pk: (content_ids[sha256], sha256) for pk, sha256 in hashes.items()},
        inputs=list_inputs(relinking=relinking, added_ids=added_ids, codes=codes),
        note=REASON,
        kept=read_kept(AssetReference.objects.filter(project=project)),
        changed=facets,
        set_back=read_set_back(heads=heads.values()),
    )


def _publish(
    project: Project,
    edits: Edits,
    order: Sequence[int],
    heads: Mapping[int, HeadState],
    cause: Cause,
    at: datetime,
) -> PropagationRun | None:
    """Publish the versions; start a run for what depends on those that existed before."""
    stamp = Stamp(origin=Origin.IMPORTED, at=at, author=cause.actor)
    sealed = draft_versions(edits=edits, order=order, heads=heads, stamp=stamp)
    version_ids = publish_versions(sealed)
    at = find_time(sealed, at)
    counts: JsonObject = {"versions": len(version_ids)}
    trace = Trace(actor_id=id_of(cause.actor), reason=REASON, after=counts)
    news = [News(type="production_imported", payload=counts, trace=trace)]
    sources = {pk: version_ids[pk] for pk in version_ids if pk in heads}
    facets = {one.draft.entity_id: one.draft.changed for one in sealed}
    if not sources:
        record_events(project_id=project.pk, news=news, at=at)
        return None
    return start_run(
        project_id=project.pk,
        sources=sources,
        before=heads,
        facets=facets,
        cause=cause,
        at=at,
        news=news,
    )
