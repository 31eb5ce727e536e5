"""Pin references to a version of their source, and let them go."""

from dataclasses import replace

from django.contrib.auth.models import User

from assets.models import AssetReference, Role
from propagation.admin.intents.content import make_cause, tell_outcome
from propagation.admin.intents.values import Asked, Done, Intent, Order, Proposal
from propagation.models import RunKind
from propagation.services.change_references import Edge, make_edge
from propagation.services.pin_references import (
    pin_reference,
    preview_pin,
    preview_unpin,
    read_terms,
    unpin_reference,
)
from propagation.services.propagate_change import ChangePreview


def _propose_pin(asked: Asked, actor: User) -> Proposal:
    edge, terms = _load_edge(asked), read_terms(asked)
    found = preview_pin(edge=edge, terms=terms, cause=make_cause(RunKind.PIN, asked, None, actor))
    where = f"v{terms.number}" if terms.number else "the version that it uses now"
    until = f" until {terms.expires_at:%d %B %Y %H:%M}" if terms.expires_at else ""
    title = f"Pin {edge.source.code} in {edge.target.code} at {where}{until}"
    return _describe(edge, found, title=title, verb="Pin", is_moving=bool(found.found))


def _pin(order: Order) -> Done:
    edge = _load_edge(order.asked)
    outcome = pin_reference(
        edge=edge,
        terms=replace(read_terms(order.asked), reason=order.note),
        cause=make_cause(RunKind.PIN, order.asked, order, order.actor),
        at=order.at,
    )
    return tell_outcome(edge.target, outcome, order)


def _propose_unpin(asked: Asked, actor: User) -> Proposal:
    edge = _load_edge(asked)
    found = preview_unpin(edge=edge, cause=make_cause(RunKind.PIN, asked, None, actor))
    title = f"Unpin {edge.source.code} in {edge.target.code}"
    return _describe(edge, found, title=title, verb="Unpin", is_moving=bool(found.found))


def _unpin(order: Order) -> Done:
    edge = _load_edge(order.asked)
    cause = make_cause(RunKind.PIN, order.asked, order, order.actor)
    outcome = unpin_reference(edge=edge, cause=cause, at=order.at)
    return tell_outcome(edge.target, outcome, order)


def _load_edge(asked: Asked) -> Edge:
    references = AssetReference.objects.select_related("source", "target__project")
    return make_edge(references.get(pk=asked["reference"]))


def _describe(
    edge: Edge, found: ChangePreview, *, title: str, verb: str, is_moving: bool
) -> Proposal:
    target = edge.target
    remark = (
        f"{target.code} gets a new version, and what uses it follows as listed."
        if is_moving
        else f"{target.code} stays as it is; nothing follows."
    )
    return Proposal(
        title=title,
        verb=verb,
        project=target.project,
        found=found.found,
        bases={pk: found.base_versions[pk] for pk in found.contents},
        contents=found.contents,
        remarks=[remark],
    )


PIN = Intent(needed=Role.ARTIST, propose=_propose_pin, carry_out=_pin)
UNPIN = Intent(needed=Role.ARTIST, propose=_propose_unpin, carry_out=_unpin)
