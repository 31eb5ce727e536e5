"""From the ids that people type to rows."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from assets.exceptions import (
    AmbiguousCodeError,
    AssetsError,
    EntityNotFoundError,
    ProjectNotFoundError,
)
from assets.models import Entity, Project


def find_project(*, code: str, user: User | AnonymousUser) -> Project:
    """Return the project of that code; ProjectNotFoundError when the user may not see one."""
    project = Project.objects.visible_to(user).filter(code=code).first()
    if project is None:
        raise ProjectNotFoundError(code)
    return project


def find_entity(*, identifier: str, user: User | AnonymousUser) -> Entity:
    """Return the entity that `project:code`, or a bare code, names among what the user may see.

    EntityNotFoundError; AmbiguousCodeError when a bare code stands in several projects.
    """
    found = find_entities(identifiers=[identifier], user=user)[identifier]
    if isinstance(found, AssetsError):
        raise found
    return found


def find_entities(
    *, identifiers: Iterable[str], user: User | AnonymousUser
) -> dict[str, Entity | AssetsError]:
    """Return the entity that each identifier names, or what `find_entity` would raise for it.

    One statement, however many identifiers. A code may hold a colon itself: the reading as
    project:code goes first, because it always has to work.
    """
    wanted = list(dict.fromkeys(identifiers))
    condition = Q(code__in=wanted)
    for identifier in wanted:
        project_code, colon, code = identifier.partition(":")
        if colon:
            condition |= Q(project__code=project_code, code=code)
    found = list(Entity.objects.visible_to(user).filter(condition).select_related("project"))
    qualified = {entity.qualified_code: entity for entity in found}
    bare: dict[str, list[Entity]] = {}
    for entity in found:
        bare.setdefault(entity.code, []).append(entity)
    return {
        identifier: qualified.get(identifier) or _choose_bare(identifier, bare.get(identifier, []))
        for identifier in wanted
    }


def find_within(
    project: Project, identifiers: Sequence[str], user: User | AnonymousUser
) -> list[Entity]:
    """Return the entities of one project that the identifiers name, bare or as project:code.

    One statement. EntityNotFoundError for what is not in the project.
    """
    own = {identifier: f"{project.code}:{identifier}" for identifier in identifiers}
    found = find_entities(identifiers=[*own.values(), *own], user=user)
    entities = []
    for identifier, qualified in own.items():
        candidates = [found[qualified], found[identifier]]
        entity = next(
            (one for one in candidates if isinstance(one, Entity) and one.project_id == project.pk),
            None,
        )
        if entity is None:
            raise EntityNotFoundError(identifier)
        entities.append(entity)
    return entities


def _choose_bare(code: str, candidates: Sequence[Entity]) -> Entity | AssetsError:
    if not candidates:
        return EntityNotFoundError(code)
    if len(candidates) > 1:
        return AmbiguousCodeError(code, sorted(entity.qualified_code for entity in candidates))
    return candidates[0]
