"""Change entities and bring all that depends on them up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from assets.models import Role
from assets.services.access import check_role
from propagation.conflicts.policy import Resolving
from propagation.conflicts.store import expire_answered, tell_conflicts
from propagation.conflicts.strategies import Finding
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.start import Preview, preview
from propagation.live.events import record_events
from propagation.planning.plan import Plan
from propagation.rules.rule import Rule
from propagation.services.change_content import Outcome, load_contents, publish_contents
from propagation.services.examine_changes import Change, Ground, examine_changes, keep_conflicts
from propagation.services.opening import open_definitions
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.change import FieldChange, find_changes
from versions.facets import NO_FACETS, Facet
from versions.models import Head, Origin
from versions.services.classify import classify_changes, read_set_back
from versions.services.heads import HeadState, read_heads
from versions.services.slots import check_unlocked


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """What changes would do: per entity id the fields that differ and the version it is at now.

    contents: the SHA-256 of what each that changes would carry. facets: what the fields belong to.
    found None: nothing differs. findings: what the changes would meet.
    """

    fields: Mapping[int, Sequence[FieldChange]]
    base_versions: Mapping[int, int]
    found: Preview | None
    contents: Mapping[int, str] = field(default_factory=dict)
    facets: Mapping[int, Facet] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    @property
    def plan(self) -> Plan | None:
        """What the run would be."""
        return self.found.plan if self.found else None


def propagate_change(
    *, change: Change, cause: Cause, at: datetime, resolving: Resolving | None = None
) -> Outcome:
    """Publish the changed content and start the run; errors as `propagate_changes`."""
    return propagate_changes(changes=[change], cause=cause, at=at, resolving=resolving)


@transaction.atomic
def propagate_changes(
    *,
    changes: Sequence[Change],
    cause: Cause,
    at: datetime,
    resolving: Resolving | None = None,
    is_refused: bool = False,
) -> Outcome:
    """Publish several changes of one project together; one run covers the union of dependents.

    Changes of one entity merge in order into one version. A change that started from an older
    version is merged with what came since; one that a person has to decide about is kept as a
    conflict of the outcome and not written. RoleTooLowError; EntityLockedError;
    InvalidChangeError for fields that are no content; VersionMovedError for a base version that
    was never published. Values that are equal already are no change. is_refused: nothing is
    written but the conflicts, because of a conflict elsewhere.
    """
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.ARTIST)
    heads = open_definitions(entities=[change.entity for change in changes])
    before = load_contents(heads=heads)
    ground = Ground(heads=heads, before=before, cause=cause, at=at, resolving=resolving)
    judged = examine_changes(changes=changes, ground=ground)
    outcome = publish_contents(
        project_id=project_id,
        heads=heads,
        before=before,
        contents=before if is_refused else judged.contents,
        merged_from=judged.merged_from,
        origin=Origin.AUTHORED,
        cause=cause,
        at=at,
    )
    kept = keep_conflicts(judged=judged, ground=ground, run=outcome.run)
    answered = []
    if resolving is None:
        answered = expire_answered(
            fields={pk: _list_fields(before[pk], judged.contents[pk]) for pk in outcome.changed},
            actor=cause.actor,
            at=at,
            besides=kept,
        )
    news = tell_conflicts([*kept, *answered])
    if news:
        record_events(project_id=project_id, news=news, at=at)
    return replace(outcome, conflicts=kept)


def preview_changes(
    *, changes: Sequence[Change], cause: Cause, at: datetime, rules: Sequence[Rule] | None = None
) -> ChangePreview:
    """Return what the changes of one project would do now, and write nothing; same errors.

    rules: those to try; None: those that the project has.
    """
    project_id = changes[0].entity.project_id
    check_role(actor=cause.actor, project_id=project_id, needed=Role.VIEWER)
    heads = read_heads(Head.objects.filter(entity_id__in=[one.entity.pk for one in changes]))
    check_unlocked(entity_ids=list(heads))
    before = load_contents(heads=heads)
    ground = Ground(heads=heads, before=before, cause=cause, at=at, is_dry=True)
    judged = examine_changes(changes=changes, ground=ground)
    found = make_preview(
        project_id=project_id,
        heads=heads,
        fields={pk: find_changes(before[pk], judged.contents[pk]) for pk in heads},
        contents=judged.contents,
        cause=cause,
        rules=rules,
    )
    return replace(found, findings=[one for _, met in judged.met for one in met.findings])


def make_preview(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    fields: Mapping[int, Sequence[FieldChange]],
    contents: Mapping[int, JsonObject],
    cause: Cause,
    rules: Sequence[Rule] | None = None,
) -> ChangePreview:
    """Return the preview of a change of these fields to these contents, with its plan."""
    changed = {pk: contents[pk] for pk, found in fields.items() if found}
    latest = classify_changes(project_id=project_id, heads=heads, contents=changed)
    set_back = read_set_back(heads=[heads[pk] for pk in changed])
    facets = {pk: some | set_back.get(pk, NO_FACETS) for pk, some in latest.items()}
    return ChangePreview(
        fields=fields,
        base_versions={pk: head.best_number for pk, head in heads.items()},
        facets=facets,
        contents={pk: hash_text(write_canonical(content)) for pk, content in changed.items()},
        found=preview(
            project_id=project_id,
            sources=facets,
            mode=cause.mode,
            excluded=cause.excluded,
            facts=tell_fields(fields),
            rules=rules,
        )
        if changed
        else None,
    )


def _list_fields(before: JsonObject, after: JsonObject) -> list[str]:
    return [change.field for change in find_changes(before, after)]
