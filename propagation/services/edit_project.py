"""Change the settings of a project, and tell of it."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Project
from assets.services.settings import SETTINGS, edit_settings
from propagation.live.events import News, record_events


@transaction.atomic
def edit_project(
    *,
    project: Project,
    values: Mapping[str, object],
    actor: User | None,
    at: datetime,
    reason: str = "",
) -> Project:
    """Write the settings as edit_settings does; same errors."""
    edited = edit_settings(project_id=project.pk, values=values, actor=actor, reason=reason)
    changed = [name for name in SETTINGS if getattr(edited, name) != getattr(project, name)]
    if changed:
        news = News(type="project_changed", payload={"settings": [*changed]})
        record_events(project_id=project.pk, news=[news], at=at)
    return edited
