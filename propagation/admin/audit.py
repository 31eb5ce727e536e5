"""Admin of the audit trail: to look at, as nobody changes it."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from assets.admin import ProjectFilter, ProjectScopedMixin, ReadOnlyMixin
from propagation.models import AuditEntry
from versions.canonical import write_canonical

SHOWN_LENGTH = 200


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, ProjectScopedMixin, admin.ModelAdmin):
    """Who changed what, newest first."""

    list_display = ("at", "actor", "action", "entity", "name", "run_id", "rule", "reason", "change")
    list_filter = (("project", ProjectFilter), "action")
    search_fields = ("entity__code", "actor__username", "name", "=run_id")
    list_select_related = ("actor", "entity")
    ordering = ("-at", "-pk")
    show_full_result_count = False

    @admin.display(description="change")
    def change(self, row: AuditEntry) -> SafeString:
        """Show what was there, and what is there."""
        before, after = (
            write_canonical(one)[:SHOWN_LENGTH] if one is not None else "-"
            for one in (row.before, row.after)
        )
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)
