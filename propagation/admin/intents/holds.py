"""Let held targets go on, or leave them as they are."""

from django.contrib.auth.models import User

from assets.models import Project, Role
from propagation.admin.intents.values import Asked, Done, Intent, Order, Proposal, tell_run
from propagation.services.decide_holds import (
    HoldFilter,
    approve_holds,
    find_holds,
    list_held,
    preview_approval,
    reject_holds,
)


def _propose_approval(asked: Asked, actor: User) -> Proposal:
    project, wanted = _read(asked)
    found = preview_approval(project=project, wanted=wanted, actor=actor)
    held = find_holds(project=project, wanted=wanted).count()
    return Proposal(
        title=f"Approve {held} held in {project.code}",
        verb="Approve",
        project=project,
        found=found,
        remarks=["They are rebuilt from what they use now, and what is behind them follows."],
    )


def _approve(order: Order) -> Done:
    project, wanted = _read(order.asked)
    decision = approve_holds(
        project=project,
        wanted=wanted,
        note=order.note,
        actor=order.actor,
        at=order.at,
        shown=order.shown,
    )
    message = f"{project}: {decision.decided} held items go on."
    return tell_run(decision.run, message) if decision.run else _tell(project, message)


def _propose_rejection(asked: Asked, actor: User) -> Proposal:
    del actor
    project, wanted = _read(asked)
    rows = list_held(project=project, wanted=wanted)
    return Proposal(
        title=f"Reject {len(rows)} held in {project.code}",
        verb="Reject",
        project=project,
        rows=rows,
        remarks=["They stay as they are until something that they use changes again."],
    )


def _reject(order: Order) -> Done:
    project, wanted = _read(order.asked)
    decision = reject_holds(
        project=project,
        wanted=wanted,
        note=order.note,
        actor=order.actor,
        at=order.at,
        shown=order.shown,
    )
    return _tell(project, f"{project}: {decision.decided} held items stay as they are.")


def _read(asked: Asked) -> tuple[Project, HoldFilter]:
    return Project.objects.get(pk=asked["project"]), HoldFilter(ids=asked["items"])


def _tell(project: Project, message: str) -> Done:
    return Done(message=message, page="assets_project", pk=project.pk)


APPROVE = Intent(needed=Role.SUPERVISOR, propose=_propose_approval, carry_out=_approve)
REJECT = Intent(needed=Role.SUPERVISOR, propose=_propose_rejection, carry_out=_reject)
