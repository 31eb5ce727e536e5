"""History in the admin is to look at, by those who may see the project."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from assets.models import AssetReference, Membership, Project, Role
from tests.builders import load, star
from tests.client import APIClient
from tests.propagation.admin.browsing import sign_in
from tests.propagation.api.asking import nothing_written, send
from versions.models import Annotation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def film(api: APIClient) -> None:
    """Have a film with a version of which something was said, and another project."""
    load(star(1))
    load(star(1), code="secret")
    for project in ("film", "secret"):
        answer = send(api, "PATCH", f"assets/{project}:hero/versions/1", b'{"is_hidden": true}')
        assert answer.status_code == 200


def list_pages(project: str) -> list[str]:
    """Return the page of a state in the history of a row of each kind."""
    annotation = Annotation.objects.get(version__entity__project__code=project)
    reference = AssetReference.objects.filter(project__code=project).earliest("pk")
    rows = (("versions_annotation", annotation), ("assets_assetreference", reference))
    return [
        reverse(f"admin:{name}_simple_history", args=[row.pk, row.history.get().history_id])
        for name, row in rows
    ]


def test_a_state_of_the_past_is_shown_and_never_written() -> None:
    client = sign_in("ann", {"film": Role.ADMIN})
    for page in list_pages("film"):
        assert client.get(page).status_code == 200
        with nothing_written():
            assert client.post(page, {"status": "approved", "metadata": "{}"}).status_code == 403
    assert Annotation.objects.filter(status="approved").count() == 0


def test_a_role_cannot_be_raised_on_the_page_of_its_history() -> None:
    client = sign_in("val", {"film": Role.VIEWER})
    membership = Membership.objects.get(user__username="val")
    page = reverse(
        "admin:assets_membership_simple_history",
        args=[membership.pk, membership.history.latest().history_id],
    )
    form = {"project": membership.project_id, "user": membership.user_id, "role": "admin"}
    assert client.post(page, form).status_code == 403
    membership.refresh_from_db()
    assert membership.role == Role.VIEWER


def test_history_of_a_project_that_one_may_not_see_is_not_there() -> None:
    client = sign_in("ann", {"film": Role.ADMIN})
    for page in list_pages("secret"):
        assert client.get(page).status_code == 404
        assert client.get(page.rsplit("/", 2)[0] + "/").status_code == 404


@pytest.mark.parametrize(
    "model",
    ["assets_asset", "versions_version", "versions_annotation", "propagation_propagationrun"],
)
def test_filters_name_only_projects_that_one_may_see(model: str) -> None:
    load(star(1), code="third")
    roles = {"film": Role.ADMIN, "third": Role.ADMIN}
    page = sign_in("ann", roles).get(reverse(f"admin:{model}_changelist")).content.decode()
    assert "third" in page
    assert "secret" not in page


def test_a_locked_project_is_not_edited(director: User) -> None:
    project = Project.objects.get(code="film")
    project.entities.filter(kind="project").update(is_locked=True)
    client = Client()
    client.force_login(director)
    form = {
        "name": "Other",
        "details": "{}",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    page = client.post(reverse("admin:assets_project_change", args=[project.pk]), form)
    assert "The project is locked" in page.content.decode()
    project.refresh_from_db()
    assert project.name == "film"
