"""Put the demo production and its director into the database."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from assets.models import AssetReference, Entity, Membership, Priority, Project, Role
from assets.services.priority import set_priority
from config.demo.night_ferry import build_night_ferry
from config.demo.storyboards import stage_storyboards
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import read_production
from propagation.models import Scope
from propagation.services.access_tokens import make_token
from propagation.services.import_production import import_production
from versions.services.entity_lock import set_entity_locks

PROJECT_CODE = "night-ferry"
DIRECTOR = "ana"
TOKEN_LIFE = timedelta(days=1)
LOCKED_SEQUENCE = "seq-050"
PASSWORD_FILE = "demo_password"  # noqa: S105 (the file's name)


@dataclass(frozen=True, kw_only=True)
class Staged:
    """The demo as it stands: its project, and how its director signs in.

    password_file None: with a password that somebody chose. storyboards: shots that have one.
    """

    project: Project
    director: User
    password_file: Path | None
    storyboards: int


def stage_demo(*, home: Path, at: datetime) -> Staged:
    """Load the production unless it is there, and see to it that its director can sign in.

    A production that people have changed since stays as they left it.
    """
    project = Project.objects.filter(code=PROJECT_CODE).first() or _load(at)
    director, password_file = _make_director(home, project)
    storyboards = stage_storyboards(project=project, director=director, at=at)
    return Staged(
        project=project,
        director=director,
        password_file=password_file,
        storyboards=storyboards,
    )


def issue_token(*, user: User, at: datetime) -> str:
    """Return a fresh token for the API; each start of the demo prints one."""
    made = make_token(user=user, name="demo", scope=Scope.ADMIN, life=TOKEN_LIFE, actor=None, at=at)
    return made.text


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
    _lock_picture(project, at)
    return project


def _lock_picture(project: Project, at: datetime) -> None:
    """Lock the shots of the sequence whose picture is final: changes wait there for a person."""
    shots = AssetReference.objects.filter(project=project, target__code=LOCKED_SEQUENCE)
    set_entity_locks(
        project_id=project.pk,
        entity_ids=list(shots.filter(source__kind="shot").values_list("source_id", flat=True)),
        is_locked=True,
        reason="picture lock",
        actor=None,
        at=at,
    )


def _list_critical_shots(document: Mapping[str, Any]) -> list[str]:
    """Return the shots of tonight's dailies."""
    return [
        shot["shot_id"]
        for shot in document["shots"]
        if shot["attributes"].get("priority") == "critical"
    ]


def _make_director(home: Path, project: Project) -> tuple[User, Path | None]:
    """Return the director, an admin of the film; a new one gets a random password.

    It is kept where only its owner reads it. A user of this name who was there before, or who
    chose a password since, keeps it.
    """
    path = home / PASSWORD_FILE
    user, is_new = User.objects.get_or_create(username=DIRECTOR)
    if is_new:
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(12)}\n")
        user.set_password(path.read_text().strip())
        user.is_staff = user.is_superuser = True
        user.save()
    Membership.objects.get_or_create(project=project, user=user, defaults={"role": Role.ADMIN})
    is_known = path.exists() and user.check_password(path.read_text().strip())
    return user, path if is_known else None
