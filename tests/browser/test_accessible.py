"""No page of the admin violates WCAG 2.2 AA as far as axe-core can tell, light or dark."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import pytest
from playwright.sync_api import Page

from tests.browser.staging import Staged

pytestmark = pytest.mark.browser
Scheme: TypeAlias = Literal["light", "dark"]
RULES: Mapping[Scheme, dict[str, Any]] = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""All of them in one theme, and in the other those that look at colours."""
EXAMINE = """async ([runOnly, exclude]) => {
    await Promise.all(document.getAnimations().map((one) => one.finished));  // colours fade
    const found = await axe.run({exclude}, {runOnly, resultTypes: ["violations"]});
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
}"""
NAMES = (
    *("index", "entities", "runs", "items", "versions", "entity", "change", "rule", "project"),
    *("user", "history", "compare", "plan", "run", "dead letters", "queues", "graph"),
    *("drawn graph", "uses", "conflict"),
)


def examine(page: Page, *, without: Sequence[str] = ()) -> dict[str, Any]:
    """Return the violations of the page in both themes, with the elements; without: selectors."""
    found = {}
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for rule, nodes in page.evaluate(EXAMINE, [rules, list(without)]):
            found[f"{scheme}: {rule}"] = nodes
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_page_violates_nothing(examined: Page, staged: Staged, name: str) -> None:
    answer = examined.goto(staged.pages[name])
    assert answer
    assert answer.status == 200
    # The same on all pages, and long.
    assert examine(examined, without=[] if name == "index" else ["#nav-sidebar"]) == {}


def test_the_login_violates_nothing(examined: Page) -> None:
    examined.context.clear_cookies()
    examined.goto("/admin/")
    assert examined.get_by_label("Username").is_visible()
    assert examine(examined) == {}
