"""The app of what runs Continuity: its commands, and its checks."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Registers the checks."""

    name = "config"

    def ready(self) -> None:
        """Import what registers itself."""
        from config import boot  # noqa: F401, PLC0415 (apps are ready only now)
