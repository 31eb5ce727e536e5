"""Admin of plans: what something would do, and the button that does exactly that."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from propagation.admin.links import Named, name_entities
from propagation.admin.proposing import ASKED, REFUSALS, carry_out, propose
from propagation.exceptions import PlanStaleError
from propagation.models import StoredPlan
from propagation.planning.shown import Row
from propagation.rules.rule import Action
from propagation.services.plans import find_plan

PER_PAGE = 100
DELTA = {
    "bases": "have another best version now",
    "contents": "would carry something else",
    "added": "would be reached as well",
    "removed": "would not be reached any more",
    "changed": "would be decided about otherwise",
}
"""What differs from a plan, in words."""


class CommitForm(forms.Form):
    """Why something is done."""

    note = forms.CharField(
        label="Why", required=False, max_length=2000, help_text="For the history."
    )


@admin.register(StoredPlan)
class StoredPlanAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Plans, newest first; whoever made one can have it done as it was shown."""

    list_display = ("__str__", "what", "project", "actor", "created_at")
    list_filter = (("project", ProjectFilter),)
    list_select_related = ("project", "actor")
    ordering = ("-pk",)

    @admin.display(description="what")
    def what(self, plan: StoredPlan) -> str:
        """Say what it was about; a dry run of the API names its entity only."""
        return str(plan.summary.get("title") or plan.summary.get("asset_id") or "")

    def has_view_permission(self, request: HttpRequest, obj: StoredPlan | None = None) -> bool:
        """Who may look: whoever made it, and who may look at plans."""
        is_own = obj is not None and obj.actor_id == request.user.pk
        return is_own or bool(super().has_view_permission(request, obj))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show it in pages, and do what it shows when somebody says so."""
        del form_url
        plan = self._find(request, object_id)
        asked = plan.summary.get(ASKED)
        can_commit = asked is not None and plan.actor_id == request.user.pk
        initial = (asked or {}).get("note") or (asked or {}).get("reason") or ""
        form = CommitForm(request.POST or None, initial={"note": initial})
        error: Exception | None = None
        if request.method == "POST":
            if not can_commit:
                raise PermissionDenied
            try:
                if "again" in request.POST:
                    return propose(request, asked["intent"], _strip(asked))
                if form.is_valid():
                    return self._commit(request, plan, form.cleaned_data["note"])
            except REFUSALS as refused:
                error = refused
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "opts": self.opts,
            "original": plan,
            "title": plan.summary.get("title", "Plan"),
            "form": form,
            "can_commit": can_commit,
            "error": error,
            "delta": _describe_delta(error),
            **_describe(plan, request.GET),
        }
        status = HTTPStatus.CONFLICT if error else HTTPStatus.OK
        return TemplateResponse(request, "admin/propagation/plan.html", context, status=status)

    def _find(self, request: HttpRequest, object_id: str) -> StoredPlan:
        found = self.get_object(request, object_id)
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        try:
            user = cast("User", request.user)
            return find_plan(token=found.token, user=user, at=timezone.now())
        except REFUSALS as error:
            raise Http404 from error

    def _commit(self, request: HttpRequest, plan: StoredPlan, note: str) -> HttpResponse:
        actor = cast("User", request.user)
        done = carry_out(plan=plan, actor=actor, note=note, at=timezone.now())
        messages.success(request, done.message)
        return HttpResponseRedirect(reverse(f"admin:{done.page}_change", args=[done.pk]))


def _strip(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if key not in ("intent", "is_checked")}


def _describe_delta(error: Exception | None) -> list[tuple[str, Sequence[str]]]:
    """Return what moved since the plan was shown: in words, and the codes."""
    if not isinstance(error, PlanStaleError):
        return []
    return [(DELTA[name], codes) for name, codes in error.delta.items() if codes]


def _describe(plan: StoredPlan, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the numbers of a plan, and a page of its targets; one statement."""
    rows: list[Row] = plan.targets
    verdicts = Counter(row[2] for row in rows)
    wanted = query.get("verdict", "")
    shown = [row for row in rows if row[2] == wanted] if wanted else rows
    page = Paginator(shown, PER_PAGE).get_page(query.get("page"))
    return {
        "summary": plan.summary,
        "total": len(rows),
        "updates": verdicts[Action.UPDATE],
        "verdicts": [(one.value, verdicts[one]) for one in Action],
        "lanes": Counter(row[5] for row in rows if row[5] is not None).most_common(),
        "held": Counter(row[3] for row in rows if row[2] == Action.HOLD).most_common(),
        "verdict": wanted,
        "page": page,
        "items": _describe_rows(rows, page),
    }


def _describe_rows(rows: Sequence[Row], page: "Page[Row]") -> list[dict[str, Any]]:
    via = {row[0]: row[7] for row in rows}
    paths = {row[0]: _trace(via, row[0]) for row in page}
    named = name_entities({pk for path in paths.values() for pk in path})
    return [
        {
            "entity": named[row[0]],
            "verdict": row[2],
            "rule": row[3],
            "reason": row[4],
            "lane": row[5],
            "path": _list_names(paths[row[0]], named),
        }
        for row in page
    ]


def _trace(via: Mapping[int, int | None], target: int) -> list[int]:
    """Return how the change comes to a target, from the source to itself."""
    path = [target]
    while (before := via.get(path[-1])) is not None:
        path.append(before)
    return path[::-1]


def _list_names(path: Sequence[int], named: Mapping[int, Named]) -> list[str]:
    return [named[pk].code for pk in path if pk in named]
