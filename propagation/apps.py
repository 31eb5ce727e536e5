"""Application configuration."""

from django.apps import AppConfig


class PropagationConfig(AppConfig):
    """What a change does downstream."""

    name = "propagation"

    def ready(self) -> None:
        """Register what nothing else imports: tasks, sent by name, and the trail's ears."""
        from propagation import tasks  # noqa: F401, PLC0415 (apps must be loaded first)
        from propagation.audit import listening  # noqa: F401, PLC0415
