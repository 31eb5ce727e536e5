"""Each kind of error has its exit code, and says what a script can act on."""

from collections.abc import Iterator

import pytest

from assets import exceptions as assets
from propagation import exceptions as propagation
from propagation.management.exits import DOMAIN_ERRORS, describe_error, find_exit
from versions import exceptions as versions

CONFLICTS = {
    "CycleError",
    "SelfReferenceError",
    "EntityLockedError",
    "VersionMovedError",
    "RemarkMovedError",
    "InvalidRunStateError",
    "ConflictOverError",
    "FieldsLeasedError",
    "WebhookDisabledError",
}


def list_errors() -> Iterator[type[Exception]]:
    """Yield all errors of the domain but the bases."""
    for module in (assets, versions, propagation):
        for found in vars(module).values():
            is_error = isinstance(found, type) and issubclass(found, DOMAIN_ERRORS)
            if is_error and found not in DOMAIN_ERRORS:
                yield found


@pytest.mark.parametrize("kind", list(list_errors()))
def test_conflicts_end_with_3_stale_plans_with_6_and_all_else_with_2(
    kind: type[Exception],
) -> None:
    error = kind.__new__(kind)
    assert isinstance(error, DOMAIN_ERRORS)
    expected = 6 if kind.__name__ == "PlanStaleError" else 3 if kind.__name__ in CONFLICTS else 2
    assert find_exit(error) == expected


def test_an_error_says_what_a_script_can_act_on() -> None:
    assert describe_error(assets.CycleError(["a", "b", "a"]))["cycle"] == ["a", "b", "a"]
    assert describe_error(assets.AmbiguousCodeError("a", ["x:a", "y:a"]))["candidates"] == [
        "x:a",
        "y:a",
    ]
    assert describe_error(propagation.PlanStaleError({"added": ["a"]}))["delta"] == {"added": ["a"]}
    assert describe_error(versions.EntityLockedError("a")) == {
        "code": "locked",
        "detail": "a is locked; a supervisor can unlock it.",
    }
