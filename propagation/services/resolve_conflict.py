"""Resolve conflicts that wait for a person: choose, dismiss, withdraw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet

from assets.models import Entity, Kind, Project, Role
from assets.services.access import check_role
from assets.services.locking import lock_project
from propagation.conflicts.edits import read_cause
from propagation.conflicts.fields import REFERENCE_SIDES, SIDES
from propagation.conflicts.policy import Resolving
from propagation.conflicts.store import close_conflict, tell_conflicts
from propagation.conflicts.strategies import Way
from propagation.exceptions import ConflictNotFoundError, ConflictOverError, InvalidChoiceError
from propagation.execution.cause import Cause
from propagation.live.events import record_events
from propagation.models import Conflict, ConflictStatus, Subject
from propagation.services.annotate_version import annotate_version
from propagation.services.change_content import Outcome
from propagation.services.change_references import change_references, read_edge
from propagation.services.examine_changes import Change
from propagation.services.pin_references import pin_reference, read_terms
from propagation.services.propagate_change import propagate_change
from versions.models import DEFINITION, Head
from versions.services.annotate import Remark
from versions.services.heads import lock_heads


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person says of a conflict.

    choices: per field {"take": side} or {"value": any}; None takes a choice back. proceeds: do it
    whatever stands in the way. theirs: number of the version whose side they saw; None: any.
    """

    choices: Mapping[str, Mapping[str, Any] | None]
    proceeds: bool = False
    note: str = ""
    theirs: int | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What came of it. outcome: what was written; None: the conflict waits on.

    is_overtaken: it is not what the person decided about, because something else happened.
    """

    conflict: Conflict
    outcome: Outcome | None = None
    is_overtaken: bool = False


def find_conflicts(*, user: User | AnonymousUser | None) -> QuerySet[Conflict]:
    """Return the conflicts that the user may see, with all that describes them; None: all."""
    rows: QuerySet[Conflict] = Conflict.objects.select_related(
        "project", "entity", "author", "closed_by", "base", "theirs", "version"
    ).prefetch_related("affected_users")
    if user is None:
        return rows
    return rows.filter(project__in=Project.objects.visible_to(user))


def find_conflict(*, pk: int, user: User | AnonymousUser | None) -> Conflict:
    """Return one of them; ConflictNotFoundError."""
    found = find_conflicts(user=user).filter(pk=pk).first()
    if found is None:
        raise ConflictNotFoundError
    return found


@transaction.atomic
def resolve_conflict(
    *, pk: int, decision: Decision, actor: User | None, at: datetime
) -> Resolution:
    """Keep the choices, and do the edit when nothing is left to choose.

    It is merged anew with what is there now. Choices stay; of a field that somebody changed since
    it was chosen for, the choice has to be made again. To proceed needs a supervisor.
    RoleTooLowError, ConflictNotFoundError, ConflictOverError, InvalidChoiceError, and those of the
    edit.
    """
    conflict = _lock(pk)
    needed = Role.SUPERVISOR if decision.proceeds else Role.ARTIST
    check_role(actor=actor, project_id=conflict.project_id, needed=needed)
    _check_open(conflict)
    theirs = conflict.theirs.number if conflict.theirs else None
    if decision.theirs not in (None, theirs):
        return Resolution(conflict=find_conflict(pk=pk, user=None), is_overtaken=True)
    _check_choices(conflict, decision)
    _check_way(conflict, decision)
    changed = {**conflict.choices, **decision.choices}
    conflict.choices = {field: one for field, one in changed.items() if one is not None}
    conflict.save(update_fields=["choices"])
    before = _sort(conflict.fields)
    resolving = Resolving(
        conflict_id=pk,
        fields=conflict.fields,
        choices=conflict.choices,
        is_forced=decision.proceeds,
    )
    cause = read_cause(conflict.edit, actor, decision.note)
    outcome = WAYS[Subject(conflict.subject)](conflict, cause, at, resolving)
    if outcome.open_conflicts:
        found = find_conflict(pk=pk, user=None)
        is_chosen = all(one["field"] in found.choices for one in found.fields)
        is_overtaken = before != _sort(found.fields) or is_chosen
        return Resolution(conflict=found, is_overtaken=is_overtaken)
    conflict.run, conflict.version_id = outcome.run, _find_result(conflict)
    close_conflict(
        conflict=conflict,
        status=ConflictStatus.RESOLVED,
        actor=actor,
        at=at,
        reason=decision.note,
    )
    record_events(project_id=conflict.project_id, news=tell_conflicts([conflict]), at=at)
    return Resolution(conflict=find_conflict(pk=pk, user=None), outcome=outcome)


@transaction.atomic
def dismiss_conflict(*, pk: int, reason: str, actor: User | None, at: datetime) -> Conflict:
    """Leave the edit out. Its author may, and supervisors; errors as resolve_conflict."""
    return _leave_out(pk, ConflictStatus.DISMISSED, reason, actor, at)


@transaction.atomic
def withdraw_edit(*, pk: int, reason: str, actor: User | None, at: datetime) -> Conflict:
    """Take the edit back, as its author; the conflict expires. Errors as resolve_conflict."""
    return _leave_out(pk, ConflictStatus.EXPIRED, reason or "withdrawn by its author", actor, at)


def _sort(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(fields, key=lambda one: str(one["field"]))


def _leave_out(
    pk: int, status: ConflictStatus, reason: str, actor: User | None, at: datetime
) -> Conflict:
    conflict = _lock(pk)
    is_own = actor is None or conflict.author_id == actor.pk
    if status == ConflictStatus.EXPIRED and not is_own:
        raise ConflictNotFoundError
    needed = Role.ARTIST if is_own else Role.SUPERVISOR
    check_role(actor=actor, project_id=conflict.project_id, needed=needed)
    _check_open(conflict)
    close_conflict(conflict=conflict, status=status, actor=actor, at=at, reason=reason)
    record_events(project_id=conflict.project_id, news=tell_conflicts([conflict]), at=at)
    return find_conflict(pk=pk, user=None)


def _lock(pk: int) -> Conflict:
    """Return the conflict, locked behind all that its edit locks, as everybody who writes one does.

    The graph first where the edit is about that, then heads in ascending id.
    """
    conflict = find_conflict(pk=pk, user=None)
    entity = conflict.entity
    if conflict.subject == Subject.REFERENCES or entity.kind == Kind.PROJECT:
        lock_project(project_id=conflict.project_id)
    edges = [*conflict.edit.get("added", ()), *conflict.edit.get("removed", ())]
    codes = {entity.code, *(edge[end] for edge in edges for end in ("source", "target"))}
    ends = Entity.objects.filter(project=conflict.project_id, code__in=codes)
    lock_heads(Head.objects.filter(entity__in=ends.values("pk")))
    rows: QuerySet[Conflict] = Conflict.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("entity__project", "closed_by", "theirs").get(pk=pk)


def _check_open(conflict: Conflict) -> None:
    if conflict.status != ConflictStatus.OPEN:
        by = conflict.closed_by.username if conflict.closed_by else None
        raise ConflictOverError(status=conflict.status, by=by, at=conflict.closed_at)


def _check_choices(conflict: Conflict, decision: Decision) -> None:
    known = {one["field"]: one for one in conflict.fields}
    for field, choice in decision.choices.items():
        pointer = f"/choices/{field.replace('~', '~0').replace('/', '~1')}"
        if field not in known:
            raise InvalidChoiceError(pointer, f"{field} is no field of this conflict.")
        if choice is None:
            continue
        if choice.keys() not in ({"take"}, {"value"}) or choice.get("take", "base") not in SIDES:
            detail = f"Take one of {', '.join(SIDES)}, or give a value."
            raise InvalidChoiceError(pointer, detail)
        if not _keeps_id(known[field], choice):
            raise InvalidChoiceError(pointer, "Its id stays; null removes it.")
        if conflict.subject != Subject.CONTENT and choice.get("take") not in REFERENCE_SIDES:
            sides = ", ".join(REFERENCE_SIDES)
            raise InvalidChoiceError(pointer, f"Of a reference, take one of {sides}.")


def _keeps_id(field: Mapping[str, Any], choice: Mapping[str, Any]) -> bool:
    """Tell whether a typed value of a record, such as props[lamp], is still that record."""
    value = choice.get("value")
    if value is None or not field["field"].endswith("]"):
        return True
    records = [field[side] for side in SIDES if isinstance(field.get(side), dict)]
    ids = {str(record["id"]) for record in records if "id" in record}
    return not ids or (isinstance(value, dict) and str(value.get("id")) in ids)


def _check_way(conflict: Conflict, decision: Decision) -> None:
    if decision.proceeds and Way.PROCEED not in conflict.options:
        raise InvalidChoiceError("/proceed", "Nothing stands in the way that could be overruled.")


def _change_content(
    conflict: Conflict, cause: Cause, at: datetime, resolving: Resolving
) -> Outcome:
    edit = conflict.edit
    change = Change(
        entity=conflict.entity,
        data=edit["data"],
        base_version=edit["base_version"],
        has_groups=edit["has_groups"],
    )
    return propagate_change(change=change, cause=cause, at=at, resolving=resolving)


def _change_references(
    conflict: Conflict, cause: Cause, at: datetime, resolving: Resolving
) -> Outcome:
    edit, project_id = conflict.edit, conflict.project_id
    if "terms" in edit:
        return pin_reference(
            edge=read_edge(edit["added"][0], project_id=project_id),
            terms=read_terms(edit["terms"]),
            cause=cause,
            at=at,
            base_version=edit["base_version"],
            resolving=resolving,
            owner=conflict.author,
        )
    return change_references(
        added=[read_edge(one, project_id=project_id) for one in edit["added"]],
        removed=[read_edge(one, project_id=project_id) for one in edit["removed"]],
        cause=cause,
        at=at,
        base_version=edit["base_version"],
        resolving=resolving,
    )


def _hide(conflict: Conflict, cause: Cause, at: datetime, resolving: Resolving) -> Outcome:
    edit = conflict.edit
    found = annotate_version(
        entity=conflict.entity,
        slot=edit["slot"],
        number=edit["number"],
        remark=Remark(is_hidden=True, note=edit["note"]),
        cause=cause,
        at=at,
        resolving=resolving,
    )
    return Outcome(run=found.run, version_numbers={}, conflicts=found.conflicts)


WAYS: Mapping[Subject, Callable[[Conflict, Cause, datetime, Resolving], Outcome]] = {
    Subject.CONTENT: _change_content,
    Subject.REFERENCES: _change_references,
    Subject.VISIBILITY: _hide,
}
"""How the edits of each subject are done again."""


def _find_result(conflict: Conflict) -> int | None:
    """Return the version that the entity is at, now that the conflict is resolved."""
    head = Head.objects.filter(entity=conflict.entity_id, slot=DEFINITION)
    return head.values_list("best_id", flat=True).first()
