"""Find the references that bring entities back to what they were made from before a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import F

from assets.models import AssetReference, Follow
from assets.services.history import get_history_model
from assets.setwise import select_ids
from propagation.services.relinking import Relinking, StoredUse, Use, UseKey
from versions.facets import Facet
from versions.models import Version, VersionInput
from versions.services.heads import VersionRef
from versions.services.resolve import load_all_uses


@dataclass(frozen=True, kw_only=True)
class Links:
    """References to write, and at which versions those of them stay that are frozen."""

    relinking: Relinking
    pinned: Mapping[UseKey, VersionRef] = field(default_factory=dict)


def restore_links(*, changes: Mapping[int, Version]) -> Links:
    """Return what undoes the edits of references that versions recorded.

    changes: the version before, by the id of the one that recorded edits, the newest edits of
    their entities. Every version names what was added, changed or removed with it; the history
    of the reference says what it was like before.
    """
    rows = VersionInput.objects.filter(version_id__in=select_ids(changes)).exclude(
        source_id=F("version__entity_id")
    )
    keys: list[UseKey] = list(
        rows.order_by("pk").values_list("source_id", "version__entity_id", "role", "label")
    )
    if not keys:
        return Links(relinking=Relinking(added=(), changed=(), removed=()))
    past = _read_history({key[1] for key in keys})
    stored = _read_stored({key[1] for key in keys})
    consumed = _read_consumed({one.entity_id: one.number for one in changes.values()})
    added: list[Use] = []
    changed: list[StoredUse] = []
    removed: list[StoredUse] = []
    pinned: dict[UseKey, VersionRef] = {}
    for key in keys:
        newest, *older = past.get(key, [None])
        now = stored.get(key)
        if newest is None:
            continue
        before = newest if newest.history_type == "-" else older[0] if older else None
        if newest.history_type == "+" or before is None:
            if now is not None:
                removed.append(now)
            continue
        use = _make_use(key, before)
        is_pinned = use.follow == Follow.FROZEN and key in consumed
        if now is None:
            added.append(use)
        elif now.use != use or is_pinned:
            changed.append(StoredUse(id=now.id, use=use))
        if is_pinned:
            pinned[key] = consumed[key]
    return Links(relinking=Relinking(added=added, changed=changed, removed=removed), pinned=pinned)


def return_inputs(*, steps: Mapping[int, tuple[int, int]]) -> Links:
    """Return what pins targets to what they consumed at the first of two of their versions.

    steps: the numbers of the two, by target id. References that were removed since stay so.
    """
    before = _read_consumed({pk: numbers[0] for pk, numbers in steps.items()})
    after = _read_consumed({pk: numbers[1] for pk, numbers in steps.items()})
    stored = _read_stored(steps)
    changed, pinned = [], {}
    for key, version in before.items():
        now = stored.get(key)
        if now is None or key not in after or after[key].id == version.id:
            continue
        use = replace(now.use, follow=Follow.FROZEN)
        changed.append(StoredUse(id=now.id, use=use))
        pinned[key] = version
    return Links(relinking=Relinking(added=(), changed=changed, removed=()), pinned=pinned)


def _read_history(target_ids: Iterable[int]) -> dict[UseKey, list[Any]]:
    """Return the history of each reference of these targets, newest first; one statement."""
    model = get_history_model(AssetReference)
    past: dict[UseKey, list[Any]] = {}
    rows = model.objects.filter(target_id__in=select_ids(target_ids))
    for row in rows.order_by("-history_id"):
        past.setdefault((row.source_id, row.target_id, row.role, row.label), []).append(row)
    return past


def _read_stored(target_ids: Iterable[int]) -> dict[UseKey, StoredUse]:
    """Return the references of these targets as they stand; one statement."""
    stored = {}
    for row in AssetReference.objects.filter(target_id__in=select_ids(target_ids)):
        key = (row.source_id, row.target_id, row.role, row.label)
        stored[key] = StoredUse(id=row.pk, use=_make_use(key, row))
    return stored


def _read_consumed(numbers: Mapping[int, int]) -> dict[UseKey, VersionRef]:
    """Return what versions of these numbers consumed, in two statements."""
    uses = load_all_uses(numbers=numbers)
    ids = {use.version_id for some in uses.values() for use in some}
    checksums = dict(Version.objects.filter(pk__in=select_ids(ids)).values_list("pk", "checksum"))
    return {
        (use.source_id, target, use.role, use.label): VersionRef(
            entity_id=use.source_id, id=use.version_id, checksum=checksums[use.version_id]
        )
        for target, some in uses.items()
        for use in some
    }


def _make_use(key: UseKey, row: Any) -> Use:  # noqa: ANN401 (a reference, or its history)
    source_id, target_id, role, label = key
    return Use(
        source_id=source_id,
        target_id=target_id,
        role=role,
        label=label,
        position=row.position,
        attributes=row.attributes,
        follow=Follow(row.follow),
        facets=Facet(row.facets),
    )
