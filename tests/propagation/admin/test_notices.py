"""The admin of notifications: to look at, within one's projects; preferences can be edited."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import Role
from propagation.models import Mail, NoticePreference, Notification, Subscription
from propagation.notices.making import make_notices
from propagation.services.edit_preference import save_preference
from tests.builders import change, drive, load, make_user, star
from tests.propagation.admin.browsing import sign_in
from tests.propagation.notices.telling import subscribe

pytestmark = pytest.mark.django_db
LISTS = ("propagation_subscription", "propagation_notification")


@pytest.fixture
def told() -> Notification:
    """Have somebody who is told of a run, and wants mail of it."""
    load(star(1))
    ana = make_user("ana", roles={"film": Role.VIEWER})
    subscribe(ana, "hero")
    save_preference(user=ana, at=timezone.now(), mail=Mail.EACH)
    run = change("hero", colour="red").run
    assert run is not None
    drive(run)
    while make_notices(at=timezone.now()):
        pass
    return Notification.objects.get()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("role", "seen"), [(Role.VIEWER, 1), (None, 0)])
def test_staff_sees_what_is_in_its_projects_and_changes_nothing(
    role: Role | None, seen: int
) -> None:
    client = sign_in("staff", {"film": role} if role else {})
    tables: tuple[Any, ...] = (Subscription, Notification)
    for model, rows in zip(LISTS, tables, strict=True):
        page = client.get(reverse(f"admin:{model}_changelist"))
        assert page.context["cl"].result_count == seen
        url = reverse(f"admin:{model}_delete", args=[rows.objects.get().pk])
        assert client.post(url, {"post": "yes"}).status_code in (302, 403)
        assert client.get(reverse(f"admin:{model}_add")).status_code == 403
        assert rows.objects.count() == 1


def test_a_preference_is_edited_with_what_follows_from_it(told: Notification) -> None:
    client = Client()
    client.force_login(make_user("root", is_superuser=True))
    assert told.mail_due_at is not None
    url = reverse("admin:propagation_noticepreference_change", args=[told.user_id])
    assert client.post(url, {"mail": "each", "digest_hour": 24}).status_code == 200
    assert client.post(url, {"mail": "none", "digest_hour": 3}).status_code == 302
    found = NoticePreference.objects.get(user=told.user_id)
    assert (found.mail, found.digest_hour) == ("none", 3)
    told.refresh_from_db()
    assert told.mail_due_at is None
