"""Change an entity, roll it back, choose its best version."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Entity, Role
from propagation.admin.intents.values import (
    Asked,
    Done,
    Intent,
    NothingChangesError,
    Order,
    Proposal,
    tell_run,
)
from propagation.exceptions import PlanStaleError
from propagation.execution.cause import Cause
from propagation.models import RunKind, RunMode
from propagation.services.change_content import Outcome
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import (
    ChangePreview,
    preview_changes,
    propagate_change,
)
from propagation.services.roll_back import preview_rollback, roll_back
from propagation.services.set_best import preview_best, set_best
from versions.models import DEFINITION

NAMED = 20
"""Entities or versions that a remark names."""


def load_entity(asked: Asked) -> Entity:
    """Return the entity that is meant."""
    entity: Entity = Entity.objects.select_related("project").get(pk=asked["entity"])
    return entity


def read_change(asked: Asked) -> Change:
    """Return the edit that is meant."""
    return Change(
        entity=load_entity(asked),
        data=asked["data"],
        base_version=asked["base_version"],
        has_groups=False,
    )


def make_cause(kind: RunKind, asked: Asked, order: Order | None, actor: User) -> Cause:
    """Return why a run starts; order: what is carried out, None for a preview."""
    return Cause(
        kind=kind,
        actor=actor,
        note=order.note if order else "",
        mode=RunMode(asked.get("mode", RunMode.AUTO)),
        shown=order.shown if order else None,
    )


def _propose_change(asked: Asked, actor: User) -> Proposal:
    change = read_change(asked)
    cause = make_cause(RunKind.CHANGE, asked, None, actor)
    found = preview_changes(changes=[change], cause=cause, at=timezone.now())
    if found.found is None and not found.findings:
        raise NothingChangesError
    remarks = [
        f"{one.met.description} Both go together."
        if one.decision.is_settled
        else f"{one.met.description} You will be asked to choose."
        for one in found.findings
    ]
    return _describe(
        change.entity,
        found,
        title=f"Change {change.entity.code} and propagate",
        verb="Change",
        remarks=remarks,
    )


def _change(order: Order) -> Done:
    change = read_change(order.asked)
    cause = make_cause(RunKind.CHANGE, order.asked, order, order.actor)
    outcome = propagate_change(change=change, cause=cause, at=order.at)
    return tell_outcome(change.entity, outcome, order)


def _propose_rollback(asked: Asked, actor: User) -> Proposal:
    entity, number = load_entity(asked), asked["number"]
    found = preview_rollback(
        entity=entity,
        to_version=number,
        cause=make_cause(RunKind.ROLLBACK, asked, None, actor),
        base_version=asked["base_version"],
    )
    remarks = []
    if found.between:
        between = ", ".join(f"v{one.number}" for one in found.between[:NAMED])
        remarks.append(f"Taken back: {between}{_more(found.between)}. They stay in the history.")
    if found.moved_on:
        codes = ", ".join(f"{one.code} v{one.number}" for one in found.moved_on[:NAMED])
        remarks.append(f"Changed by people since, and kept: {codes}{_more(found.moved_on)}.")
    return _describe(
        entity,
        found.change,
        title=f"Roll {entity.code} back to v{number}",
        verb="Roll back",
        remarks=remarks,
    )


def _roll_back(order: Order) -> Done:
    entity = load_entity(order.asked)
    outcome = roll_back(
        entity=entity,
        to_version=order.asked["number"],
        cause=make_cause(RunKind.ROLLBACK, order.asked, order, order.actor),
        at=order.at,
        base_version=order.asked["base_version"],
    )
    return tell_outcome(entity, outcome, order)


def _propose_best(asked: Asked, actor: User) -> Proposal:
    entity, slot, number = load_entity(asked), asked["slot"], asked["number"]
    found = preview_best(
        entity=entity,
        slot=slot,
        number=number,
        cause=make_cause(RunKind.BEST, asked, None, actor),
        base_version=asked["base_version"],
    )
    if number == found.base_versions[entity.pk]:
        detail = f"v{number} is the best already."
        raise NothingChangesError(detail)
    remarks = [] if slot == DEFINITION else ["Look-ups answer it; no run follows."]
    what = f"v{number}" if slot == DEFINITION else f"v{number} ({slot})"
    return _describe(
        entity,
        found,
        title=f"Make {what} the best of {entity.code}",
        verb="Set best",
        remarks=remarks,
    )


def _set_best(order: Order) -> Done:
    entity = load_entity(order.asked)
    outcome = set_best(
        entity=entity,
        slot=order.asked["slot"],
        number=order.asked["number"],
        cause=make_cause(RunKind.BEST, order.asked, order, order.actor),
        at=order.at,
        base_version=order.asked["base_version"],
    )
    return tell_outcome(entity, outcome, order)


def _describe(entity: Entity, found: ChangePreview, **words: Any) -> Proposal:  # noqa: ANN401
    return Proposal(
        project=entity.project,
        found=found.found,
        bases={pk: found.base_versions[pk] for pk in found.contents},
        contents=found.contents,
        fields={entity.code: found.fields[entity.pk]},
        **words,
    )


def tell_outcome(entity: Entity, outcome: Outcome, order: Order) -> Done:
    """Return what became of an entity: its run, a conflict to decide, or that it is as it was.

    PlanStaleError for a run where none was shown: the caller's transaction has to take it back.
    """
    if outcome.run is not None and order.shown is None:
        raise PlanStaleError({"added": [entity.code]})
    for conflict in outcome.open_conflicts:
        message = f"{conflict.description} Nothing is lost: choose here."
        return Done(message=message, page="propagation_conflict", pk=conflict.pk)
    number = outcome.version_numbers.get(entity.pk)
    if outcome.run is not None:
        message = f"{entity.code} is at v{number}; {outcome.affected} dependents follow."
        return tell_run(outcome.run, message)
    is_done = entity.pk in outcome.changed
    message = f"Done: v{number}." if is_done else "It is so already; nothing was changed."
    return Done(message=message, page=f"assets_{entity.kind}", pk=entity.pk)


def _more(some: Any) -> str:  # noqa: ANN401 (any sequence)
    return f" and {len(some) - NAMED} more" if len(some) > NAMED else ""


CHANGE = Intent(needed=Role.ARTIST, propose=_propose_change, carry_out=_change)
ROLLBACK = Intent(needed=Role.SUPERVISOR, propose=_propose_rollback, carry_out=_roll_back)
BEST = Intent(needed=Role.ARTIST, propose=_propose_best, carry_out=_set_best)
"""The service asks for supervisors where a definition is meant."""
