"""Write changed references with their history: the part that edge edits and imports share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from django.contrib.auth.models import User

from assets.models import AssetReference, Follow, Project
from assets.services.history import record_history
from assets.setwise import delete_rows, insert_rows, select_ids, update_rows
from versions.canonical import JsonObject
from versions.facets import CONSUMED, Facet
from versions.models import Consumption, Pin
from versions.services.drafting import RelinkedInput

UseKey: TypeAlias = tuple[int, int, str, str]
"""Source id, target id, role and label: what makes a reference unique."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One wanted use of a source by a target, by entity ids."""

    source_id: int
    target_id: int
    role: str
    label: str
    position: int
    attributes: JsonObject
    follow: Follow = Follow.BEST
    facets: Facet = CONSUMED

    @property
    def key(self) -> UseKey:
        """What makes the use unique."""
        return self.source_id, self.target_id, self.role, self.label


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredUse:
    """A use as it stands in the database."""

    id: int
    use: Use


@dataclass(frozen=True, kw_only=True)
class Relinking:
    """The references to add, to change in place, and to remove."""

    added: Sequence[Use]
    changed: Sequence[StoredUse]
    removed: Sequence[StoredUse]

    @property
    def uses(self) -> list[Use]:
        """All uses that are added, changed or removed."""
        return [*self.added, *(one.use for one in (*self.changed, *self.removed))]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.added or self.changed or self.removed)


def write_relinking(
    *, relinking: Relinking, project: Project, actor: User | None, reason: str, at: datetime
) -> dict[UseKey, int]:
    """Write the references and their history; return the ids of the added ones by key.

    The caller holds the project's lock and has checked for cycles.
    """
    removed = [one.id for one in relinking.removed]
    record = partial(record_history, model=AssetReference, actor=actor, reason=reason, at=at)
    record(ids=removed, change="-")
    Pin.objects.filter(pk__in=select_ids(removed)).delete()
    delete_rows(model=Consumption, ids=removed)
    delete_rows(model=AssetReference, ids=removed)
    update_rows(
        model=AssetReference,
        key="id",
        columns=["position", "attributes", "follow", "facets"],
        rows=[
            (one.id, one.use.position, one.use.attributes, one.use.follow, int(one.use.facets))
            for one in relinking.changed
        ],
    )
    record(ids=[one.id for one in relinking.changed], change="~")
    rows = insert_rows(
        model=AssetReference,
        columns=[
            "project",
            "source",
            "target",
            "role",
            "label",
            "position",
            "follow",
            "attributes",
            "facets",
        ],
        rows=(
            (project.pk, *use.key, use.position, use.follow, use.attributes, int(use.facets))
            for use in relinking.added
        ),
        returning=["id", "source", "target", "role", "label"],
    )
    record(ids=[row[0] for row in rows], change="+")
    return {(source, target, role, label): pk for pk, source, target, role, label in rows}


def read_follows(*, relinking: Relinking) -> dict[int, str]:
    """Return what the references that are about to be frozen follow until then, by id."""
    frozen = [one.id for one in relinking.changed if one.use.follow == Follow.FROZEN]
    if not frozen:
        return {}
    moving = AssetReference.objects.filter(pk__in=select_ids(frozen)).exclude(follow=Follow.FROZEN)
    return dict(moving.values_list("pk", "follow"))


def keep_pins(
    *,
    relinking: Relinking,
    follows: Mapping[int, str],
    owner: User | None,
    reason: str,
    at: datetime,
) -> None:
    """Remember who froze the references that are frozen now, and forget the pins of others.

    After their targets were published. follows: what those followed that were not frozen before.
    """
    moving = [one.id for one in relinking.changed if one.use.follow != Follow.FROZEN]
    if moving:
        Pin.objects.filter(pk__in=select_ids(moving)).delete()
    uses = [*relinking.added, *(one.use for one in relinking.changed)]
    targets = {use.target_id for use in uses if use.follow == Follow.FROZEN}
    if not targets:
        return
    consumed = Consumption.objects.filter(
        reference__target__in=select_ids(targets), reference__follow=Follow.FROZEN
    )
    Pin.objects.bulk_create(
        [
            Pin(
                reference_id=pk,
                version_id=version_id,
                owner=owner,
                reason=reason,
                follow=follows.get(pk, Follow.BEST),
                pinned_at=at,
            )
            for pk, version_id in consumed.values_list("pk", "version_id")
        ],
        ignore_conflicts=True,
    )


def list_inputs(
    *,
    relinking: Relinking,
    added_ids: Mapping[UseKey, int],
    codes: Mapping[int, str],
) -> dict[int, list[RelinkedInput]]:
    """Return, by target, the inputs that its next version has to record."""
    inputs: dict[int, list[RelinkedInput]] = {}

    def note(use: Use, reference_id: int | None) -> None:
        inputs.setdefault(use.target_id, []).append(
            RelinkedInput(
                source_id=use.source_id,
                source_code=codes[use.source_id],
                role=use.role,
                label=use.label,
                position=use.position,
                attributes=use.attributes,
                reference_id=reference_id,
                follow=use.follow,
                facets=use.facets,
            )
        )

    for use in relinking.added:
        note(use, added_ids[use.key])
    for one in relinking.changed:
        note(one.use, one.id)
    for one in relinking.removed:
        note(one.use, None)
    return inputs
