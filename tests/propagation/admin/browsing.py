"""Browsers of people who may use the admin."""

from collections.abc import Mapping

from django.contrib.auth.models import Permission
from django.test import Client

from assets.models import Role
from tests.builders import make_user


def sign_in(name: str, roles: Mapping[str, Role]) -> Client:
    """Sign in a member of staff with every permission of the admin and these roles."""
    user = make_user(name, roles=dict(roles))
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client
