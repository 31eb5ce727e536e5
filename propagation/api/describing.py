"""The shapes in which projects, entities, versions and uses are answered."""

from typing import Any

from assets.models import Entity, Project
from assets.services.settings import SETTINGS
from versions.change import FieldChange
from versions.media import MediaDocument
from versions.models import DEFINITION, Version
from versions.naming import write_version_id
from versions.prose import compare_words
from versions.services.compare import MovedUse, compare_versions
from versions.services.history import HistoryRow
from versions.services.registry import SlotVersion, find_url
from versions.services.resolve import Use


def describe_project(project: Project) -> dict[str, Any]:
    """Return a project as lists show it."""
    return {
        "id": project.code,
        "name": project.name,
        "details": project.details,
        "settings": {name: getattr(project, name) for name in SETTINGS},
        "graph_revision": project.graph_revision,
        "created_at": project.created_at,
    }


def describe_entity(entity: Entity) -> dict[str, Any]:
    """Return an entity as lists show it."""
    return {
        "id": entity.code,
        "kind": entity.kind,
        "type": entity.type,
        "name": entity.name,
        "priority": entity.priority,
        "is_locked": entity.is_locked,
    }


def describe_version(version: Version) -> dict[str, Any]:
    """Return what was published, as it stays for ever."""
    return {
        "id": write_version_id(version.entity.code, version.number, version.slot),
        "slot": version.slot,
        "number": version.number,
        "origin": version.origin,
        "author": version.author.username if version.author else None,
        "run_id": version.run_id,
        "note": version.note,
        "checksum": version.checksum,
        "created_at": version.created_at,
    }


def describe_history(row: HistoryRow) -> dict[str, Any]:
    """Return a version and how it stands now."""
    version, code = row.version, row.version.entity.code
    described = {
        **describe_version(version),
        "status": row.status,
        "is_hidden": row.is_hidden,
        "metadata": row.metadata,
        "is_best": row.is_best,
        "is_latest": row.is_latest,
        "is_latest_approved": row.is_approved,
    }
    if row.media is not None:
        made_from = write_version_id(code, row.made_from) if row.made_from else None
        return {
            **described,
            **describe_media(row.media),
            "made_from": made_from,
            "is_outdated": row.is_outdated,
        }
    return {
        **described,
        "used_by": row.used_by,
        "merges": write_version_id(code, row.made_from) if row.made_from else None,
        "reverts": write_version_id(code, row.reverts) if row.reverts else None,
        "reverted_by": write_version_id(code, row.reverted_by) if row.reverted_by else None,
    }


def describe_media(media: MediaDocument) -> dict[str, Any]:
    """Return what a version of media is made of; the URL of an upload is the storage's."""
    described: dict[str, Any] = {
        "type": media.type,
        "url": find_url(media),
        "thumbnail_url": media.thumbnail_url or None,
        "provenance": media.provenance,
    }
    return {**described, "file": media.file} if media.file else described


def describe_slot(code: str, found: SlotVersion) -> dict[str, Any]:
    """Return what a look-up found in one slot of the entity of this code."""
    version = found.version
    described: dict[str, Any] = {
        "id": write_version_id(code, version.number, found.slot),
        "number": version.number,
        "origin": version.origin,
        "author": found.author,
        "note": version.note,
        "created_at": version.created_at,
        "status": found.status,
        "is_hidden": found.is_hidden,
        "metadata": found.metadata,
        "is_best": found.best_id == version.id,
        "is_latest": found.latest_id == version.id,
    }
    if found.slot == DEFINITION or version.media is None:
        return described
    made_from = write_version_id(code, version.made_from[1]) if version.made_from else None
    return {
        **described,
        **describe_media(version.media),
        "made_from": made_from,
        "is_outdated": found.is_outdated,
    }


def describe_comparison(before: Version, after: Version) -> dict[str, Any]:
    """Return what differs between two versions of one slot, in fields and in what they use."""
    code, slot = before.entity.code, before.slot
    found = compare_versions(before=before, after=after)
    return {
        "before": write_version_id(code, before.number, slot),
        "after": write_version_id(code, after.number, slot),
        "fields": [describe_change(one) for one in found.fields],
        "uses": {
            "added": [describe_use(use) for use in found.added],
            "removed": [describe_use(use) for use in found.removed],
            "moved": [describe_moved(one) for one in found.moved],
        },
    }


def describe_use(use: Use, content: Any = None) -> dict[str, Any]:  # noqa: ANN401 (any JSON value)
    """Return one use of a version; with the content of what is used where it was asked for."""
    described = {
        "id": use.source_code,
        "role": use.role,
        "label": use.label,
        "position": use.position,
        "attributes": use.attributes,
        "version": write_version_id(use.source_code, use.version_number),
    }
    return described if content is None else {**described, "content": content}


def describe_moved(one: MovedUse) -> dict[str, Any]:
    """Return a use that two versions have in different ways."""
    after = describe_use(one.after)
    return {
        **{key: after[key] for key in ("id", "role", "label")},
        "before": describe_use(one.before)["version"],
        "after": after["version"],
        "fields": [describe_change(change) for change in one.fields],
    }


def describe_change(change: FieldChange) -> dict[str, Any]:
    """Return a field before and after, and word by word where both are prose."""
    described = {"field": change.field, "before": change.before, "after": change.after}
    if isinstance(change.before, str) and isinstance(change.after, str):
        spans = compare_words(change.before, change.after)
        described["words"] = [{"kind": span.kind, "text": span.text} for span in spans]
    return described
