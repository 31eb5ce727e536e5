"""Put the demo production and its director into the database."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from knox.models import AuthToken

from assets.models import Entity, Priority, Project
from assets.services.priority import set_priority
from config.demo.night_ferry import build_night_ferry
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import read_production
from propagation.services.import_production import import_production

PROJECT_CODE = "night-ferry"
DIRECTOR = "ana"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """The demo as it stands: its project, and how its director signs in."""

    project: Project
    director: User
    password_file: Path


def stage_demo(*, home: Path, at: datetime) -> Staged:
    """Load the production unless it is there, and see to it that its director can sign in.

    A production that people have changed since stays as they left it.
    """
    project = Project.objects.filter(code=PROJECT_CODE).first() or _load(at)
    director, password_file = _make_director(home)
    return Staged(project=project, director=director, password_file=password_file)


def issue_token(*, user: User) -> str:
    """Return a fresh token for the API."""
    _, token = AuthToken.objects.create(user=user)
    return str(token)


def _load(at: datetime) -> Project:
    document = build_night_ferry()
    defects = DefectList()
    production = read_production(document, defects)
    if production is None:
        msg = f"the demo production has defects: {defects.listed}"
        raise ValueError(msg)
    import_production(production=production, project_code=PROJECT_CODE, actor=None, at=at)
    project: Project = Project.objects.get(code=PROJECT_CODE)
    urgent = _list_critical_shots(document)
    set_priority(
        project_id=project.pk,
        entity_ids=list(
            Entity.objects.filter(project=project, code__in=urgent).values_list("pk", flat=True)
        ),
        priority=Priority.CRITICAL,
        actor=None,
        at=at,
    )
    return project


def _list_critical_shots(document: Mapping[str, Any]) -> list[str]:
    """Return the shots of tonight's dailies."""
    return [
        shot["shot_id"]
        for shot in document["shots"]
        if shot["attributes"].get("priority") == "critical"
    ]


def _make_director(home: Path) -> tuple[User, Path]:
    """Return the director; a new one gets a random password, kept where only its owner reads."""
    path = home / "demo_password"
    user, _ = User.objects.get_or_create(
        username=DIRECTOR, defaults={"is_staff": True, "is_superuser": True}
    )
    if not path.exists() or not user.check_password(path.read_text().strip()):
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(12)}\n")
        user.set_password(path.read_text().strip())
        user.save()
    return user, path
