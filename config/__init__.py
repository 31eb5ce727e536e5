"""Composition: settings, Celery application, URLs, the embedded stack. Nothing below imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
