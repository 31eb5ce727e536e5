"""No page of the admin violates WCAG 2.2 AA as far as axe-core can tell, light or dark."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.staging import Staged

pytestmark = pytest.mark.browser
RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""All of them in one theme, and in the other those that look at colours."""
EXAMINE = """async (runOnly) => {
    await Promise.all(document.getAnimations().map((one) => one.finished));  // colours fade
    const found = await axe.run(document, {runOnly, resultTypes: ["violations"]});
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
}"""
NAMES = (
    *("index", "entities", "runs", "items", "versions", "entity", "change", "rule", "project"),
    *("user", "history", "compare", "plan", "run", "dead letters", "queues", "graph"),
    *("drawn graph", "uses", "conflict"),
)


def examine(page: Page) -> dict[str, Any]:
    """Return the violations of the page in both themes, with the elements."""
    found = {}
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for rule, nodes in page.evaluate(EXAMINE, rules):
            found[f"{scheme}: {rule}"] = nodes
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_page_violates_nothing(examined: Page, staged: Staged, name: str) -> None:
    answer = examined.goto(staged.pages[name])
    assert answer
    assert answer.status == 200
    assert examine(examined) == {}


def test_the_login_violates_nothing(examined: Page) -> None:
    examined.context.clear_cookies()
    examined.goto("/admin/")
    assert examined.get_by_label("Username").is_visible()
    assert examine(examined) == {}
