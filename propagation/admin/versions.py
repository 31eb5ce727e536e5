"""Admin of versions: what each slot was, and what people decide about it."""

from collections.abc import Callable
from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from assets.exceptions import AssetsError
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.annotate_version import annotate_version
from propagation.services.set_best import set_best
from versions.canonical import write_canonical
from versions.exceptions import VersionsError
from versions.media import read_media
from versions.models import DEFINITION, Head, MediaType, Status, Version, VersionInput
from versions.services.annotate import Remark
from versions.services.registry import find_url

SHOWN_INPUTS = 100
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
    actions = ("make_best", "approve", "reject", "send_to_review", "hide", "show_again")
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

    @admin.action(description="Make best of its slot")
    def make_best(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        """Choose each; what follows a definition is brought along."""
        self._decide(request, versions, _make_best)

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


def _make_best(version: Version, actor: User) -> str:
    outcome = set_best(
        entity=version.entity,
        slot=version.slot,
        number=version.number,
        cause=Cause(kind=RunKind.BEST, actor=actor),
        at=timezone.now(),
    )
    if version.entity_id not in outcome.changed:
        return "was the best already"
    if version.slot != DEFINITION:
        return "is the best now"
    number = outcome.version_numbers[version.entity_id]
    how = "is the best now" if number == version.number else f"its content is the best as v{number}"
    return f"{how}; {outcome.affected} dependents follow"


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
