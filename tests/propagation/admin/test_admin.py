"""The admin: every page answers, people change content through the service and nothing else."""

import html

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from assets.models import Entity
from propagation.models import PropagationRun
from tests.builders import change, drive, get_content, get_entity, load, star
from tests.propagation.admin.browsing import confirm
from versions.models import Head, Version


@pytest.fixture
def browser(client: Client, director: User) -> Client:
    """Return a browser in which the director is signed in."""
    client.force_login(director)
    return client


@pytest.fixture
def production(db: None) -> PropagationRun:
    """Return the finished run of a small production."""
    del db
    document = star(3)
    document["sequences"] = [{"sequence_id": "seq-1", "shots": ["shot-00000"]}]
    load(document)
    run = change("hero", description="changed").run
    assert run is not None
    return drive(run)


def test_every_page_of_every_model_answers(browser: Client, production: PropagationRun) -> None:
    """Lists, pages of one row, and histories; with a search, which joins other tables."""
    del production
    seen = 0
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert browser.get(reverse(f"{name}_changelist")).status_code == 200, name
        assert browser.get(reverse(f"{name}_changelist"), {"q": "1"}).status_code == 200, name
        row = model_admin.get_queryset(_request(browser)).first()
        if row is None:
            continue
        seen += 1
        assert browser.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, name
        assert browser.get(reverse(f"{name}_history", args=[row.pk])).status_code == 200, name
    assert seen >= 15


def _request(browser: Client) -> HttpRequest:
    return browser.get(reverse("admin:index")).wsgi_request


def test_a_preview_shows_the_impact_and_writes_nothing(
    browser: Client, production: PropagationRun
) -> None:
    del production
    before = Version.objects.count()
    answer = browser.post(_url("hero"), _form("hero", '{"description": "new"}'), follow=True)
    assert "<strong>4</strong> affected" in answer.content.decode()
    assert Version.objects.count() == before


def test_the_form_posted_back_as_it_is_shown_changes_nothing(
    browser: Client, production: PropagationRun
) -> None:
    del production
    shown = browser.get(_url("hero")).context["form"]
    form = {field.name: field.subwidgets[0].data["value"] for field in shown.hidden_fields()}
    page = str(shown["content"])
    text = html.unescape(page[page.index(">") + 1 : page.rindex("<")]).strip()
    assert text.count("\n") == 3  # a line per field
    answer = browser.post(_url("hero"), {**form, "content": text, "mode": "auto", "note": ""})
    assert answer["Location"] == reverse("admin:assets_asset_change", args=[get_entity("hero").pk])


def test_propagating_publishes_as_the_signed_in_user(
    browser: Client, production: PropagationRun, director: User
) -> None:
    del production
    shown = browser.post(_url("hero"), _form("hero", '{"description": "new"}'))
    answer = confirm(browser, shown)
    run = PropagationRun.objects.latest("pk")
    assert answer["Location"] == reverse("admin:propagation_propagationrun_change", args=[run.pk])
    assert (run.total, run.actor) == (4, director)
    head = Head.objects.select_related("best__content").get(entity=get_entity("hero"))
    assert head.best.content.data == {"description": "new"}  # the name was taken out
    assert head.best.author == director


def test_an_edit_is_merged_with_what_others_published_meanwhile(
    browser: Client, production: PropagationRun
) -> None:
    del production
    form = _form("hero", '{"name": "Hero", "description": "mine"}')
    change("hero", colour="theirs")
    answer = browser.post(_url("hero"), form)
    assert "Both go together" in browser.get(answer["Location"]).content.decode()
    assert confirm(browser, answer).status_code == 302
    assert get_content("hero") == {"name": "Hero", "description": "mine", "colour": "theirs"}


def test_priority_is_the_only_field_of_an_entity_that_the_admin_edits(
    browser: Client, production: PropagationRun
) -> None:
    del production
    entity = get_entity("shot-00001")
    url = reverse("admin:assets_shot_change", args=[entity.pk])
    assert browser.post(url, {"priority": "critical", "code": "other"}).status_code == 302
    entity.refresh_from_db()
    assert (entity.priority, entity.code) == ("critical", "shot-00001")
    assert Entity.history.filter(id=entity.pk).latest().history_change_reason == "priority"


def test_nobody_adds_or_deletes_what_only_services_write(
    browser: Client, production: PropagationRun
) -> None:
    for model in ("assets_asset", "versions_version", "propagation_propagationrun"):
        assert browser.get(reverse(f"admin:{model}_add")).status_code == 403
    url = reverse("admin:propagation_propagationrun_delete", args=[production.pk])
    assert browser.post(url, {"post": "yes"}).status_code == 403


def _url(code: str) -> str:
    return reverse("admin:assets_asset_propagate", args=[get_entity(code).pk])


def _form(code: str, content: str) -> dict[str, object]:
    number = Head.objects.get(entity=get_entity(code)).best.number
    return {"content": content, "note": "", "mode": "auto", "base_version": number}
