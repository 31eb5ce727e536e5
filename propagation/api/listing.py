"""Which entities a list shows, in which order, and what of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework import serializers

from assets.models import AssetReference, Entity, Priority, Project
from assets.setwise import select_ids
from propagation.api.describing import describe_entity, describe_version
from propagation.api.paging import PageQuery
from propagation.api.strict import CodeField
from versions.models import DEFINITION, Head
from versions.services.following import find_left_behind, find_outdated, find_states

SORTED = {"created_at": "pk", "id": "code", "name": "name", "type": "type"}
"""Columns by which a list can be sorted, by what people call them."""
STATES = ("current", "outdated", "pinned")
EXPANDED = ("state", "best_version")


class EntitiesQuery(PageQuery):
    """Which entities to list; q: a part of the name or the id."""

    q = serializers.CharField(default=None, max_length=200)
    type = serializers.CharField(default=None, max_length=64)
    priority = serializers.ChoiceField(Priority.choices, default=None)
    is_locked = serializers.BooleanField(default=None, allow_null=True)
    state = serializers.ChoiceField(STATES, default=None)
    sequence = CodeField(default=None)
    updated_since = serializers.DateTimeField(default=None)
    sort = serializers.ChoiceField(
        [f"{sign}{name}" for name in SORTED for sign in ("", "-")], default="created_at"
    )
    expand = serializers.CharField(default="", max_length=100)

    def validate_expand(self, value: str) -> frozenset[str]:
        """Return what shall be added to each row, which stands there with commas."""
        names = frozenset(value.split(",") if value else ())
        if not names <= frozenset(EXPANDED):
            msg = f"Of {', '.join(EXPANDED)}; with commas."
            raise serializers.ValidationError(msg)
        return names


def find_entities(*, project: Project, kind: str, wanted: Mapping[str, Any]) -> QuerySet[Entity]:
    """Return the project's entities of the kind that the query wants."""
    equal = ("type", "priority", "is_locked")
    rows: QuerySet[Entity] = Entity.objects.filter(
        project=project,
        kind=kind,
        **{name: wanted[name] for name in equal if wanted[name] is not None},
    )
    if wanted["q"] is not None:
        rows = rows.filter(Q(code__icontains=wanted["q"]) | Q(name__icontains=wanted["q"]))
    if wanted["sequence"] is not None:
        used = AssetReference.objects.filter(
            source=OuterRef("pk"), target__kind="sequence", target__code=wanted["sequence"]
        )
        rows = rows.filter(Exists(used))
    if wanted["updated_since"] is not None:
        moved = Head.objects.filter(
            entity=OuterRef("pk"),
            slot=DEFINITION,
            latest__created_at__gte=wanted["updated_since"],
        )
        rows = rows.filter(Exists(moved))
    return rows if wanted["state"] is None else _filter_state(rows, project, wanted["state"])


def _filter_state(rows: QuerySet[Entity], project: Project, state: str) -> QuerySet[Entity]:
    # All references of the project at once: entity by entity takes four times as long.
    uses = AssetReference.objects.filter(project=project).order_by()
    outdated = find_outdated(uses).values("target_id")
    pinned = find_left_behind(uses).values("target_id")
    match state:
        case "outdated":
            return rows.filter(pk__in=outdated)
        case "pinned":
            return rows.filter(pk__in=pinned).exclude(pk__in=outdated)
    return rows.exclude(pk__in=outdated).exclude(pk__in=pinned)


def describe_entities(page: Sequence[Entity], *, expand: frozenset[str]) -> list[dict[str, Any]]:
    """Return the entities as lists show them; a constant number of statements."""
    ids = [entity.pk for entity in page]
    more: dict[int, dict[str, Any]] = {pk: {} for pk in ids}
    if "state" in expand and page:
        states = find_states(project_id=page[0].project_id, target_ids=ids)
        for pk, one in more.items():
            one["state"] = states.get(pk, "current")
    if "best_version" in expand:
        heads = Head.objects.filter(entity__in=select_ids(ids), slot=DEFINITION)
        for head in heads.select_related("best__entity", "best__author"):
            more[head.entity_id]["best_version"] = describe_version(head.best)
    return [{**describe_entity(entity), **more[entity.pk]} for entity in page]
