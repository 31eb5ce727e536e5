"""Pages of the admin that belong to no model, and that of a run."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from assets.models import Role
from propagation.execution.apply import fail_batch
from propagation.models import PropagationRun, WebhookDelivery
from propagation.services.edit_webhooks import create_webhook
from propagation.services.send_webhooks import send_test
from propagation.webhooks.sending import Answer
from propagation.webhooks.store import claim_deliveries, record_answer
from tests.builders import change, drive, get_entity, load, star
from tests.propagation.admin.browsing import confirm, sign_in
from tests.propagation.api.asking import nothing_written

pytestmark = pytest.mark.django_db
DEAD = reverse("dead-letters")


@pytest.fixture
def browser(client: Client, director: User) -> Client:
    """Return a browser in which the director is signed in."""
    client.force_login(director)
    return client


def fail(code: str = "film", shots: int = 2) -> PropagationRun:
    """Have a production whose only run failed."""
    load(star(shots), code=code)
    run = change("hero", code, coat="blue").run
    assert run
    fail_batch(run_id=run.pk, number=0, error=f"no disk for {code}", at=timezone.now())
    return drive(run)


def give_up() -> WebhookDelivery:
    """Have a message that nobody took."""
    at = timezone.now()
    values = {"url": "https://hooks.example.com/in"}
    project = get_entity("hero").project
    webhook = create_webhook(project=project, values=values, actor=None, at=at)
    delivery = send_test(pk=webhook.pk, actor=None, at=at)
    (claim,) = claim_deliveries(pks=[delivery.pk], at=at)
    record_answer(claim=claim, answer=Answer(status=418, error="", text=""), at=at)
    return delivery


def test_what_failed_in_the_end_is_listed_with_its_reason_and_retried(browser: Client) -> None:
    run = fail()
    page = browser.get(DEAD)
    assert "2 failed items" in page.content.decode()
    assert "no disk for film" in page.content.decode()
    item = run.items.earliest("pk")
    answer = browser.post(DEAD, {"item": item.pk, "retry": "1"})
    assert confirm(browser, answer).status_code == 302
    run.refresh_from_db()
    assert (drive(run).status, run.attempts) == ("success", 2)
    assert "0 failed items" in browser.get(DEAD).content.decode()


def test_what_a_later_run_made_good_is_no_dead_letter(browser: Client) -> None:
    fail()
    later = change("hero", coat="green").run
    assert later
    drive(later)
    assert "0 failed items" in browser.get(DEAD).content.decode()


def test_a_message_that_was_given_up_is_sent_again(browser: Client) -> None:
    fail()
    delivery = give_up()
    assert "418" in browser.get(DEAD).content.decode()
    browser.post(DEAD, {"delivery": delivery.pk, "replay": "1"})
    delivery.refresh_from_db()
    assert delivery.state == "pending"


def test_nobody_sees_what_failed_elsewhere() -> None:
    fail()
    fail("secret")
    give_up()
    page = sign_in("artist", {"film": Role.ARTIST}).get(DEAD).content.decode()
    assert "no disk for film" in page
    assert "secret" not in page
    assert "0 deliveries" in page  # for a project's admins


def test_an_artist_cannot_retry_what_somebody_else_started() -> None:
    item = fail().items.earliest("pk")
    client = sign_in("artist", {"film": Role.ARTIST})
    answer = client.post(DEAD, {"item": item.pk, "retry": "1"})
    with nothing_written():
        assert confirm(client, answer).status_code == 409


@pytest.mark.parametrize("form", [{}, {"item": "x"}, {"item": "99999"}, {"replay": "1"}])
def test_choosing_nothing_does_nothing(browser: Client, form: dict[str, str]) -> None:
    fail()
    with nothing_written():
        page = browser.post(DEAD, form, follow=True).content.decode()
    assert "errorlist" in page or 'class="error"' in page


def test_items_of_two_projects_are_not_retried_together(browser: Client) -> None:
    ids = [fail(code).items.earliest("pk").pk for code in ("film", "other")]
    with nothing_written():
        page = browser.post(DEAD, {"item": ids}, follow=True).content.decode()
    assert "of one project at a time" in page


def test_queues_are_shown_while_no_worker_is_there(browser: Client, settings: Settings) -> None:
    settings.FLOWER_URL = "http://127.0.0.1:5555/flower/"
    page = browser.get(reverse("queues-page")).content.decode()
    for word in ("realtime", "batch", "background", "No worker consumes", settings.FLOWER_URL):
        assert word in page
    part = browser.get(reverse("queues-page"), headers={"X-Part": "1"}).content.decode()
    assert "<html" not in part
    settings.FLOWER_URL = ""
    assert "Flower" not in browser.get(reverse("queues-page")).content.decode()


@pytest.mark.parametrize("path", ["queues-page", "dead-letters"])
def test_pages_are_for_staff(client: Client, path: str) -> None:
    assert client.get(reverse(path)).status_code == 302


def test_the_index_says_how_it_stands(browser: Client) -> None:
    fail()
    page = " ".join(browser.get(reverse("admin:index")).content.decode().split())
    for card in ("Database", "Broker", "Lane realtime", "Scheduler", "Courier", "Event lag"):
        assert card in page
    assert "look</span> 2" in page


def get_url(run: PropagationRun) -> str:
    """Return the page of a run."""
    return reverse("admin:propagation_propagationrun_change", args=[run.pk])


def test_the_page_of_a_run_shows_what_failed_first(browser: Client) -> None:
    load(star(120))
    run = change("hero", coat="blue").run
    assert run
    fail_batch(run_id=run.pk, number=run.batches.count() - 1, error="no disk", at=timezone.now())
    page = browser.get(get_url(drive(run)))
    assert page.context["items"][0][0].state == "failed"
    assert page.context["percent"] == 100
    assert [way for way, _ in page.context["ways"]] == ["retry", "undo"]
    only = browser.get(f"{get_url(run)}?state=applied&page=2")
    assert {item.state for item, _ in only.context["items"]} <= {"applied"}


@pytest.mark.parametrize(("way", "status"), [("pause", "paused"), ("resume", "running")])
def test_a_run_is_paused_and_resumed_on_its_page(browser: Client, way: str, status: str) -> None:
    load(star(2))
    run = change("hero", coat="blue").run
    assert run
    for step in ("pause", way):
        assert browser.post(get_url(run), {"way": step})["Location"] == get_url(run)
    run.refresh_from_db()
    assert run.status == status


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ARTIST])
@pytest.mark.parametrize("way", ["pause", "cancel", "undo", "no-such-way"])
def test_who_may_not_steer_does_not(role: Role, way: str) -> None:
    load(star(2))
    run = change("hero", coat="blue").run
    assert run
    client = sign_in("somebody", {"film": role})
    answer = client.post(get_url(run), {"way": way})
    if answer["Location"] != get_url(run):
        confirm(client, answer)
    run.refresh_from_db()
    assert (run.status, PropagationRun.objects.count()) == ("accepted", 1)


@pytest.mark.parametrize("name", ["run", "items", "runs", "shots", "dead", "references"])
def test_a_page_takes_as_many_statements_for_many_rows_as_for_few(
    browser: Client, name: str
) -> None:
    counts = []
    for shots in (5, 50):
        run = fail(f"film-{shots}", shots)
        pages = {
            "run": get_url(run),
            "items": reverse("admin:propagation_propagationitem_changelist"),
            "runs": reverse("admin:propagation_propagationrun_changelist"),
            "shots": reverse("admin:assets_shot_changelist"),
            "references": reverse("admin:assets_assetreference_changelist"),
            "dead": DEAD,
        }
        browser.get(pages[name])
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(pages[name]).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
