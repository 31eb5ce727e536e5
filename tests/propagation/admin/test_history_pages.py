"""History in the admin is to look at, by those who may see the project."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import AssetReference, Membership, Project, Role
from propagation.services.edit_rules import save_rule
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


def test_each_row_of_history_says_what_changed_word_by_word(director: User) -> None:
    project = Project.objects.get(code="film")
    for number in range(52):  # more than a page
        values = {"expression": f"target_code == 'shot-{number}'", "action": "hold"}
        rule = save_rule(
            project=project, name="keep", values=values, actor=director, at=timezone.now()
        )
    client = Client()
    client.force_login(director)
    url = reverse("admin:propagation_propagationrule_history", args=[rule.pk])
    page = client.get(url)
    assert "<del>50</del><ins>51</ins>" in page.content.decode()
    assert page.content.decode().count("<ins>") == 50  # the last of the page as well
    assert "style=" not in page.content.decode().partition('id="content"')[2]
    last = client.get(url, {"p": 2}).content.decode()
    assert last.count("<ins>") == 1


def test_fields_within_an_object_are_compared_one_by_one() -> None:
    annotation = Annotation.objects.get(version__entity__project__code="film")
    for metadata in ({"take": 1, "lens": "a wide one"}, {"take": 1, "lens": "a long one"}):
        annotation.metadata = metadata
        annotation.save()
    url = reverse("admin:versions_annotation_history", args=[annotation.pk])
    page = sign_in("ann", {"film": Role.ADMIN}).get(url).content.decode()
    assert "metadata.lens:" in page
    assert "<del>wide</del><ins>long</ins>" in page
