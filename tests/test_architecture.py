"""ARCHITECTURE.md names modules that exist."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMED = sorted(
    set(
        re.findall(
            r"`((?:assets|versions|propagation|config|tests)(?:\.[a-z_]+)+)`",
            (ROOT / "ARCHITECTURE.md").read_text(),
        )
    )
)


@pytest.mark.parametrize("name", NAMED)
def test_a_named_module_exists(name: str) -> None:
    import_module(name)


def test_modules_are_named_at_all() -> None:
    assert len(NAMED) > 20
