"""Application configuration."""

from django.apps import AppConfig


class PropagationConfig(AppConfig):
    """What a change does downstream."""

    name = "propagation"

    def ready(self) -> None:
        """Register the tasks: the engine sends them by name, so nothing else imports them."""
        from propagation import tasks  # noqa: F401, PLC0415 (apps must be loaded first)
