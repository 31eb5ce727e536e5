"""Application configuration."""

from django.apps import AppConfig


class VersionsConfig(AppConfig):
    """What each entity was."""

    name = "versions"
