"""Who one is: roles, what is unread, and how one wants to be told."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.models import Membership, Project
from propagation.api.strict import NoQuery, StrictSerializer, get_actor, read_body, read_query
from propagation.models import Mail
from propagation.services.edit_preference import find_preference, save_preference
from propagation.services.mark_notices import count_unread


class PreferenceBody(StrictSerializer):
    """How one wants to be told; what is left out stays as it is."""

    mail = serializers.ChoiceField(Mail.choices, required=False)
    digest_hour = serializers.IntegerField(required=False, min_value=0, max_value=23)


class MeView(APIView):
    """Oneself."""

    def get(self, request: Request) -> Response:
        """Answer who one is."""
        read_query(NoQuery, request)
        return Response(_describe(get_actor(request)))

    def patch(self, request: Request) -> Response:
        """Change how one wants to be told."""
        read_query(NoQuery, request)
        body = read_body(PreferenceBody, request)
        user = get_actor(request)
        save_preference(
            user=user,
            at=timezone.now(),
            mail=Mail(body["mail"]) if "mail" in body else None,
            digest_hour=body.get("digest_hour"),
        )
        return Response(_describe(user))


def _describe(user: User) -> dict[str, Any]:
    preference = find_preference(user=user)
    visible = Project.objects.visible_to(user)
    roles = Membership.objects.filter(user=user, project__in=visible).order_by("project__code")
    return {
        "username": user.username,
        "email": user.email,
        "is_superuser": user.is_superuser,
        "roles": dict(roles.values_list("project__code", "role")),
        "mail": preference.mail,
        "digest_hour": preference.digest_hour,
        "unread": count_unread(user=user),
    }
