"""What the tests of commands share."""

import pytest
from pytest_django import Settings

from propagation.live.workers import forget_workers


@pytest.fixture
def nobody_works(settings: Settings) -> None:
    """Have a prefix of one's own, below which no worker announces itself."""
    settings.REDIS_PREFIX += "commands:"
    forget_workers()
