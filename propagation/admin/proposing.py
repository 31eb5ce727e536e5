"""Show what something would do before it is done, and then do exactly that."""

import json
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from rest_framework.utils.encoders import JSONEncoder

from assets.exceptions import AssetsError
from assets.services.access import check_role
from propagation.admin.intents import INTENTS, Asked, Done, Order, Proposal
from propagation.exceptions import PropagationError
from propagation.models import StoredPlan
from propagation.services.describe_preview import describe_impact
from propagation.services.plans import read_shown, store_rows
from versions.exceptions import VersionsError

REFUSALS = (AssetsError, PropagationError, VersionsError)
"""What services say no with; the text is for people."""
ASKED = "asked"


def propose(request: HttpRequest, name: str, asked: Asked) -> HttpResponseRedirect:
    """Keep what this would do, and lead to the page that shows it; nothing is done yet.

    name: of the intent; asked: what it is about. REFUSALS, also for a role that is too low.
    """
    actor, at = cast("User", request.user), timezone.now()
    proposal = INTENTS[name].propose(asked, actor)
    check_role(actor=actor, project_id=proposal.project.pk, needed=INTENTS[name].needed)
    plan = _keep(name, asked, proposal, actor, at)
    return HttpResponseRedirect(reverse("admin:propagation_storedplan_change", args=[plan.pk]))


def propose_or_tell(request: HttpRequest, name: str, asked: Asked) -> HttpResponseRedirect | None:
    """Do as `propose`; what is refused is told on the page that comes next, None."""
    try:
        return propose(request, name, asked)
    except REFUSALS as error:
        messages.error(request, str(error))
        return None


def carry_out(*, plan: StoredPlan, actor: User, note: str, at: datetime) -> Done:
    """Do what the plan showed, or nothing; REFUSALS, PlanStaleError among them."""
    asked = plan.summary[ASKED]
    shown = read_shown(plan) if asked["is_checked"] else None
    order = Order(asked=asked, actor=actor, note=note, at=at, shown=shown)
    with transaction.atomic():
        return INTENTS[asked["intent"]].carry_out(order)


def _keep(name: str, asked: Asked, proposal: Proposal, actor: User, at: datetime) -> StoredPlan:
    is_checked = name != "cancel" and bool(proposal.found or proposal.rows)
    summary: dict[str, Any] = {
        "dry_run": True,
        **describe_impact(project=proposal.project, found=proposal.found),
        "title": proposal.title,
        "verb": proposal.verb,
        "remarks": list(proposal.remarks),
        "fields": [
            {"id": code, "field": one.field, "before": one.before, "after": one.after}
            for code, changes in proposal.fields.items()
            for one in changes
        ],
        ASKED: {**asked, "intent": name, "is_checked": is_checked},
    }
    return store_rows(
        project=proposal.project,
        rows=proposal.targets,
        bases=proposal.bases,
        contents=proposal.contents,
        summary=json.loads(json.dumps(summary, cls=JSONEncoder)),
        actor=actor,
        at=at,
    )
