"""Application configuration."""

from django.apps import AppConfig


class AssetsConfig(AppConfig):
    """What exists in a production."""

    name = "assets"
