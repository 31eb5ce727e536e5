"""What the tests of webhooks share."""

import pytest
from pytest_django import Settings

from assets.models import Project
from tests.propagation.webhooks.staging import Courier, make_project


@pytest.fixture(autouse=True)
def allowed(settings: Settings) -> None:
    """Let webhooks lead to this machine."""
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.0/8"]


@pytest.fixture
def project(db: None) -> Project:
    """Have an empty project."""
    del db
    return make_project()


@pytest.fixture
def courier() -> Courier:
    """Return a courier."""
    return Courier()
