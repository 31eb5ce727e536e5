"""The admin of rules and of what they hold: the checks and the roles of the API."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import Project, Role
from propagation.models import PropagationItem, PropagationRule, PropagationRun
from propagation.services.edit_rules import save_rule
from tests.builders import drive, get_entity, load, star
from tests.propagation.admin.browsing import Answer, confirm, sign_in
from tests.propagation.admin.holding import hold
from tests.propagation.api.asking import nothing_written
from tests.staging import once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("film")]
LISTS = ("source_types", "target_types", "roles", "facets", "fields", "impacts", "target_statuses")
ADD = reverse("admin:propagation_propagationrule_add")
ITEMS = reverse("admin:propagation_propagationitem_changelist")


@once
def film() -> None:
    """Have a production."""
    load(star(2))


@pytest.fixture
def browser(client: Client, director: User) -> Client:
    """Return a browser in which the director is signed in."""
    client.force_login(director)
    return client


def fill(**values: object) -> dict[str, object]:
    """Return the form of a rule of the film that holds."""
    return {
        "project": Project.objects.get(code="film").pk,
        "name": "keep",
        "position": 0,
        "is_enabled": "on",
        "action": "hold",
        "lane": "",
        **dict.fromkeys(LISTS, "[]"),
        "expression": "",
        **values,
    }


def keep(**values: object) -> PropagationRule:
    """Have a rule that holds."""
    project = Project.objects.get(code="film")
    return save_rule(
        project=project,
        name="keep",
        values={"action": "hold"} | values,
        actor=None,
        at=timezone.now(),
    )


def get_url(rule: PropagationRule, what: str = "change") -> str:
    """Return the address of a page of the rule."""
    return reverse(f"admin:propagation_propagationrule_{what}", args=[rule.pk])


def test_a_rule_is_written_through_the_service_with_its_history(
    browser: Client, director: User
) -> None:
    answer = browser.post(ADD, fill(target_types='["shot"]'))
    assert answer.status_code == 302
    rule = PropagationRule.objects.get()
    assert (rule.name, rule.action, rule.target_types) == ("keep", "hold", ["shot"])
    assert [one.history_user for one in rule.history.all()] == [director]


def test_a_rule_is_changed_but_for_its_name_and_project(browser: Client, director: User) -> None:
    rule = keep()
    form = fill(name="other", action="ignore", impacts='["high"]')
    assert browser.post(get_url(rule), form).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.action, rule.impacts) == ("keep", "ignore", ["high"])
    assert rule.history.latest().history_user == director
    assert rule.history.count() == 2


def test_a_rule_is_deleted_through_the_service(browser: Client, director: User) -> None:
    rule = keep()
    assert browser.post(get_url(rule, "delete"), {"post": "yes"}).status_code == 302
    assert not PropagationRule.objects.exists()
    assert PropagationRule.history.latest().history_user == director


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"expression": "target_code =~ 'a'"}, "is not taken"),
        ({"expression": "colour == 'red'"}, "known are source_types"),
        ({"expression": "1 == 2"}, "the expression is always false"),
        ({"roles": '["in_sequence"]', "target_types": '["shot"]'}, "never leads to shot"),
        ({"impacts": '["low"]', "target_types": '["shot"]'}, "affects no shot"),
        ({"lane": "fast"}, "rule_lane_is_known"),
        ({"action": ""}, "This field is required"),
    ],
)
def test_a_rule_that_can_never_match_is_refused_on_the_page(
    browser: Client, values: dict[str, object], reason: str
) -> None:
    answer = browser.post(ADD, fill(**values))
    assert (answer.status_code, PropagationRule.objects.count()) == (200, 0)
    assert reason in answer.content.decode()


def test_a_rule_that_another_shadows_is_refused_on_the_page(browser: Client) -> None:
    keep()
    answer = browser.post(ADD, fill(name="late", position=1, target_types='["shot"]'))
    assert (answer.status_code, PropagationRule.objects.count()) == (200, 1)
    assert "stands before it and fits all that it fits" in answer.content.decode()


@pytest.mark.parametrize(
    "values",
    [
        {"facets": '["colour"]'},
        {"impacts": '["huge"]'},
        {"target_statuses": '["closed"]'},
        {"roles": '"character"'},
        {"roles": '{"character": 1}'},
        {"roles": "[1]"},
        {"roles": "[[1]]"},
        {"roles": "7"},
        {"roles": "null"},
        {"name": "Not a slug"},
    ],
)
def test_what_is_no_part_of_a_rule_is_refused_on_the_page(
    browser: Client, values: dict[str, object]
) -> None:
    answer = browser.post(ADD, fill(**values))
    assert (answer.status_code, PropagationRule.objects.count()) == (200, 0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ARTIST])
def test_staff_below_supervisors_write_no_rule(role: Role) -> None:
    client = sign_in("editor", {"film": role})
    assert client.post(ADD, fill()).status_code == 403
    assert not PropagationRule.objects.exists()
    rule = keep()
    assert client.post(get_url(rule), fill(action="ignore")).status_code == 403
    client.post(get_url(rule, "delete"), {"post": "yes"})
    rule.refresh_from_db()
    assert rule.action == "hold"


def test_a_supervisor_writes_rules() -> None:
    assert sign_in("editor", {"film": Role.SUPERVISOR}).post(ADD, fill()).status_code == 302
    assert PropagationRule.objects.count() == 1


def test_staff_of_another_project_neither_sees_nor_writes_rules_here() -> None:
    load(star(1), code="other")
    rule = keep()
    client = sign_in("editor", {"other": Role.ADMIN})
    page = client.get(reverse("admin:propagation_propagationrule_changelist"))
    assert page.context["cl"].result_count == 0
    assert client.get(get_url(rule)).status_code == 302
    refused = client.post(ADD, fill(name="late", position=1))
    assert refused.status_code in (200, 403)
    assert "&#x27;keep&#x27;" not in refused.content.decode()
    assert PropagationRule.objects.count() == 1


def test_the_form_offers_the_projects_of_the_signed_in_only() -> None:
    load(star(1), code="other")
    page = sign_in("editor", {"other": Role.ADMIN}).get(ADD)
    offered = page.context["adminform"].form.fields["project"].queryset
    assert [project.code for project in offered] == ["other"]


@pytest.mark.parametrize(
    ("action", "state", "runs"), [("approve", "released", 1), ("reject", "rejected", 0)]
)
def test_what_is_held_is_decided_about_in_the_list(
    browser: Client, director: User, action: str, state: str, runs: int
) -> None:
    item = hold()
    others = PropagationItem.objects.exclude(pk=item.pk).values_list("pk", flat=True)
    form = {"action": action, "_selected_action": [item.pk, *others]}
    assert confirm(browser, browser.post(ITEMS, form)).status_code == 302
    item.refresh_from_db()
    assert item.state == state
    released = PropagationRun.objects.filter(kind="release", actor=director)
    assert released.count() == runs
    for run in released:
        assert list(drive(run).items.values_list("entity__code", "state")) == [
            ("shot-00000", "applied")
        ]


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_an_artist_decides_about_nothing(action: str) -> None:
    item = hold()
    form = {"action": action, "_selected_action": [item.pk]}
    page = sign_in("editor", {"film": Role.ARTIST}).post(ITEMS, form, follow=True)
    assert "supervisor" in page.content.decode()
    item.refresh_from_db()
    assert (item.state, PropagationRun.objects.count()) == ("held", 1)


def test_the_form_of_a_new_rule_can_be_saved_as_it_is_shown(browser: Client) -> None:
    shown = browser.get(ADD).context["adminform"].form
    lists = {name: shown[name].value() for name in LISTS}
    assert lists == dict.fromkeys(LISTS, "[]")
    assert browser.post(ADD, fill(**lists)).status_code == 302


def simulate(client: Client, url: str = ADD, **values: Any) -> Answer:  # noqa: ANN401 (a form's)
    """Try the rule on a change of the hero, instead of saving it."""
    tried = {"tried_on": get_entity("hero").pk, "tried_change": '{"hat": "tall"}'}
    return client.post(url, fill(**{**tried, "_simulate": "1", **values}))


def test_a_rule_is_simulated_before_it_is_saved(browser: Client) -> None:
    with nothing_written():
        found = simulate(browser, target_types='["shot"]').context["simulation"]
    counts = {name: (now, then) for name, now, then in found["counts"]}
    assert (counts["update"], counts["hold"]) == ((2, 0), (0, 2))
    assert [entity.code for entity, _, _ in found["others"]] == ["shot-00000", "shot-00001"]


def test_switching_a_rule_off_is_simulated_too(browser: Client) -> None:
    rule = keep(target_types=["shot"])
    with nothing_written():
        page = simulate(browser, get_url(rule), is_enabled="", target_types='["shot"]')
    assert page.context["simulation"]["differing"] == 2


@pytest.mark.parametrize(
    "values",
    [
        {"tried_on": ""},
        {"tried_on": "99999"},
        {"tried_on": "x"},
        {"project": "x"},
        {"tried_change": "{}"},
        {"tried_change": "[1]"},
        {"tried_change": "{"},
        {"tried_change": '{"a": 1e999}'},
        {"expression": "colour == 'red'"},
    ],
)
def test_what_cannot_be_simulated_is_told_on_the_page(
    browser: Client, values: dict[str, Any]
) -> None:
    with nothing_written():
        page = simulate(browser, **values)
    assert page.context["simulation"] is None
    assert page.context["adminform"].form.errors


def test_a_rule_is_not_tried_on_another_project() -> None:
    load(star(1), code="other")
    client = sign_in("editor", {"film": Role.SUPERVISOR, "other": Role.VIEWER})
    page = simulate(client, tried_on=get_entity("hero", "other").pk)
    assert "in another project" in page.content.decode()
    stranger = sign_in("stranger", {"film": Role.SUPERVISOR})
    page = simulate(stranger, tried_on=get_entity("hero", "other").pk)
    assert "Select a valid choice" in page.content.decode()


def test_who_may_not_write_rules_simulates_none() -> None:
    artist = sign_in("artist", {"film": Role.ARTIST})
    assert simulate(artist).status_code == 403
