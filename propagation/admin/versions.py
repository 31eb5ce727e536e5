"""Admin of versions: what each slot was, and what people decide about it."""

from collections.abc import Callable
from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from assets.exceptions import AssetsError
from propagation.admin.intents import Asked
from propagation.admin.proposing import propose_or_tell
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.annotate_version import annotate_version
from versions.canonical import write_canonical
from versions.exceptions import VersionsError
from versions.media import read_media
from versions.models import DEFINITION, Head, MediaType, Status, Version, VersionInput
from versions.services.annotate import Remark
from versions.services.compare import compare_versions
from versions.services.registry import find_url

SHOWN_INPUTS = 100
SHOWN_SIBLINGS = 200
TWO = 2
Verdict = Callable[[Version, User], str]


class SlotFilter(admin.SimpleListFilter):
    """Filters by slot; the slots that there are stand in the heads, of which there are fewer."""

    title, parameter_name = "slot", "slot"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        del request, model_admin
        slots = Head.objects.order_by("slot").values_list("slot", flat=True).distinct()
        return [(slot, slot) for slot in slots]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Version]) -> QuerySet[Version]:
        del request
        return queryset.filter(slot=self.value()) if self.value() else queryset


@admin.register(Version)
class VersionAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Versions, with the decisions about them as actions."""

    project_path = "entity__project"
    list_display = (
        "__str__",
        "slot",
        "status",
        "origin",
        "author",
        "run_id",
        "note",
        "created_at",
    )
    list_filter = (
        "annotation__status",
        "annotation__is_hidden",
        "media__type",
        "origin",
        SlotFilter,
        "entity__kind",
        ("entity__project", ProjectFilter),
    )
    search_fields = ("entity__code", "note", "checksum")
    list_select_related = ("entity", "author", "annotation")
    fields = (
        "entity",
        "slot",
        "number",
        "picture",
        "status",
        "metadata",
        "content",
        "content_body",
        "origin",
        "author",
        "run_id",
        "note",
        "checksum",
        "created_at",
        "moved_inputs",
    )
    readonly_fields = ("picture", "status", "metadata", "content_body", "moved_inputs")
    change_form_template = "admin/propagation/version_change_form.html"
    actions = (
        "compare",
        "roll_back_to",
        "make_best",
        "approve",
        "reject",
        "send_to_review",
        "hide",
        "show_again",
    )
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Version]:
        rows: QuerySet[Version] = super().get_queryset(request)
        return rows.select_related("entity", "content", "annotation")

    @admin.display(description="status")
    def status(self, version: Version) -> str:
        """How far its approval is."""
        said = getattr(version, "annotation", None)
        shown = str(Status(said.status).label) if said else str(Status.DRAFT.label)
        return f"{shown}, hidden" if said and said.is_hidden else shown

    @admin.display(description="media")
    def picture(self, version: Version) -> str:
        """Show an uploaded picture, and link what else there is."""
        if version.slot == DEFINITION:
            return "-"
        media = read_media(version.content.data)
        url = find_url(media)
        if url and media.file and media.type == MediaType.IMAGE:
            html = '<a href="{}"><img src="{}" alt="{}" width="320"></a>'
            return format_html(html, url, url, version)
        return format_html('<a href="{}" rel="noreferrer">{}</a>', url, url) if url else "-"

    @admin.display(description="metadata")
    def metadata(self, version: Version) -> str:
        """Return what people say about it as JSON."""
        said = getattr(version, "annotation", None)
        return write_canonical(said.metadata) if said else "-"

    @admin.display(description="what it says")
    def content_body(self, version: Version) -> str:
        """Return the content as canonical JSON."""
        return version.content.body

    @admin.display(description="inputs that differ from the version before")
    def moved_inputs(self, version: Version) -> str:
        """List the first of them; a sequence's first version has one per shot."""
        rows = VersionInput.objects.filter(version=version).select_related(
            "source", "source_version"
        )
        lines = [
            (
                given.source.code,
                given.role,
                f"v{given.source_version.number}" if given.source_version else "removed",
            )
            for given in rows.order_by("pk")[:SHOWN_INPUTS]
        ]
        rest = rows.count() - len(lines)
        return format_html(
            "{}{}",
            format_html_join("", "{} ({}): {}<br>", lines),
            f"and {rest} more" if rest else "",
        )

    @admin.action(description="Compare two of one slot")
    def compare(self, request: HttpRequest, versions: QuerySet[Version]) -> HttpResponse | None:
        """Lead to what differs from the earlier to the later one."""
        pair = list(versions.order_by("number", "pk")[: TWO + 1])
        if len(pair) != TWO or len({(one.entity_id, one.slot) for one in pair}) > 1:
            messages.error(request, "Choose two versions of one entity and slot.")
            return None
        url = reverse("admin:versions_version_compare", args=[pair[1].pk])
        return HttpResponseRedirect(f"{url}?before={pair[0].pk}")

    @admin.action(description="Roll back to it: show the impact first")
    def roll_back_to(
        self, request: HttpRequest, versions: QuerySet[Version]
    ) -> HttpResponse | None:
        """Lead to what rolling its entity back to the version would do."""
        version = self._take_one(request, versions)
        if version is None:
            return None
        if version.slot != DEFINITION:
            messages.error(request, "Media are not rolled back: make another version the best.")
            return None
        return propose_or_tell(request, "rollback", _ask(version))

    @admin.action(description="Make best of its slot: show the impact first")
    def make_best(self, request: HttpRequest, versions: QuerySet[Version]) -> HttpResponse | None:
        """Lead to what choosing the version would do."""
        version = self._take_one(request, versions)
        return propose_or_tell(request, "best", _ask(version)) if version else None

    def _take_one(self, request: HttpRequest, versions: QuerySet[Version]) -> Version | None:
        chosen = list(versions.select_related("entity")[:TWO])
        if len(chosen) == 1:
            return chosen[0]
        messages.error(request, "Choose one version at a time: each has an impact of its own.")
        return None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.compare_view)
        own = path("<int:pk>/compare/", view, name="versions_version_compare")
        return [own, *super().get_urls()]

    def compare_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what differs from a version of the same slot, the one before it by default."""
        rows = self.get_queryset(request)
        after = get_object_or_404(rows, pk=pk)
        if not self.has_view_permission(request, after):
            raise PermissionDenied
        siblings = rows.filter(entity=after.entity_id, slot=after.slot).exclude(pk=pk)
        wanted = request.GET.get("before", "")
        earlier = siblings.filter(number__lt=after.number).order_by("-number")
        before: Version | None = earlier.first()
        if wanted.isdecimal():
            before = get_object_or_404(siblings, pk=int(wanted))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Compare {after.entity.code}",
            "before": before,
            "after": after,
            "siblings": siblings.order_by("-number")[:SHOWN_SIBLINGS],
            "found": compare_versions(before=before, after=after) if before else None,
        }
        return TemplateResponse(request, "admin/propagation/compare.html", context)

    @admin.action(description="Approve")
    def approve(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Approve each."""
        self._decide(request, versions, _remark(Remark(status=Status.APPROVED)))

    @admin.action(description="Reject")
    def reject(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Reject each."""
        self._decide(request, versions, _remark(Remark(status=Status.REJECTED)))

    @admin.action(description="Send to review")
    def send_to_review(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Ask for a decision about each."""
        self._decide(request, versions, _remark(Remark(status=Status.REVIEW)))

    @admin.action(description="Hide: no URL in look-ups, not in lists")
    def hide(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Hide each."""
        self._decide(request, versions, _remark(Remark(is_hidden=True)))

    @admin.action(description="Show again")
    def show_again(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Show each again."""
        self._decide(request, versions, _remark(Remark(is_hidden=False)))

    def _decide(self, request: HttpRequest, versions: QuerySet[Version], decide: Verdict) -> None:
        """Decide on each version by itself, and say what became of it."""
        actor = cast("User", request.user)
        for version in versions.select_related("entity__project").order_by("pk"):
            try:
                messages.success(request, f"{version}: {decide(version, actor)}")
            except (AssetsError, VersionsError) as error:
                messages.error(request, f"{version}: {error}")


def _ask(version: Version) -> Asked:
    return {
        "entity": version.entity_id,
        "slot": version.slot,
        "number": version.number,
        "base_version": _find_best(version),
    }


def _find_best(version: Version) -> int:
    """Return the number that is the best now: what a person sees and starts from."""
    heads = Head.objects.filter(entity=version.entity_id, slot=version.slot)
    return heads.values_list("best__number", flat=True).get()


def _remark(remark: Remark) -> Verdict:
    def decide(version: Version, actor: User) -> str:
        said = annotate_version(
            entity=version.entity,
            slot=version.slot,
            number=version.number,
            remark=remark,
            cause=Cause(kind=RunKind.APPROVAL, actor=actor),
            at=timezone.now(),
        )
        if not said.is_changed:
            return "is so already"
        return f"done; {said.run.total} dependents follow" if said.run else "done"

    return decide
