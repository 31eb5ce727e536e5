"""GET the best, latest or approved versions of many entities at once."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.describing import describe_slot
from propagation.api.paging import ListView
from propagation.api.shapes import entities as shapes
from propagation.api.strict import SlotField, StrictSerializer, get_actor, read_query
from propagation.services.scopes import resolve_scope
from versions.naming import write_version_id
from versions.scope import MAX_IDS, SCOPE_TYPES, read_scope
from versions.services.outdated_media import find_outdated_media
from versions.services.registry import Pointer, SlotVersion, look_up
from versions.services.resolve import MAX_NUMBER

MAX_SLOTS = 50


class ScopeTypeField(serializers.CharField):
    """One of SCOPE_TYPES; `read_scope` says what is wrong with another."""


class LookUpQuery(StrictSerializer):
    """A scope, the slots, and which version of each; `only=url` answers nothing but URLs."""

    type = ScopeTypeField()
    id = serializers.ListField(
        child=serializers.CharField(trim_whitespace=False), default=list, max_length=MAX_IDS
    )
    slot = serializers.ListField(child=SlotField(), default=list, max_length=MAX_SLOTS)
    version = serializers.ChoiceField([one.value for one in Pointer], default=Pointer.BEST)
    number = serializers.IntegerField(default=None, min_value=1, max_value=MAX_NUMBER)
    only = serializers.ChoiceField(["url", "outdated"], default=None)


class LookUpView(APIView):
    """What the slots of a project's entities stand at."""

    def get(self, request: Request, project_id: str) -> Response:
        """Answer by entity and slot. A slot without such a version has null, never an error."""
        wanted = read_query(LookUpQuery, request)
        project = find_project(code=project_id, user=request.user)
        found = resolve_scope(
            scope=read_scope(_make_scope(project.code, wanted)), user=get_actor(request)
        )
        slots = wanted["slot"] or None
        registry = look_up(
            entity_ids=[entity.pk for entity in found.entities],
            slots=slots,
            pointer=Pointer(wanted["version"]),
            number=wanted["number"],
        )
        return Response(
            {
                "project_id": project.code,
                "data": {
                    entity.code: describe
                    for entity in found.entities
                    if (describe := _describe(entity.code, registry.get(entity.pk, {}), wanted))
                    is not None
                },
            }
        )


class OutdatedMediaView(ListView):
    """Media of a project that show a definition which is no longer the best."""

    row = shapes.OutdatedMedia

    def get(self, request: Request, project_id: str) -> Response:
        """Answer a page of them."""
        project = find_project(code=project_id, user=request.user)
        heads = find_outdated_media(project=project).select_related("entity", "best")
        return self.answer_page(heads, _describe_outdated)


def _describe_outdated(head: Any) -> dict[str, Any]:  # noqa: ANN401 (a head with annotations)
    code = head.entity.code
    return {
        "asset_id": code,
        "slot": head.slot,
        "version": write_version_id(code, head.best.number, head.slot),
        "made_from": write_version_id(code, head.made_from),
        "definition": write_version_id(code, head.shown_now),
    }


def _make_scope(project: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the scope as JSON; ids go into the member that its type has for them."""
    case = SCOPE_TYPES.get(wanted["type"])
    member = case.member if case else ""
    scope: dict[str, Any] = {"type": wanted["type"], "project_id": project}
    ids = wanted["id"]
    if member:
        scope[member] = ids if case and case.is_list else (ids[0] if len(ids) == 1 else ids)
    elif ids:
        scope["id"] = ids
    return scope


def _describe(
    code: str, slots: Mapping[str, SlotVersion], wanted: dict[str, Any]
) -> dict[str, Any] | None:
    only = wanted["only"]
    if only == "outdated":
        slots = {name: one for name, one in slots.items() if one.is_outdated}
        return {name: describe_slot(code, one) for name, one in slots.items()} or None
    names = wanted["slot"] or list(slots)
    if only == "url":
        return {name: slots[name].url if name in slots else None for name in names}
    return {name: describe_slot(code, slots[name]) if name in slots else None for name in names}
