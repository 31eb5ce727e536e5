"""Topics: what somebody wants to hear of, and whether they may."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.contrib.auth.models import User

from assets.exceptions import AssetsError, EntityNotFoundError, ProjectNotFoundError
from assets.models import AssetReference, Entity, Kind, Project
from assets.services.lookup import find_entities
from propagation.exceptions import TopicNotFoundError
from propagation.models import PropagationRun

Subject: TypeAlias = Project | Entity | PropagationRun
ENTITY_KINDS = (Kind.ASSET, Kind.SHOT, Kind.SEQUENCE)
RUN_NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a topic names, and the name of it that holds wherever one is."""

    subject: Subject
    name: str


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A part of one project's log. name: as it is spelled in full.

    members: ids by code of the entities whose news it is, run_id: the run; with neither, all of it.
    """

    name: str
    project_id: int
    project_code: str
    run_id: int | None = None
    members: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_all(self) -> bool:
        """Whether it is the whole log."""
        return self.run_id is None and not self.members


def find_subject(*, topic: str, user: User) -> Found:
    """Return what a topic names among what the user may see.

    `project:` and a code; `asset:`, `shot:` or `sequence:` and an entity's id, bare or with its
    project; `run:` and a number. TopicNotFoundError, ProjectNotFoundError, EntityNotFoundError,
    AmbiguousCodeError.
    """
    return find_subjects(topics=[topic], user=user)[0]


def find_subjects(*, topics: Sequence[str], user: User) -> list[Found]:
    """Return what the topics name, in three statements at most; errors as find_subject."""
    named: dict[str, list[str]] = {}
    for kind, _, name in (topic.partition(":") for topic in topics):
        named.setdefault("entity" if kind in ENTITY_KINDS else kind, []).append(name)
    visible = Project.objects.visible_to(user)
    projects = {one.code: one for one in visible.filter(code__in=named.get("project", ()))}
    entities = find_entities(identifiers=named.get("entity", ()), user=user)
    numbers = [int(name) for name in named.get("run", ()) if RUN_NUMBER.fullmatch(name)]
    runs = PropagationRun.objects.filter(project__in=visible).select_related("project")
    by_number = runs.in_bulk(numbers)
    found = []
    for topic in topics:
        kind, _, name = topic.partition(":")
        subject: Subject | AssetsError | None = None
        if kind == "project":
            subject = projects.get(name) or ProjectNotFoundError(name)
        elif kind in ENTITY_KINDS:
            subject = entities[name]
        elif kind == "run" and RUN_NUMBER.fullmatch(name):
            subject = by_number.get(int(name))
        found.append(_check(kind, name, subject))
    return found


def _check(kind: str, name: str, subject: Subject | AssetsError | None) -> Found:
    if isinstance(subject, AssetsError):
        raise subject
    if isinstance(subject, Project):
        return Found(subject=subject, name=f"project:{subject.code}")
    if isinstance(subject, PropagationRun):
        return Found(subject=subject, name=f"run:{subject.pk}")
    if subject is None:
        raise TopicNotFoundError
    if subject.kind != kind:
        raise EntityNotFoundError(name)
    return Found(subject=subject, name=f"{kind}:{subject.qualified_code}")


def find_topics(*, names: Sequence[str], user: User) -> list[Topic]:
    """Return the parts of logs that topics mean; errors as find_subject.

    The news of a sequence is also that of what it is cut from.
    """
    return [_make_topic(found) for found in find_subjects(topics=names, user=user)]


def _make_topic(found: Found) -> Topic:
    subject = found.subject
    if isinstance(subject, Project):
        return Topic(name=found.name, project_id=subject.pk, project_code=subject.code)
    place: dict[str, Any] = {
        "name": found.name,
        "project_id": subject.project_id,
        "project_code": subject.project.code,
    }
    if isinstance(subject, PropagationRun):
        return Topic(**place, run_id=subject.pk)
    return Topic(**place, members={subject.code: subject.pk, **_find_parts(subject)})


def _find_parts(entity: Entity) -> dict[str, int]:
    """Return what a sequence is cut from, through the sequences within it; a statement a level."""
    found: dict[str, int] = {}
    level = [entity.pk] if entity.kind == Kind.SEQUENCE else []
    while level:
        rows = AssetReference.objects.filter(
            target__in=level, source__kind__in=[Kind.SHOT, Kind.SEQUENCE]
        ).values_list("source__code", "source_id", "source__kind")
        new = [row for row in rows.distinct() if row[0] not in found]
        found |= {code: pk for code, pk, _ in new}
        level = [pk for _, pk, kind in new if kind == Kind.SEQUENCE]
    return found
