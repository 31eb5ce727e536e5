"""GET, PUT and DELETE of pins: references that stay at one version of their source."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity
from assets.services.lookup import find_entity
from propagation.api.codes import read_if_match
from propagation.api.conditional import GuardedView
from propagation.api.graph import ROLE, answer_edge
from propagation.api.paging import ListView
from propagation.api.shapes import entities as shapes
from propagation.api.strict import (
    NoQuery,
    StrictSerializer,
    get_actor,
    read_body,
    read_query,
)
from propagation.api.work import finish
from propagation.execution.cause import Cause
from propagation.models import RunKind
from propagation.services.change_references import Edge, find_edge
from propagation.services.pin_references import (
    Terms,
    list_pins,
    pin_reference,
    unpin_reference,
)
from versions.models import Pin
from versions.naming import write_version_id


class UnpinBody(StrictSerializer):
    """Which of an entity's references is meant; role and label where there are several."""

    source = serializers.CharField(max_length=400, trim_whitespace=False)  # type: ignore[assignment]
    role = serializers.RegexField(ROLE, max_length=32, default=None)
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=64, default=None, allow_blank=True
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class PinBody(UnpinBody):
    """At which version it stays, and until when; without a version at what it consumed."""

    version = serializers.IntegerField(default=None, min_value=1, max_value=2**31 - 1)
    reason = serializers.CharField(max_length=2000)
    expires_at = serializers.DateTimeField(default=None)

    def validate_expires_at(self, value: Any) -> Any:  # noqa: ANN401 (a time or None)
        """Refuse a time that is over."""
        if value is not None and value <= timezone.now():
            msg = "This time is over."
            raise serializers.ValidationError(msg)
        return value


class PinsView(ListView, GuardedView):
    """What of an entity's references is pinned."""

    row = shapes.Pin
    guarded = ("PUT", "DELETE")

    def get(self, request: Request, asset_id: str) -> Response:
        """Answer a page of pins."""
        target = find_entity(identifier=asset_id, user=request.user)
        return self.answer_page(list_pins(target=target), _describe)

    def put(self, request: Request, asset_id: str) -> Response:
        """202 with the run that follows, 200 when the reference was there already."""
        read_query(NoQuery, request)
        body = read_body(PinBody, request)
        edge = _find_edge(request, asset_id, body)
        terms = Terms(number=body["version"], reason=body["reason"], expires_at=body["expires_at"])
        cause = _make_cause(request, body)
        base = read_if_match(request.headers.get("If-Match"), edge.target)
        outcome = pin_reference(
            edge=edge, terms=terms, cause=cause, at=timezone.now(), base_version=base
        )
        return finish(request, answer_edge(request, edge, outcome))

    def delete(self, request: Request, asset_id: str) -> Response:
        """202 with the run that follows, 200 when nothing was pinned."""
        read_query(NoQuery, request)
        body = read_body(UnpinBody, request)
        edge = _find_edge(request, asset_id, body)
        cause = _make_cause(request, body)
        base = read_if_match(request.headers.get("If-Match"), edge.target)
        outcome = unpin_reference(edge=edge, cause=cause, at=timezone.now(), base_version=base)
        return finish(request, answer_edge(request, edge, outcome))


def _find_edge(request: Request, asset_id: str, body: dict[str, Any]) -> Edge:
    target: Entity = find_entity(identifier=asset_id, user=request.user)
    source = find_entity(identifier=body["source"], user=request.user)
    return find_edge(source=source, target=target, role=body["role"], label=body["label"])


def _make_cause(request: Request, body: dict[str, Any]) -> Cause:
    return Cause(kind=RunKind.PIN, actor=get_actor(request), note=body["reason"])


def _describe(pin: Pin) -> dict[str, Any]:
    source = pin.reference.source
    return {
        "source": source.code,
        "role": pin.reference.role,
        "label": pin.reference.label,
        "version": write_version_id(source.code, pin.version.number),
        "owner": pin.owner.get_username() if pin.owner else None,
        "reason": pin.reason,
        "follows_again": pin.follow,
        "pinned_at": pin.pinned_at,
        "expires_at": pin.expires_at,
    }
