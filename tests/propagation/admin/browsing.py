"""Browsers of people who may use the admin."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.contrib.auth.models import Permission
from django.test import Client

from assets.models import Role
from tests.builders import make_user

Answer: TypeAlias = Any
"""What the test client answers, for which Django has no public type."""


def sign_in(name: str, roles: Mapping[str, Role]) -> Client:
    """Sign in a member of staff with every permission of the admin and these roles."""
    user = make_user(name, roles=dict(roles))
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


def confirm(client: Client, answer: Answer, *, note: str = "") -> Answer:
    """Do what the page shows to which an answer leads, and return what comes of that."""
    assert answer.status_code == 302, answer.content.decode()
    return client.post(answer["Location"], {"commit": "1", "note": note})
