"""The admin shows both sides of a conflict, and decides."""

import html

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import Role
from propagation.models import Conflict, PropagationRun
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from tests.builders import change, get_content, get_entity, load, make_cause, make_user, star

pytestmark = pytest.mark.django_db


@pytest.fixture
def conflict() -> Conflict:
    """Have an edit of two fields that clash."""
    load(star(2))
    change("hero", coat="red", hats=1)
    stale = Change(entity=get_entity("hero"), data={"coat": "blue", "hats": 2}, base_version=1)
    return propagate_change(change=stale, cause=make_cause(), at=timezone.now()).conflicts[0]


@pytest.fixture
def sue(conflict: Conflict) -> Client:
    """Return the browser of a supervisor who may see everything in the admin."""
    del conflict
    user = make_user("sue", roles={"film": Role.SUPERVISOR})
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def get_url(conflict: Conflict) -> str:
    """Return the page of a conflict."""
    return reverse("admin:propagation_conflict_change", args=[conflict.pk])


def get_fields(conflict: Conflict) -> list[str]:
    """Return the fields that clash, in the order of the page."""
    return [one["field"] for one in conflict.fields]


def test_both_sides_are_shown(sue: Client, conflict: Conflict) -> None:
    page = sue.get(get_url(conflict)).content.decode()
    for word in ("<pre>red</pre>", "<pre>blue</pre>", "<em>nothing</em>", "What it becomes"):
        assert word in page
    listed = sue.get(reverse("admin:propagation_conflict_changelist")).content.decode()
    assert conflict.description in listed


def test_choices_are_kept_and_then_done(sue: Client, conflict: Conflict) -> None:
    coat, hats = (str(get_fields(conflict).index(field)) for field in ("coat", "hats"))
    first = sue.post(
        get_url(conflict),
        {f"choice-{coat}": "typed", f"value-{coat}": 'a "teal" coat', "resolve": "1"},
    )
    assert (first.status_code, first.headers["Location"]) == (302, get_url(conflict))
    page = sue.get(get_url(conflict)).content.decode()
    assert "checked" in page
    typed = html.unescape(page.partition(f'name="value-{coat}"')[2].partition("</textarea>")[0])
    assert typed.endswith('a "teal" coat')
    both = {f"choice-{coat}": "typed", f"value-{coat}": 'a "teal" coat', "note": "both"}
    more = {f"choice-{hats}": "typed", f"value-{hats}": "[3]"}
    done = sue.post(get_url(conflict), {**both, **more, "resolve": "1"})
    run = PropagationRun.objects.order_by("-pk")[0]
    assert done.headers["Location"] == reverse(
        "admin:propagation_propagationrun_change", args=[run.pk]
    )
    content = get_content("hero")
    assert (content["coat"], content["hats"]) == ('a "teal" coat', [3])
    page = sue.get(get_url(conflict)).content.decode()
    assert "resolved by" in " ".join(page.split())
    assert 'name="resolve"' not in page


def test_an_edit_is_dismissed(sue: Client, conflict: Conflict) -> None:
    sue.post(get_url(conflict), {"dismiss": "1", "note": "old"})
    conflict.refresh_from_db()
    assert (conflict.status, conflict.reason) == ("dismissed", "old")


def test_what_cannot_be_is_said_on_the_page(sue: Client, conflict: Conflict) -> None:
    hats = get_fields(conflict).index("hats")
    wrong = sue.post(
        get_url(conflict), {f"choice-{hats}": "typed", f"value-{hats}": "{", "resolve": "1"}
    )
    assert wrong.status_code == 422
    assert "This is not JSON" in wrong.content.decode()
    forced = sue.post(get_url(conflict), {"proceed": "1"})
    assert "Nothing stands in the way" in forced.content.decode()


def test_who_does_not_see_the_project_finds_nothing(sue: Client, conflict: Conflict) -> None:
    stranger = make_user("stranger")
    stranger.is_staff = True
    stranger.save()
    stranger.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    sue.force_login(stranger)
    assert sue.get(get_url(conflict)).status_code == 404
    assert sue.post(get_url(conflict), {"dismiss": "1"}).status_code == 404
