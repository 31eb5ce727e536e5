"""What people do with the admin's pages, under a policy that lets nothing in from elsewhere."""

import json
from concurrent.futures import Executor

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from propagation.models import PropagationRun
from propagation.services.steer_run import cancel_run
from tests.browser.staging import Staged, go_on, start_run
from tests.builders import drive

pytestmark = pytest.mark.browser


def find_page(run: PropagationRun) -> str:
    """Return the page of a run."""
    return reverse("admin:propagation_propagationrun_change", args=[run.pk])


def test_no_page_complains(page: Page, staged: Staged) -> None:
    for path in staged.pages.values():
        answer = page.goto(path)
        assert answer
        assert answer.status == 200, path
        assert "content-security-policy" in answer.headers


def test_the_bar_of_a_run_moves_by_itself_and_is_announced(page: Page, database: Executor) -> None:
    run = database.submit(start_run, "green").result()
    page.goto(find_page(run))
    expect(page.locator("[data-live-state]")).to_have_text("live")
    expect(page.locator("progress")).to_have_js_property("value", 0)
    while database.submit(go_on, run).result().is_active:
        pass
    expect(page.locator("progress")).to_have_js_property("value", 100)
    expect(page.get_by_role("status")).to_have_text("100 % done")
    expect(page.locator("#run-progress")).to_contain_text("done")
    expect(page.get_by_role("button", name="Undo…")).to_be_visible()


def test_without_a_socket_the_page_asks(page: Page, database: Executor) -> None:
    page.route_web_socket("**/ws/v1", lambda line: line.close())
    run = database.submit(start_run, "yellow").result()
    page.goto(find_page(run))
    expect(page.locator("[data-live-state]")).to_have_text("asking every 3 s")
    database.submit(drive, run).result()
    expect(page.locator("progress")).to_have_js_property("value", 100)


def test_focus_stays_where_it_was_while_the_page_goes_on(page: Page, database: Executor) -> None:
    run = database.submit(start_run, "white").result()
    page.goto(find_page(run))
    expect(page.locator("[data-live-state]")).to_have_text("live")
    page.locator("#way-cancel").focus()
    database.submit(go_on, run).result()
    expect(page.locator("#run-progress")).to_contain_text("running")
    expect(page.locator("#way-cancel")).to_be_focused()
    database.submit(drive, run).result()


def test_a_run_is_cancelled_after_a_look_at_what_is_left(page: Page, database: Executor) -> None:
    run = database.submit(start_run, "black").result()
    page.goto(find_page(run))
    page.get_by_role("button", name="Cancel…").click()
    expect(page.get_by_role("heading", name=f"Cancel run {run.pk}")).to_be_visible()
    page.get_by_role("button", name="Cancel the run of").click()
    expect(page.get_by_text(f"Run {run.pk} is cancelled.")).to_be_visible()
    assert page.url.endswith(find_page(run))


def test_a_plan_that_moved_says_so_and_writes_nothing(
    page: Page, staged: Staged, database: Executor
) -> None:
    page.goto(staged.pages["change"])
    box = page.get_by_label("Content:")
    box.fill(json.dumps(json.loads(box.input_value()) | {"wardrobe": "a yellow coat"}))
    page.get_by_role("button", name="Preview the impact").click()
    moved = database.submit(start_run, "purple").result()
    database.submit(drive, moved).result()
    page.get_by_role("button", name="now").click()
    expect(page.get_by_role("alert")).to_contain_text("1 have another best version now: hero")
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="now").click()
    expect(page.get_by_text("dependents follow.")).to_be_visible()
    run = database.submit(PropagationRun.objects.latest, "pk").result()
    database.submit(lambda: cancel_run(run_id=run.pk, actor=None, at=run.created_at)).result()


def test_the_drawn_graph_is_walked_by_keyboard_and_has_the_rows_of_its_table(
    page: Page, staged: Staged
) -> None:
    page.goto(f"{staged.pages['graph']}?down=3")
    named = sorted(page.locator("#content-main tbody th a").all_text_contents())
    assert len(named) == 27
    page.get_by_role("link", name="Drawing").click()
    expect(page.locator("svg .code")).to_have_count(len(named))
    assert sorted(page.locator("svg .code").all_text_contents()) == named
    page.locator("svg a").first.focus()
    page.keyboard.press("Tab")
    expect(page.locator("svg a").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/graph/?as=drawing")


def test_a_rule_is_tried_before_it_is_saved(page: Page, staged: Staged) -> None:
    page.goto(staged.pages["rule"])
    page.get_by_role("combobox", name="Entity").click()
    page.get_by_role("searchbox", name="Entity").fill("hero")
    page.get_by_role("option", name="hero").click()
    page.get_by_label("Change:").fill('{"grade": "cold"}')
    page.get_by_role("button", name="Simulate, save nothing").click()
    shown = page.locator("#simulation")
    expect(shown).to_contain_text("What a change of hero would do")
    expect(shown).to_contain_text("Nothing would be decided otherwise.")
    page.locator("#id_is_enabled").uncheck()
    page.get_by_role("button", name="Simulate, save nothing").click()
    expect(shown).to_contain_text("2 about which would be decided otherwise")


def test_without_scripts_a_run_is_read_and_steered(
    page: Page, staged: Staged, database: Executor
) -> None:
    run = database.submit(start_run, "grey").result()
    browser, base = page.context.browser, page.context
    assert browser
    plain = browser.new_context(
        java_script_enabled=False, storage_state=base.storage_state(), base_url=_find_base(page)
    )
    tab = plain.new_page()
    tab.goto(f"{find_page(run)}")
    expect(tab.get_by_role("link", name="Show how far it is now")).to_be_visible()
    tab.get_by_role("button", name="Pause").click()
    expect(tab.get_by_role("button", name="Resume")).to_be_visible()
    plain.close()
    database.submit(lambda: cancel_run(run_id=run.pk, actor=None, at=run.created_at)).result()


def _find_base(page: Page) -> str:
    page.goto("/admin/")
    return page.url.removesuffix("/admin/")
