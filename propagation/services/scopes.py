"""From scopes to entities: what a scope names must exist and be what the scope says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from assets.models import Entity, Kind, Project
from assets.models.entity import write_project_code
from assets.setwise import select_ids, select_texts
from versions.exceptions import BadScopeError
from versions.scope import Scope


@dataclass(frozen=True, kw_only=True)
class ResolvedScope:
    """The entities of a scope, in its order; for a project its own entity."""

    scope: Scope
    project: Project
    entities: Sequence[Entity]


def resolve_scope(*, scope: Scope, user: User) -> ResolvedScope:
    """Return the scope's entities; BadScopeError that names the first id that is wrong."""
    (found,) = resolve_scopes(scopes=[scope], user=user)
    if isinstance(found, BadScopeError):
        raise found
    return found


def resolve_scopes(*, scopes: Sequence[Scope], user: User) -> list[ResolvedScope | BadScopeError]:
    """Return the entities of each scope, or what is wrong with it; two statements for all."""
    codes = {scope.project for scope in scopes}
    projects = {
        project.code: project
        for project in Project.objects.visible_to(user)
        .filter(code__in=select_texts(codes))
        .distinct()
    }
    entities = {
        (entity.project_id, entity.code): entity
        for entity in Entity.objects.filter(
            project__in=select_ids(project.pk for project in projects.values()),
            code__in=select_texts(_list_codes(scopes)),
        ).select_related("project")
    }
    return [_resolve(scope, projects, entities) for scope in scopes]


def _list_codes(scopes: Sequence[Scope]) -> set[str]:
    return {code for scope in scopes for code in _get_codes(scope)}


def _get_codes(scope: Scope) -> tuple[str, ...]:
    return scope.ids if scope.case.member else (write_project_code(scope.project),)


def _resolve(
    scope: Scope, projects: Mapping[str, Project], entities: Mapping[tuple[int, str], Entity]
) -> ResolvedScope | BadScopeError:
    project = projects.get(scope.project)
    if project is None:
        detail = f"No project {scope.project!r} among those that you may see."
        return BadScopeError("/project_id", detail)
    found: list[Entity] = []
    for index, code in enumerate(_get_codes(scope)):
        entity = entities.get((project.pk, code))
        if entity is None:
            detail = f"No {scope.case.noun} {code!r} in {project.code}."
            return BadScopeError(scope.point_at(index), detail)
        if scope.case.member and not _fits(entity, scope):
            detail = f"{code!r} is a {entity.type}, not a {scope.case.noun}."
            return BadScopeError(scope.point_at(index), detail)
        found.append(entity)
    return ResolvedScope(scope=scope, project=project, entities=found)


def _fits(entity: Entity, scope: Scope) -> bool:
    if entity.kind == Kind.PROJECT:
        return False
    return not scope.case.fits or entity.type in scope.case.fits
