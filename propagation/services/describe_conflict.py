"""What API and commands say of a conflict."""

from typing import Any

from propagation.conflicts.fields import SIDES, apply_choices, read_clash
from propagation.models import Conflict, ConflictStatus, Subject
from versions.naming import write_version_id


def describe_finding(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict as STORY-089 has it in its answers."""
    return {
        "type": conflict.type,
        "severity": conflict.severity,
        "description": conflict.description,
        "affected_users": sorted(user.username for user in conflict.affected_users.all()),
        "resolution_options": conflict.options,
        "fields": [_describe_field(conflict, one) for one in conflict.fields],
    }


def describe_conflict(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict with all that a person needs to decide about it, and what was decided.

    Needs the entity, its project, author, closed_by, base, theirs and version; affected_users.
    """
    code = conflict.entity.code

    def name(number: int | None) -> str | None:
        return write_version_id(code, number) if number else None

    return {
        "id": conflict.pk,
        "project_id": conflict.project.code,
        "asset_id": code,
        "subject": conflict.subject,
        "cause": conflict.cause,
        "status": conflict.status,
        **describe_finding(conflict),
        "author": conflict.author.username if conflict.author else None,
        "base_version": name(conflict.base.number if conflict.base else None),
        "their_version": name(conflict.theirs.number if conflict.theirs else None),
        "edit": _describe_edit(conflict),
        "left": count_left(conflict),
        "detail": conflict.detail,
        "opened_at": conflict.opened_at,
        "closed_at": conflict.closed_at,
        "closed_by": conflict.closed_by.username if conflict.closed_by else None,
        "reason": conflict.reason,
        "version": name(conflict.version.number if conflict.version else None),
        "run_id": conflict.run_id,
    }


def count_left(conflict: Conflict) -> int:
    """Return for how many fields nobody has chosen yet."""
    if conflict.status != ConflictStatus.OPEN:
        return 0
    clashes = [read_clash(one) for one in conflict.fields]
    chosen = apply_choices(clashes=clashes, stored=conflict.fields, choices=conflict.choices)
    return len(clashes) - len(chosen)


def _describe_edit(conflict: Conflict) -> Any:  # noqa: ANN401 (as it was asked for)
    if conflict.subject == Subject.CONTENT:
        return conflict.edit["data"]
    return {key: value for key, value in conflict.edit.items() if key != "cause"}


def _describe_field(conflict: Conflict, field: dict[str, Any]) -> dict[str, Any]:
    """Return a field with its three sides; null for one that has no such field, which is named."""
    absent = [side for side in SIDES if side not in field]
    shown = {**dict.fromkeys(absent), **field}
    if absent:
        shown["absent"] = absent
    choice = conflict.choices.get(field["field"])
    return {**shown, "choice": choice} if choice is not None else shown
