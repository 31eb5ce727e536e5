"""Nothing is written in the admin before it was shown, and then exactly that."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assets.models import AssetReference, Role
from propagation.execution.apply import fail_batch
from propagation.models import PropagationItem, PropagationRun, StoredPlan
from propagation.services.change_references import make_edge
from propagation.services.decide_holds import HoldFilter, reject_holds
from propagation.services.pin_references import Terms, pin_reference
from propagation.services.steer_run import retry_run
from tests.builders import change, drive, get_content, get_entity, load, make_cause, star
from tests.propagation.admin.browsing import Answer, confirm, sign_in
from tests.propagation.admin.holding import hold
from tests.propagation.api.asking import nothing_written
from versions.models import DEFINITION, Consumption, Head, Pin, Version

pytestmark = pytest.mark.django_db
RUNS = reverse("admin:propagation_propagationrun_changelist")
ITEMS = reverse("admin:propagation_propagationitem_changelist")
VERSIONS = reverse("admin:versions_version_changelist")
SHOTS = 3


@pytest.fixture(autouse=True)
def film() -> None:
    """Have a production whose hero was changed once."""
    load(star(SHOTS))
    run = change("hero", coat="red").run
    assert run
    drive(run)


@pytest.fixture
def browser(client: Client, director: User) -> Client:
    """Return a browser in which the director is signed in."""
    client.force_login(director)
    return client


def act(client: Client, page: str, action: str, *pks: int) -> Answer:
    """Choose an action for these rows."""
    return client.post(page, {"action": action, "_selected_action": [str(pk) for pk in pks]})


def find(number: int) -> Version:
    """Return a version of the hero."""
    found: Version = Version.objects.get(entity__code="hero", slot=DEFINITION, number=number)
    return found


def fail_run() -> PropagationRun:
    """Have a run that failed."""
    run = change("hero", coat="blue").run
    assert run
    fail_batch(run_id=run.pk, number=0, error="no disk", at=timezone.now())
    return drive(run)


def get_shown() -> StoredPlan:
    """Return the newest plan."""
    return StoredPlan.objects.latest("pk")


def propose_rollback(client: Client) -> Answer:
    """Ask to roll the hero back."""
    return act(client, VERSIONS, "roll_back_to", find(1).pk)


def propose_undo(client: Client) -> Answer:
    """Ask to take the first run back."""
    return act(client, RUNS, "undo", PropagationRun.objects.filter(kind="change").earliest("pk").pk)


def propose_retry(client: Client) -> Answer:
    """Ask to retry a run that failed."""
    return act(client, RUNS, "retry", fail_run().pk)


def propose_approval(client: Client) -> Answer:
    """Ask to let a held shot go on."""
    return act(client, ITEMS, "approve", hold().pk)


def propose_pin(client: Client) -> Answer:
    """Ask to pin the hero in a shot."""
    reference = AssetReference.objects.get(target__code="shot-00001")
    url = reverse("admin:assets_shot_uses", args=[reference.target_id])
    return client.post(url, {"reference": reference.pk, "version": 1, "reason": "as cast"})


PROPOSALS = [
    (propose_rollback, "rollback", SHOTS),
    (propose_undo, "undo", SHOTS),
    (propose_retry, None, SHOTS),
    (propose_approval, "release", 1),
    (propose_pin, "pin", 0),
]


@pytest.mark.parametrize(("ask", "kind", "count"), PROPOSALS)
def test_what_was_shown_is_what_the_run_does(
    browser: Client, ask: Callable[[Client], Answer], kind: str | None, count: int
) -> None:
    answer = ask(browser)
    shown = browser.get(answer["Location"])
    assert shown.status_code == 200
    updates = sorted(row[0] for row in get_shown().targets if row[2] == "update")
    assert len(updates) == count
    done = confirm(browser, answer, note="as agreed")
    run = PropagationRun.objects.latest("pk")
    assert done["Location"] == reverse("admin:propagation_propagationrun_change", args=[run.pk])
    items = run.items.filter(state="queued").values_list("entity_id", flat=True)
    assert sorted(items) == updates
    if kind:
        assert (run.kind, run.note) == (kind, "as agreed")


@pytest.mark.parametrize(("ask", "kind", "count"), PROPOSALS)
def test_asking_writes_nothing_but_the_plan(
    browser: Client, ask: Callable[[Client], Answer], kind: str | None, count: int
) -> None:
    del kind, count
    if ask in (propose_retry, propose_approval):
        ask(browser)  # what they ask about has to be there
    before = (PropagationRun.objects.count(), Version.objects.count(), Pin.objects.count())
    if ask is propose_retry:
        act(browser, RUNS, "retry", PropagationRun.objects.latest("pk").pk)
    elif ask is propose_approval:
        act(browser, ITEMS, "approve", PropagationItem.objects.get(state="held").pk)
    else:
        ask(browser)
    after = (PropagationRun.objects.count(), Version.objects.count(), Pin.objects.count())
    assert after == before


@pytest.mark.parametrize("ask", [propose_rollback, propose_undo])
def test_a_plan_that_moved_is_told_with_what_moved(
    browser: Client, ask: Callable[[Client], Answer]
) -> None:
    answer = ask(browser)
    change("hero", hat="small")
    with nothing_written():
        refused = confirm(browser, answer)
    assert refused.status_code == 409
    assert "hero" in refused.content.decode()


def test_a_retry_that_somebody_was_faster_with_is_refused(browser: Client) -> None:
    run = fail_run()
    answer = act(browser, RUNS, "retry", run.pk)
    drive(retry_run(run_id=run.pk, actor=None, at=timezone.now()))
    with nothing_written():
        refused = confirm(browser, answer)
    assert refused.status_code == 409
    assert "would not be reached any more" in refused.content.decode()


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_holds_that_somebody_else_decided_about_are_not_decided_again(
    browser: Client, action: str
) -> None:
    item = hold()
    answer = act(browser, ITEMS, action, item.pk)
    film = get_entity("hero").project
    reject_holds(
        project=film, wanted=HoldFilter(ids=[item.pk]), note="", actor=None, at=timezone.now()
    )
    with nothing_written():
        refused = confirm(browser, answer)
    assert refused.status_code == 409
    assert "shot-00000" in refused.content.decode()


def test_previewing_again_shows_what_would_be_done_now(browser: Client) -> None:
    answer = propose_rollback(browser)
    change("hero", hat="small")
    again = browser.post(answer["Location"], {"again": "1"})
    assert again.status_code == 409  # the edit started from another version than is current
    answer = propose_rollback(browser)
    assert confirm(browser, answer).status_code == 302
    assert get_content("hero") == {"name": "Hero", "description": "as cast"}


def test_a_plan_is_carried_out_by_whoever_made_it_only(browser: Client) -> None:
    answer = propose_rollback(browser)
    other = sign_in("other", {"film": Role.ADMIN})
    assert other.get(answer["Location"]).status_code == 200
    with nothing_written():
        assert confirm(other, answer).status_code == 403


def test_a_plan_of_a_project_that_one_may_not_see_is_not_there(browser: Client) -> None:
    answer = propose_rollback(browser)
    stranger = sign_in("stranger", {})
    assert stranger.get(answer["Location"]).status_code in (302, 404)


@pytest.mark.parametrize("ask", [propose_rollback, propose_undo, propose_retry, propose_approval])
def test_an_artist_is_told_that_it_takes_a_supervisor(
    ask: Callable[[Client], Answer],
) -> None:
    artist = sign_in("artist", {"film": Role.ARTIST})
    answer = ask(artist)
    page = artist.get(answer["Location"])
    if ask is propose_retry:  # of whoever started the run it takes an artist, so the service asks
        page = confirm(artist, answer)
    assert "supervisor" in page.content.decode()


def test_a_pin_is_set_with_its_terms_and_let_go(browser: Client, director: User) -> None:
    confirm(browser, propose_pin(browser), note="as cast")
    reference = AssetReference.objects.get(target__code="shot-00001")
    pin = Pin.objects.get(reference=reference)
    assert (pin.version.number, pin.owner, pin.reason) == (1, director, "as cast")
    assert Consumption.objects.get(reference=reference).version.number == 1
    url = reverse("admin:assets_shot_uses", args=[reference.target_id])
    page = browser.get(url).content.decode()
    assert "by director" in page
    confirm(browser, browser.post(url, {"unpin": reference.pk}))
    assert not Pin.objects.exists()
    best = Head.objects.get(entity__code="hero", slot=DEFINITION).best
    assert Consumption.objects.get(reference=reference).version == best


def test_new_terms_of_a_pin_affect_nothing(browser: Client) -> None:
    reference = AssetReference.objects.select_related("source", "target__project").get(
        target__code="shot-00001"
    )
    pin_reference(
        edge=make_edge(reference),
        terms=Terms(number=1, reason="old"),
        cause=make_cause(),
        at=timezone.now(),
    )
    runs = PropagationRun.objects.count()
    answer = propose_pin(browser)
    assert "nothing follows" in browser.get(answer["Location"]).content.decode()
    confirm(browser, answer, note="new")
    assert (Pin.objects.get().reason, PropagationRun.objects.count()) == ("new", runs)


@pytest.mark.parametrize(
    "form",
    [
        {"reference": "9999", "version": 1, "reason": "x"},
        {"reference": "x", "reason": "x"},
        {"reference": "", "reason": ""},
        {"reference": "1", "version": "0", "reason": "x"},
        {"reference": "1", "version": 2**40, "reason": "x"},
        {"reference": "1", "reason": "x", "expires_at": "2001-01-01 10:00"},
    ],
)
def test_a_pin_that_cannot_be_is_refused_on_the_page(
    browser: Client, form: dict[str, object]
) -> None:
    reference = AssetReference.objects.get(target__code="shot-00001")
    if form["reference"] == "1":
        form = form | {"reference": reference.pk}
    url = reverse("admin:assets_shot_uses", args=[reference.target_id])
    with nothing_written():
        assert browser.post(url, form).status_code == 422


def test_targets_come_in_pages_in_few_statements(browser: Client) -> None:
    load(star(250), code="large")
    version = Version.objects.get(entity__project__code="large", entity__code="hero")
    change("hero", "large", coat="red")
    answer = act(browser, VERSIONS, "roll_back_to", version.pk)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(answer["Location"]).content.decode()
    assert "250 targets" in page
    assert page.count('">shot-') == 100
    assert len(queries) <= 9
    last = browser.get(answer["Location"], {"page": 3}).content.decode()
    assert "201–250 of 250" in last  # noqa: RUF001
    held = browser.get(answer["Location"], {"verdict": "hold"}).content.decode()
    assert "0 of 250 targets" in held
