"""Compare two versions of an entity: its own fields, what it uses, and what that brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from versions.change import FieldChange, find_changes
from versions.models import Content, Version
from versions.services.resolve import Use, load_uses

UseKey = tuple[int, str, str]


@dataclass(frozen=True, kw_only=True)
class MovedUse:
    """A use that both versions have, at different versions of its source or in another way.

    fields: of the source; empty when it only followed something further up.
    """

    before: Use
    after: Use
    fields: Sequence[FieldChange]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs between two versions of one entity."""

    fields: Sequence[FieldChange]
    added: Sequence[Use]
    removed: Sequence[Use]
    moved: Sequence[MovedUse]


def compare_versions(*, before: Version, after: Version) -> Comparison:
    """Return what differs from one version to another of the same entity; three statements."""
    earlier, later = _load_uses_by_key(before), _load_uses_by_key(after)
    moved = [
        (earlier[key], use)
        for key, use in later.items()
        if key in earlier and _is_moved(earlier[key], use)
    ]
    wanted = {before.content_id, after.content_id}
    wanted |= {use.content_id for pair in moved for use in pair}
    contents = Content.objects.in_bulk(wanted)
    return Comparison(
        fields=_compare(contents, before.content_id, after.content_id),
        added=[use for key, use in later.items() if key not in earlier],
        removed=[use for key, use in earlier.items() if key not in later],
        moved=[
            MovedUse(
                before=old, after=new, fields=_compare(contents, old.content_id, new.content_id)
            )
            for old, new in moved
        ],
    )


def _is_moved(before: Use, after: Use) -> bool:
    return (before.version_id, before.position, before.attributes) != (
        after.version_id,
        after.position,
        after.attributes,
    )


def _load_uses_by_key(version: Version) -> dict[UseKey, Use]:
    return {(use.source_id, use.role, use.label): use for use in load_uses(version=version)}


def _compare(contents: Mapping[int, Content], before: int, after: int) -> list[FieldChange]:
    if before == after:
        return []
    return find_changes(contents[before].data, contents[after].data)
