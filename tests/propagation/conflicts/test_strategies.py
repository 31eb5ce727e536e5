"""The strategy of each type, and the register that finds it."""

import pytest

from propagation.conflicts.strategies import (
    STRATEGIES,
    Met,
    MetEditor,
    MetObstacle,
    MetVersion,
    Policy,
    decide,
)
from propagation.models import ConflictType
from versions.merging.kinds import MergeKind
from versions.merging.merge import Clash

CLASH = Clash(field="coat", kind=MergeKind.VALUE, base=1, theirs=2, yours=3)
ABOUT = {"cause": "x", "description": "x"}
CLASHING = MetVersion(**ABOUT, left=(CLASH,), clashes=(CLASH,), touched=(CLASH,))  # type: ignore[arg-type]
MERGING = MetVersion(**ABOUT, touched=(CLASH,))  # type: ignore[arg-type]
CHOSEN = MetVersion(**ABOUT, clashes=(CLASH,), touched=(CLASH,))  # type: ignore[arg-type]
EDITOR = MetEditor(**ABOUT)  # type: ignore[arg-type]
PASSING = MetObstacle(**ABOUT, is_passing=True)  # type: ignore[arg-type]
STANDING = MetObstacle(**ABOUT)  # type: ignore[arg-type]
CYCLE = MetObstacle(**ABOUT, can_be_forced=False)  # type: ignore[arg-type]


def test_each_type_of_the_story_has_a_strategy() -> None:
    assert {name for name, _ in STRATEGIES.values()} == set(ConflictType.values)


@pytest.mark.parametrize(
    ("met", "policy", "how", "ways"),
    [
        (CLASHING, Policy(), "", ["merge", "manual_resolution"]),
        (MERGING, Policy(), "merged", []),
        (CLASHING, Policy(strictness="strict"), "", ["merge", "manual_resolution"]),
        (CHOSEN, Policy(strictness="relaxed"), "last_edit", []),
        (CHOSEN, Policy(), "merged", []),
        (EDITOR, Policy(), "advised", []),
        (EDITOR, Policy(leases_lock=True), "", ["wait", "proceed", "withdraw"]),
        (EDITOR, Policy(leases_lock=True, is_forced=True), "forced", []),
        (PASSING, Policy(strictness="strict"), "passed", []),
        (STANDING, Policy(), "", ["proceed", "withdraw"]),
        (STANDING, Policy(is_forced=True), "forced", []),
        (CYCLE, Policy(is_forced=True), "", ["wait", "withdraw"]),
    ],
)
def test_what_is_settled_and_what_is_asked(
    met: Met, policy: Policy, how: str, ways: list[str]
) -> None:
    found = decide(met, policy).decision
    assert (found.how, list(found.ways)) == (how, ways)
