"""What people decide about versions in the admin."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from assets.models import Role
from tests.builders import change, load, make_user, star
from tests.client import APIClient
from tests.propagation.admin.browsing import confirm
from tests.propagation.api.asking import nothing_written, post
from versions.models import Annotation, BestChoice, Head, Version

pytestmark = pytest.mark.django_db

LIST = reverse("admin:versions_version_changelist")


@pytest.fixture(autouse=True)
def film(api: APIClient) -> None:
    """Have two cuts of a video, the first one best, and two versions of the hero."""
    load(star(2))
    urls = ["https://media.example/1.mp4", "https://media.example/2.mp4"]
    body = {"slot": "scene_video", "type": "video", "urls": urls}
    assert post(api, "assets/shot-00000/versions", body).status_code == 201
    change("hero", colour="red")


def decide(user: User, action: str, *versions: Version) -> str:
    """Do an action for versions as this user, and return the page that follows."""
    client = Client()
    client.force_login(user)
    form = {"action": action, "_selected_action": [version.pk for version in versions]}
    return client.post(LIST, form, follow=True).content.decode()


def find(code: str, slot: str, number: int) -> Version:
    return Version.objects.get(entity__code=code, slot=slot, number=number)


def make_member(role: Role) -> User:
    user = make_user(role.value, is_superuser=False, roles={"film": role})
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    return user


def choose(user: User, version: Version) -> str:
    """Make a version the best, and return the page that follows."""
    client = Client()
    client.force_login(user)
    form = {"action": "make_best", "_selected_action": [version.pk]}
    return client.get(confirm(client, client.post(LIST, form))["Location"]).content.decode()


def test_the_best_of_a_slot_is_chosen_here(director: User) -> None:
    assert "Done: v2." in choose(director, find("shot-00000", "scene_video", 2))
    assert Head.objects.get(slot="scene_video").best.number == 2
    assert BestChoice.objects.latest("pk").author == director


def test_the_best_of_a_definition_brings_its_dependents_along(director: User) -> None:
    assert "2 dependents follow" in choose(director, find("hero", "definition", 1))
    assert "is the best already" in decide(director, "make_best", find("hero", "definition", 1))


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("approve", "status", "approved"),
        ("reject", "status", "rejected"),
        ("send_to_review", "status", "review"),
        ("hide", "is_hidden", True),
    ],
)
def test_a_decision_is_written_with_its_history(
    director: User, action: str, field: str, value: object
) -> None:
    version = find("shot-00000", "scene_video", 1)
    assert "done" in decide(director, action, version)
    said = Annotation.objects.get(version=version)
    assert getattr(said, field) == value
    assert said.history.get().history_user == director
    assert "is so already" in decide(director, action, version)


def test_an_artist_may_hide_but_not_approve() -> None:
    artist = make_member(Role.ARTIST)
    version = find("shot-00000", "scene_video", 1)
    with nothing_written():
        assert "needs the role &#x27;supervisor&#x27;" in decide(artist, "approve", version)
    assert "done" in decide(artist, "hide", version)


def test_a_best_is_chosen_one_at_a_time_and_never_of_what_is_locked(
    director: User, api: APIClient
) -> None:
    lock = json.dumps({"is_locked": True})
    assert api.put("/api/v1/assets/hero/lock", lock, content_type="application/json")
    hero, video = find("hero", "definition", 1), find("shot-00000", "scene_video", 2)
    with nothing_written():
        assert "Hero is locked" in decide(director, "make_best", hero)
        assert "one version at a time" in decide(director, "make_best", hero, video)


def test_the_page_of_a_version_shows_what_it_is_and_what_was_said(director: User) -> None:
    version = find("shot-00000", "scene_video", 1)
    decide(director, "approve", version)
    client = Client()
    client.force_login(director)
    url = reverse("admin:versions_version_change", args=[version.pk])
    page = client.get(url).content.decode()
    assert "https://media.example/1.mp4" in page
    assert "Approved" in page
