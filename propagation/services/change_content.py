"""Publish new content of entities and start the run that brings their dependents up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity, Kind, Project
from assets.services.history import credit, record_history
from assets.setwise import select_ids, update_rows
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.stale import check_nothing_shown
from propagation.execution.start import start_run
from propagation.execution.telling import tell_versions
from propagation.models import Conflict, ConflictStatus, PropagationRun
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.change import FieldChange, find_changes
from versions.facets import NO_FACETS
from versions.models import Content, Origin
from versions.services.classify import classify_changes, read_set_back
from versions.services.heads import HeadState, VersionRef
from versions.services.made_from import MERGES, make_own_input
from versions.services.publish import (
    Draft,
    Input,
    Stamp,
    find_time,
    publish_versions,
    store_contents,
)
from versions.services.slots import lock_entities


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a change did. run None: it changed nothing, and nothing was written.

    version_numbers: the current version of each entity that was named, by entity id. changed:
    those of them that got a new one. conflicts: what the change met; where one is open, its part
    of the change was not written.
    """

    run: PropagationRun | None
    version_numbers: Mapping[int, int]
    changed: frozenset[int] = frozenset()
    conflicts: Sequence[Conflict] = ()

    @property
    def affected(self) -> int:
        """How many dependents the change reaches: the run's, and those that rules kept back."""
        return self.run.total + self.run.kept if self.run else 0

    @property
    def open_conflicts(self) -> list[Conflict]:
        """Those that wait for a person."""
        return [one for one in self.conflicts if one.status == ConflictStatus.OPEN]

    @property
    def runs(self) -> list[PropagationRun]:
        """The run, if there is one."""
        return [self.run] if self.run else []


def publish_contents(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    before: Mapping[int, JsonObject],
    contents: Mapping[int, JsonObject],
    origin: Origin,
    cause: Cause,
    at: datetime,
    merged_from: Mapping[int, VersionRef] | None = None,
) -> Outcome:
    """Publish the contents that differ from what the heads carry, and start one run for them.

    before: what they carry; contents: what they shall; both by entity id. merged_from: the version
    that one side of a merged content started from; the other parent is the version before. The
    caller holds the locks on the heads, in the same transaction.
    """
    bodies = {entity_id: write_canonical(content) for entity_id, content in contents.items()}
    changed = {
        entity_id: body
        for entity_id, body in bodies.items()
        if hash_text(body) != heads[entity_id].content_sha256
    }
    if not changed:
        check_nothing_shown(cause.shown)
        return Outcome(run=None, version_numbers={pk: heads[pk].best_number for pk in contents})
    content_ids = store_contents(changed.values())
    facets = classify_changes(
        project_id=project_id, heads=heads, contents={pk: contents[pk] for pk in changed}
    )
    drafts = [
        Draft(
            entity_id=entity_id,
            entity_code=heads[entity_id].entity_code,
            head=heads[entity_id],
            content_id=content_ids[hash_text(body)],
            content_sha256=hash_text(body),
            inputs=_list_parents(heads[entity_id], (merged_from or {}).get(entity_id)),
            changed=facets[entity_id],
            note=cause.note,
        )
        for entity_id, body in changed.items()
    ]
    return publish_drafts(
        project_id=project_id,
        heads=heads,
        drafts=drafts,
        contents={pk: contents[pk] for pk in changed},
        changes={pk: find_changes(before[pk], contents[pk]) for pk in changed},
        origin=origin,
        cause=cause,
        at=at,
    )


def _list_parents(head: HeadState, merged_from: VersionRef | None) -> list[Input]:
    """Return the version that a merged one comes from as well, beside the one before it."""
    if merged_from is None:
        return []
    pk, code = head.entity_id, head.entity_code
    return [make_own_input(entity_id=pk, entity_code=code, role=MERGES, version=merged_from)]


def publish_drafts(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    drafts: Sequence[Draft],
    contents: Mapping[int, JsonObject],
    changes: Mapping[int, Sequence[FieldChange]],
    origin: Origin,
    cause: Cause,
    at: datetime,
) -> Outcome:
    """Publish the drafts, keep names in step with the contents, and start one run for all.

    changes: what differs in the contents, by entity id.
    """
    set_back = read_set_back(heads=heads.values())
    stamp = Stamp(origin=origin, at=at, author=cause.actor)
    sealed = [draft.seal(stamp) for draft in drafts]
    version_ids = publish_versions(sealed)
    at = find_time(sealed, at)
    names = {pk: content.get("name") for pk, content in contents.items()}
    rename_entities(names=names, actor=cause.actor, at=at)
    mirror_project(project_id=project_id, contents=contents, actor=cause.actor)
    numbers = {one.draft.entity_id: one.number for one in sealed}
    run = start_run(
        project_id=project_id,
        sources=version_ids,
        before=heads,
        facets={
            draft.entity_id: draft.changed | set_back.get(draft.entity_id, NO_FACETS)
            for draft in drafts
        },
        facts=tell_fields(changes),
        cause=cause,
        at=at,
        news=tell_versions(sealed, heads=heads, changes=changes, cause=cause),
    )
    unchanged = {pk: head.best_number for pk, head in heads.items() if pk not in numbers}
    return Outcome(run=run, version_numbers=unchanged | numbers, changed=frozenset(numbers))


def rename_entities(*, names: Mapping[int, object], actor: User | None, at: datetime) -> None:
    """Write the names that differ from the entities', with their history."""
    wanted = {pk: name if isinstance(name, str) else "" for pk, name in names.items()}
    present = dict(Entity.objects.filter(pk__in=select_ids(wanted)).values_list("pk", "name"))
    renamed = [(pk, name) for pk, name in wanted.items() if present[pk] != name]
    if not renamed:
        return
    lock_entities(ids=[pk for pk, _ in renamed])
    update_rows(model=Entity, key="id", columns=["name"], rows=renamed)
    record_history(
        model=Entity,
        ids=[pk for pk, _ in renamed],
        change="~",
        actor=actor,
        reason="name of a new version",
        at=at,
    )


def mirror_project(
    *, project_id: int, contents: Mapping[int, JsonObject], actor: User | None
) -> None:
    """Write a new definition of the project itself into the project's row, with its history.

    The caller locked that row before the heads.
    """
    own = Entity.objects.filter(project=project_id, kind=Kind.PROJECT, pk__in=list(contents))
    entity = own.first()
    if entity is None:
        return
    project = Project.objects.get(pk=project_id)
    details = dict(contents[entity.pk])
    name = details.pop("name", None)
    project.name = name if isinstance(name, str) and name else project.code
    project.details = details
    credit(project, actor)
    project.save(update_fields=["name", "details"])


def load_contents(*, heads: Mapping[int, HeadState]) -> dict[int, JsonObject]:
    """Return the content that each head's best version carries, by entity id; one statement."""
    stored = Content.objects.in_bulk([head.content_id for head in heads.values()])
    return {entity_id: stored[head.content_id].data for entity_id, head in heads.items()}
