"""Admin of what each entity was: to look at; services write."""

from django.contrib import admin

from assets.admin import ReadOnlyMixin
from versions.models import Consumption, Content, Head, Version, VersionInput


class VersionInputInline(ReadOnlyMixin, admin.TabularInline):
    """The inputs in which a version differs from its parent."""

    model = VersionInput
    fk_name = "version"
    extra = 0
    fields = ("source", "role", "label", "source_version")


@admin.register(Version)
class VersionAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Versions."""

    list_display = ("__str__", "slot", "origin", "author", "run_id", "note", "created_at")
    list_filter = ("origin", "slot", "entity__kind", "entity__project")
    search_fields = ("entity__code", "note", "checksum")
    list_select_related = ("entity", "author")
    inlines = (VersionInputInline,)
    show_full_result_count = False


@admin.register(Content)
class ContentAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Contents."""

    list_display = ("id", "sha256")
    search_fields = ("sha256",)
    show_full_result_count = False


@admin.register(Head)
class HeadAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Heads."""

    list_display = ("entity", "slot", "best", "latest")
    list_filter = ("slot", "entity__kind", "entity__project")
    search_fields = ("entity__code",)
    list_select_related = ("entity", "best__entity", "latest__entity")
    show_full_result_count = False


@admin.register(Consumption)
class ConsumptionAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """What each reference's target consumed."""

    list_display = ("reference", "version")
    search_fields = ("reference__source__code", "reference__target__code")
    list_select_related = ("reference__source", "reference__target", "version__entity")
    show_full_result_count = False
