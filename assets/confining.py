"""Who acts for a user in a few projects only: whoever has a token that is for these projects."""

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser, User

KEY = "confined_to"


def confine(user: User, project_ids: Collection[int]) -> None:
    """Let whoever acts as this user see and do nothing outside the projects.

    It holds for this object, which whoever authenticated it hands on: `ProjectQuerySet.visible_to`
    and `assets.services.access` look at it.
    """
    vars(user)[KEY] = frozenset(project_ids)


def find_confines(user: User | AnonymousUser) -> frozenset[int] | None:
    """Return the ids of the projects that the user is confined to; None for all others."""
    found: frozenset[int] | None = vars(user).get(KEY)
    return found
