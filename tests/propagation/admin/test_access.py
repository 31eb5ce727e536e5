"""The admin: staff see their own projects only, and do there what their role allows."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import Membership, Project, Role
from propagation.models import PropagationRun
from tests.builders import change, drive, edges_production, get_entity, load, make_user, star
from tests.propagation.admin.browsing import confirm, sign_in
from tests.staging import once
from versions.models import Head, Version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("film")]


@once
def film() -> None:
    """Have a production with a finished run."""
    load(star(2))
    run = change("hero", description="new").run
    assert run is not None
    drive(run)


def post_change(client: Client, content: str = '{"description": "mine"}') -> int:
    """Change the hero in the admin; return the status."""
    number = Head.objects.get(entity=get_entity("hero")).best.number
    versions = {"base_version": number, "seen_version": number}
    form = {"content": content, "mode": "auto", **versions}
    url = reverse("admin:assets_asset_propagate", args=[get_entity("hero").pk])
    answer = client.post(url, form)
    return (confirm(client, answer) if answer.status_code == 302 else answer).status_code


def test_staff_of_no_project_sees_and_changes_nothing() -> None:
    client = sign_in("stranger", {})
    for model in (
        "assets_asset",
        "versions_version",
        "propagation_propagationrun",
        "assets_project",
        "assets_assetreference",
        "propagation_event",
    ):
        page = client.get(reverse(f"admin:{model}_changelist"))
        assert page.context["cl"].result_count == 0, model
    url = reverse("admin:assets_asset_change", args=[get_entity("hero").pk])
    assert client.get(url).status_code == 302
    assert post_change(client) == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 403), (Role.ARTIST, 302), (Role.SUPERVISOR, 302), (Role.ADMIN, 302)],
)
def test_content_is_changed_by_artists_and_above(role: Role, status: int) -> None:
    before = Version.objects.count()
    assert post_change(sign_in("member", {"film": role})) == status
    assert (Version.objects.count() > before) == (status == 302)


@pytest.mark.parametrize(("role", "status"), [(Role.ARTIST, 403), (Role.SUPERVISOR, 302)])
def test_priority_is_set_by_supervisors_and_above(role: Role, status: int) -> None:
    url = reverse("admin:assets_shot_change", args=[get_entity("shot-00001").pk])
    answer = sign_in("member", {"film": role}).post(url, {"priority": "critical"})
    assert answer.status_code == status
    assert (get_entity("shot-00001").priority == "critical") == (status == 302)


def test_nobody_but_a_superuser_gives_roles() -> None:
    client = sign_in("schemer", {"film": Role.ADMIN})
    user = User.objects.get(username="schemer")
    form = {"project": Project.objects.get().pk, "user": user.pk, "role": "admin"}
    assert client.post(reverse("admin:assets_membership_add"), form).status_code == 403
    url = reverse("admin:assets_project_change", args=[Project.objects.get().pk])
    assert client.post(url, {"code": "film", "name": "Mine", "details": "{}"}).status_code == 403
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("content", ["NaN", "[1]", '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 9999])
def test_content_that_cannot_be_stored_is_refused(content: str) -> None:
    assert post_change(sign_in("member", {"film": Role.ARTIST}), content) == 422


def test_values_that_only_look_alike_are_a_change() -> None:
    change("hero", takes=[1, 2])
    assert post_change(sign_in("member", {"film": Role.ARTIST}), '{"takes": [true, 2.0]}') == 302
    assert Head.objects.get(entity=get_entity("hero")).best.content.data == {"takes": [True, 2.0]}


def test_a_field_with_the_name_of_a_group_is_a_field_here() -> None:
    content = '{"visual_changes": {"x": 1}}'
    assert post_change(sign_in("member", {"film": Role.ARTIST}), content) == 302
    data = Head.objects.get(entity=get_entity("hero")).best.content.data
    assert data == {"visual_changes": {"x": 1}}


def test_editing_a_project_publishes_a_version_of_the_project_itself(director: User) -> None:
    project = Project.objects.get()
    client = Client()
    client.force_login(director)
    url = reverse("admin:assets_project_change", args=[project.pk])
    form = {
        "code": "other",  # an id is not edited, whatever the form says
        "name": "Renamed",
        "details": '{"fps": 24}',
        "strictness": "strict",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    assert client.post(url, form).status_code == 302
    after = Project.objects.get()
    assert (after.code, after.name, after.details) == ("film", "Renamed", {"fps": 24})
    assert after.strictness == "strict"
    assert after.graph_revision > project.graph_revision
    best = Head.objects.get(entity__code="film:").best
    assert (best.number, best.author, best.content.data) == (
        2,
        director,
        {"name": "Renamed", "fps": 24},
    )


def test_a_project_is_made_here_with_its_members(director: User) -> None:
    member = make_user("member")
    client = Client()
    client.force_login(director)
    form = {
        "code": "sequel",
        "name": "The Sequel",
        "details": "{}",
        "strictness": "field",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-user": member.pk,
        "memberships-0-role": "artist",
    }
    assert client.post(reverse("admin:assets_project_add"), form).status_code == 302
    assert Membership.objects.get(project__code="sequel").user == member
    assert Head.objects.get(entity__code="sequel:").best.content.data == {"name": "The Sequel"}


@pytest.mark.parametrize("sources", [2, 30])
def test_the_pages_of_a_run_and_a_version_take_a_constant_number_of_statements(
    director: User, sources: int
) -> None:
    load(edges_production([(f"s{n}", "t") for n in range(sources)]), code=f"wide{sources}")
    client = Client()
    client.force_login(director)
    first = Version.objects.get(entity__code="t", number=1)
    counts = []
    for name, pk in (
        ("versions_version", first.pk),
        ("propagation_propagationrun", PropagationRun.objects.get().pk),
    ):
        client.get(reverse(f"admin:{name}_change", args=[pk]))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"admin:{name}_change", args=[pk])).status_code == 200
        counts.append(len(captured))
    assert max(counts) <= 14, counts
