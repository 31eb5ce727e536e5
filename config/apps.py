"""What the composition does when Django is set up."""

from typing import Any

from django.apps import AppConfig

from config.telemetry import start_telemetry, stop_telemetry
from propagation.management.periodic import ENDED, STARTED


class CompositionConfig(AppConfig):
    """Registers the checks, and watches over the processes that run jobs again and again."""

    name = "config"

    def ready(self) -> None:
        """Import what registers itself, and trace those processes, where that is asked for."""
        from config import boot  # noqa: F401, PLC0415 (apps are ready only now)

        STARTED.connect(_start)
        ENDED.connect(_stop)


def _start(sender: str, **_: Any) -> None:  # noqa: ANN401 (a signal's)
    start_telemetry(service=sender)


def _stop(sender: str, **_: Any) -> None:  # noqa: ANN401
    del sender
    stop_telemetry()
