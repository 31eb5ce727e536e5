"""Take a run back: what it changed returns, and with it all that followed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from assets.exceptions import CycleError
from assets.graph.cache import load_graph
from assets.models import AssetReference, Project, Role
from assets.services.access import check_role
from assets.services.locking import lock_project
from assets.setwise import select_ids
from propagation.exceptions import InvalidRunStateError
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.start import Preview, preview
from propagation.models import ItemState, PropagationRun, RunKind
from propagation.services.change_content import Outcome
from propagation.services.publish_revision import (
    Revision,
    find_revised,
    publish_revision,
)
from propagation.services.relinking import Relinking
from propagation.services.restoring import restore_links, return_inputs
from versions.canonical import hash_text, write_canonical
from versions.change import FieldChange, find_changes
from versions.models import DEFINITION, Head, Origin, Version
from versions.services.heads import HeadState, VersionRef, lock_heads, read_heads
from versions.services.slots import check_unlocked


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a run did to one entity: its best version before and after.

    newest: the number of its latest version then, which is that of `after` unless that was chosen
    among the older ones.
    """

    entity_id: int
    code: str
    before: Version
    after: Version
    newest: int

    @property
    def reverted(self) -> VersionRef:
        """The version before, as the one that returns to it remembers it."""
        return VersionRef(
            entity_id=self.entity_id, id=self.before.pk, checksum=self.before.checksum
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An entity that somebody changed since, so that it stays: code, and its newest number."""

    code: str
    number: int
    author: str | None


@dataclass(frozen=True, kw_only=True)
class Undo:
    """What taking a run back comes to.

    revision: what is published. fields: what returns in each source, by entity id. returned: codes
    of the entities that return. kept: those that were changed since.
    """

    revision: Revision
    fields: Mapping[int, Sequence[FieldChange]]
    returned: Sequence[str]
    kept: Sequence[Kept]


@dataclass(frozen=True, kw_only=True)
class UndoPreview:
    """What an undo would do now. found None: nothing is left to take back.

    Of each entity that would get a version, by entity id: codes, bases, the numbers of the best
    versions, and contents, the SHA-256 of what it would carry.
    """

    undo: Undo
    found: Preview | None
    codes: Mapping[int, str]
    bases: Mapping[int, int]
    contents: Mapping[int, str]


@transaction.atomic
def undo_run(
    *, run_id: int, only: Collection[int] | None, cause: Cause, at: datetime
) -> tuple[Undo, Outcome]:
    """Publish what was before the run again, for all that nobody changed since; start a run.

    Sources get back their content and their references, and what follows them is rebuilt from
    that. only: targets of the run, by entity id, that go back by themselves: their references
    are pinned to what they consumed before it. What was changed since is left as it is. An undo
    is a run like others: it can be undone too. RoleTooLowError, EntityLockedError, CycleError;
    InvalidRunStateError when nothing of the run can be taken back.
    """
    run = PropagationRun.objects.select_related("project").get(pk=run_id)
    check_role(actor=cause.actor, project_id=run.project_id, needed=Role.SUPERVISOR)
    project = lock_project(project_id=run.project_id)
    heads = lock_heads(Head.objects.filter(entity__in=select_ids(_list_entities(run, only))))
    undo = _find_undo(run, only, heads)
    check_unlocked(entity_ids=undo.revision.target_ids)
    if undo.revision.is_empty:
        raise InvalidRunStateError(_say_why(run, undo))
    _check_cycles(project, undo.revision.relinking)
    outcome = publish_revision(
        project=project,
        heads=heads,
        revision=undo.revision,
        origin=Origin.REVERTED,
        cause=replace(cause, undo_of=run.pk),
        at=at,
    )
    return undo, outcome


def preview_undo(*, run_id: int, only: Collection[int] | None, cause: Cause) -> UndoPreview:
    """Return what the undo would do now, and write nothing; same errors."""
    run = PropagationRun.objects.select_related("project").get(pk=run_id)
    check_role(actor=cause.actor, project_id=run.project_id, needed=Role.VIEWER)
    heads = read_heads(Head.objects.filter(entity__in=select_ids(_list_entities(run, only))))
    undo = _find_undo(run, only, heads)
    check_unlocked(entity_ids=undo.revision.target_ids)
    _check_cycles(run.project, undo.revision.relinking)
    if undo.revision.is_empty:
        return UndoPreview(undo=undo, found=None, codes={}, bases={}, contents={})
    found = preview(
        project_id=run.project_id,
        sources=find_revised(project=run.project, heads=heads, revision=undo.revision),
        mode=cause.mode,
        excluded=cause.excluded,
        facts=tell_fields(undo.fields),
    )
    targets = undo.revision.target_ids
    contents = {pk: heads[pk].content_sha256 for pk in targets}
    return UndoPreview(
        undo=undo,
        found=found,
        codes={pk: heads[pk].entity_code for pk in targets},
        bases={pk: heads[pk].best_number for pk in targets},
        contents=contents
        | {
            pk: hash_text(write_canonical(content))
            for pk, content in undo.revision.contents.items()
        },
    )


def _list_entities(run: PropagationRun, only: Collection[int] | None) -> set[int]:
    """Return whoever may get a version by the undo, and what they use or used."""
    steps = _list_steps(run, only)
    targets = {one.entity_id for one in steps}
    versions = Version.objects.filter(pk__in=select_ids(one.after.pk for one in steps))
    used = versions.values_list("inputs__source_id", flat=True)
    linked = AssetReference.objects.filter(target_id__in=select_ids(targets))
    return {*targets, *filter(None, used), *linked.values_list("source_id", flat=True)}


def _list_steps(run: PropagationRun, only: Collection[int] | None) -> list[Step]:
    """Return what the run did to its sources, or to the targets that are meant."""
    rows: QuerySet[Any] = run.sources.all()
    if only is not None:
        rows = run.items.filter(entity_id__in=select_ids(only), state=ItemState.APPLIED)
    newest: dict[int, int] = {}
    if run.kind == RunKind.BEST:
        then = Version.objects.filter(
            entity_id__in=rows.values("entity_id"), slot=DEFINITION, created_at__lte=run.created_at
        )
        newest = dict(then.values_list("entity_id").annotate(Max("number")).order_by())
    return [
        Step(
            entity_id=row.entity_id,
            code=row.entity.code,
            before=row.before,
            after=row.version,
            newest=max(newest.get(row.entity_id, 0), row.version.number),
        )
        for row in rows.exclude(before=None)
        .select_related("entity", "version__content", "before__content")
        .order_by("entity_id")
    ]


def _find_undo(
    run: PropagationRun, only: Collection[int] | None, heads: Mapping[int, HeadState]
) -> Undo:
    """Return what brings the sources back, or the targets that are meant by themselves."""
    steps = _list_steps(run, only)
    kept = _find_kept(steps, heads)
    wanted = [one for one in steps if one.entity_id not in kept]
    turned = [
        one for one in wanted if one.before.content.sha256 != heads[one.entity_id].content_sha256
    ]
    if only is None:
        # A best that was chosen is an older version, whose edits are not this run's.
        is_chosen = run.kind == RunKind.BEST
        links = restore_links(
            changes={} if is_chosen else {one.after.pk: one.before for one in wanted}
        )
    else:
        links = return_inputs(
            steps={one.entity_id: (one.before.number, one.after.number) for one in wanted}
        )
    revision = Revision(
        contents={one.entity_id: one.before.content.data for one in turned},
        relinking=links.relinking,
        pinned=links.pinned,
        reverts={one.entity_id: one.reverted for one in turned},
    )
    return Undo(
        revision=revision,
        fields={
            one.entity_id: find_changes(one.after.content.data, one.before.content.data)
            for one in turned
        },
        returned=[one.code for one in wanted if one.entity_id in revision.target_ids],
        kept=list(kept.values()),
    )


def _find_kept(steps: Sequence[Step], heads: Mapping[int, HeadState]) -> dict[int, Kept]:
    """Return those entities that people changed since; one statement."""
    numbers = {one.entity_id: one.newest for one in steps}
    rows = (
        Version.objects.filter(
            entity_id__in=select_ids(numbers),
            slot=DEFINITION,
            number__gt=min(numbers.values(), default=0),
        )
        .exclude(origin=Origin.PROPAGATED)
        .order_by("entity_id", "number")
        .values_list("entity_id", "entity__code", "number", "author__username")
    )
    kept = {
        pk: Kept(code=code, number=number, author=author)
        for pk, code, number, author in rows
        if number > numbers[pk]
    }
    for one in steps:
        best = heads[one.entity_id].best_number
        is_chosen = best <= one.newest and best != one.after.number
        if is_chosen and one.entity_id not in kept:
            kept[one.entity_id] = Kept(code=one.code, number=best, author=None)
    return kept


def _check_cycles(project: Project, relinking: Relinking) -> None:
    """Refuse what would close a cycle with references that were added since."""
    if not relinking.added:
        return
    graph = load_graph(project_id=project.pk)
    cycle = graph.find_cycle(
        adding=[(use.source_id, use.target_id) for use in relinking.added],
        removing=[(one.use.source_id, one.use.target_id) for one in relinking.removed],
    )
    if cycle:
        raise CycleError([graph.nodes[pk].code for pk in cycle])


def _say_why(run: PropagationRun, undo: Undo) -> str:
    if undo.kept:
        codes = ", ".join(one.code for one in undo.kept[:5])
        return f"What run {run.pk} changed was changed again since: {codes}."
    return f"Run {run.pk} changed nothing of its own that could be taken back."
