"""What a rule that is being edited would do, shown on its page before anybody saves it."""

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import AdminErrorList, AdminForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from propagation.admin.links import name_entities
from propagation.admin.proposing import REFUSALS
from propagation.execution.cause import Cause
from propagation.models import PropagationRule, RunKind
from propagation.rules.rule import Action
from propagation.services.examine_changes import Change
from propagation.services.simulate_rule import Simulation, simulate_rule

if TYPE_CHECKING:
    from propagation.admin.rules import RuleForm

SHOWN = 100
"""Targets that the page lists of those about which is decided otherwise; it counts all."""


def show_simulation(
    model_admin: "ModelAdmin[PropagationRule]", request: HttpRequest, object_id: str | None
) -> HttpResponse:
    """Answer the page of the rule as it was filled in, with what it would do."""
    rule = model_admin.get_object(request, object_id) if object_id else None
    if object_id and rule is None:
        raise Http404
    allowed = (
        model_admin.has_change_permission(request, rule)
        if rule
        else model_admin.has_add_permission(request)
    )
    if not allowed:
        raise PermissionDenied
    form = model_admin.get_form(request, rule, change=rule is not None)(
        request.POST, instance=rule or PropagationRule()
    )
    found = None
    if form.is_valid():
        found = _simulate(request, cast("RuleForm", form))
    fieldsets: Any = model_admin.get_fieldsets(request, rule)
    admin_form = AdminForm(
        form,
        list(fieldsets),
        {},
        model_admin.get_readonly_fields(request, rule),
        model_admin=model_admin,
    )
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Simulate a rule: nothing is saved yet",
        "adminform": admin_form,
        "object_id": object_id,
        "original": rule,
        "is_popup": False,
        "to_field": None,
        "media": model_admin.media + admin_form.media,
        "inline_admin_formsets": [],
        "errors": AdminErrorList(form, []),
        "simulation": found,
    }
    return model_admin.render_change_form(
        request, context, add=rule is None, change=rule is not None, obj=rule
    )


def _simulate(request: HttpRequest, form: "RuleForm") -> dict[str, Any] | None:
    """Return what the rule would do, for the template; None when the form says why it cannot."""
    entity, patch = form.cleaned_data["tried_on"], form.cleaned_data["tried_change"]
    if entity is None:
        form.add_error("tried_on", "Choose an entity to try the rule on.")
        return None
    if not isinstance(patch, dict) or not patch:
        form.add_error("tried_change", "Say which fields would change, as a JSON object.")
        return None
    cause = Cause(kind=RunKind.CHANGE, actor=cast("User", request.user))
    change = Change(entity=entity, data=patch, has_groups=False)
    try:
        found = simulate_rule(row=form.read_row(), change=change, cause=cause, at=timezone.now())
    except REFUSALS as error:
        form.add_error("tried_change", str(error))
        return None
    return {"entity": entity, **_describe(found)}


def _describe(found: Simulation) -> dict[str, Any]:
    now = {row[0]: row for row in found.now}
    then = {row[0]: row for row in found.then}
    counts = [Counter(row[2] for row in rows) for rows in (found.now, found.then)]
    others = [
        (pk, now.get(pk), then.get(pk))
        for pk in dict.fromkeys([*now, *then])
        if _decide(now.get(pk)) != _decide(then.get(pk))
    ]
    named = name_entities([pk for pk, _, _ in others[:SHOWN]])
    return {
        "counts": [(one.value, counts[0][one], counts[1][one]) for one in Action],
        "total": (len(now), len(then)),
        "others": [(named[pk], before, after) for pk, before, after in others[:SHOWN]],
        "differing": len(others),
    }


def _decide(row: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 (a row of a plan)
    """Return what is decided, by which rule, through which lane."""
    return None if row is None else (row[2], row[3], row[5])
