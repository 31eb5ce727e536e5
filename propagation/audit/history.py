"""Entries of the trail for what people edit: from the rows of history, whichever door it was."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.db.models import F, Model, Window
from django.db.models.functions import RowNumber

from assets.models import AssetReference, Entity, Project
from assets.services.history import get_history_model
from assets.setwise import select_ids
from propagation.audit.trail import Entry, Trace, id_of, write_trails
from propagation.models import PropagationRule, Webhook
from versions.canonical import JsonObject, JsonValue
from versions.models import Annotation, FieldFacet, FieldKind, Version
from versions.naming import write_version_id

MOST_EACH = 1000
"""Rows written at once that have an entry each; of more, one entry says how many."""
NAMES: Mapping[type[Model], str] = {
    AssetReference: "reference",
    FieldFacet: "field_facet",
    FieldKind: "field_kind",
    PropagationRule: "rule",
}
CHANGES = {"+": "created", "~": "changed", "-": "deleted"}
UNTOLD = frozenset({"id", "project", "created_at", "revision"})
"""Fields that are the same for ever, or say nothing to people."""
PRIVATE: Mapping[type[Model], frozenset[str]] = {Webhook: frozenset({"url", "description"})}
"""Not for all who read the trail: whoever knows such a URL may write there."""
Row: TypeAlias = Any
"""A row of a table of history."""
Naming: TypeAlias = Callable[[Any, Any], JsonValue]
"""From a field and its value in a row to how people read it."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """Rows of one table that were written together. change: as history has it, `+`, `~` or `-`.

    row: that of history, where it is one.
    """

    model: type[Model]
    ids: Collection[int]
    change: str
    actor: User | None
    reason: str
    at: datetime
    row: Row | None = None

    @property
    def action(self) -> str:
        """What the trail calls it, as in reference_changed."""
        name = NAMES.get(self.model) or str(self.model._meta.model_name)  # noqa: SLF001
        return f"{name}_{CHANGES[self.change]}"


def record_written(written: Written) -> None:
    """Write the entries of these rows; a constant number of statements."""
    if not written.ids:
        return
    if len(written.ids) > MOST_EACH:
        (row, _), *_ = _read_rows(written, ids=[next(iter(written.ids))])
        (subject,) = _find_subjects(written.model, [row])
        by_project = {subject.project_id: [_count(written)]}
    else:
        by_project = _make_entries(written)
    write_trails(by_project, at=written.at)


def _make_entries(written: Written) -> dict[int, list[Entry]]:
    """Return an entry for each row that says something, by project."""
    pairs = _read_rows(written, ids=written.ids)
    subjects = _find_subjects(written.model, [row for row, _ in pairs])
    name_value = _make_naming(written.model, [one for pair in pairs for one in pair if one])
    by_project: dict[int, list[Entry]] = {}
    for (row, earlier), subject in zip(pairs, subjects, strict=True):
        before, after = _compare(written.change, row, earlier, name_value)
        if before != after:
            trace = _trace(written, subject, before, after)
            entry = Entry(action=written.action, trace=trace)
            by_project.setdefault(subject.project_id, []).append(entry)
    return by_project


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a row is about."""

    project_id: int
    entity_id: int | None = None
    name: str = ""


def _read_rows(written: Written, *, ids: Collection[int]) -> list[tuple[Row, Row | None]]:
    """Return the newest row of history of each id, of a change with the one before it.

    One statement; none for a row that was created or deleted by itself.
    """
    if written.row is not None:
        is_change = written.change == "~"
        return [(written.row, written.row.prev_record if is_change else None)]
    historical = get_history_model(written.model)
    key = written.model._meta.pk.attname  # noqa: SLF001
    rows = historical.objects.filter(**{f"{key}__in": select_ids(ids)})
    if written.change != "~":  # there is one such row of each
        rows = rows.filter(history_type=written.change).order_by(key)
        return [(row, None) for row in rows]
    rank = Window(RowNumber(), partition_by=[F(key)], order_by=F("history_id").desc())
    ranked = rows.annotate(rank=rank).filter(rank__lte=2).order_by(key, "rank")
    grouped = (list(some) for _, some in groupby(ranked, key=attrgetter(key)))
    return [(some[0], some[1] if len(some) > 1 else None) for some in grouped]


def _find_subjects(model: type[Model], rows: Sequence[Row]) -> list[Subject]:
    """Return what each row is about; one statement at most."""
    if model is Annotation:
        ids = [row.version_id for row in rows]
        versions = Version.objects.filter(pk__in=select_ids(ids)).select_related("entity").in_bulk()
        return [_describe_version(versions[pk]) for pk in ids]
    if model is Project:
        return [Subject(project_id=row.id, name=row.code) for row in rows]
    if model is Entity:
        return [Subject(project_id=row.project_id, entity_id=row.id, name=row.code) for row in rows]
    if model is AssetReference:
        return [Subject(project_id=row.project_id, entity_id=row.target_id) for row in rows]
    users = {row.user_id for row in rows if hasattr(row, "user_id")}
    names = dict(User.objects.filter(pk__in=users).values_list("pk", "username")) if users else {}
    return [Subject(project_id=row.project_id, name=_find_name(row, names)) for row in rows]


def _describe_version(version: Version) -> Subject:
    name = write_version_id(version.entity.code, version.number, version.slot)
    return Subject(project_id=version.entity.project_id, entity_id=version.entity_id, name=name)


def _find_name(row: Row, users: Mapping[int, str]) -> str:
    """Return what people call what the row is about."""
    named = getattr(row, "name", None) or getattr(row, "field", None)
    return str(named or users.get(getattr(row, "user_id", 0)) or row.id)


def _make_naming(model: type[Model], rows: Iterable[Row]) -> Naming:
    """Return how values are read by people: entities by their codes, users by their names."""
    wanted: dict[type[Model], set[int]] = {Entity: set(), User: set()}
    for field in model._meta.concrete_fields:  # noqa: SLF001
        if field.related_model in wanted:
            wanted[field.related_model].update(getattr(row, field.attname) for row in rows)
    entities = Entity.objects.filter(pk__in=select_ids(wanted[Entity] - {None}))
    users = User.objects.filter(pk__in=select_ids(wanted[User] - {None}))
    known = {
        Entity: dict(entities.values_list("pk", "code")) if wanted[Entity] else {},
        User: dict(users.values_list("pk", "username")) if wanted[User] else {},
    }

    def name_value(field: Any, value: Any) -> JsonValue:  # noqa: ANN401 (any field and its value)
        names = known.get(field.related_model)
        read: JsonValue = value.isoformat() if isinstance(value, date) else value
        return read if names is None else names.get(value)

    return name_value


def _compare(
    change: str, row: Row, earlier: Row | None, name_value: Naming
) -> tuple[JsonObject | None, JsonObject | None]:
    """Return what was there and what is there; of a change, the fields that differ."""
    present = _describe(row, name_value)
    if change == "-":
        return present, None
    if change == "+" or earlier is None:
        return None, present
    past = _describe(earlier, name_value)
    moved = [name for name, value in present.items() if past.get(name) != value]
    return {name: past.get(name) for name in moved}, {name: present[name] for name in moved}


def _describe(row: Row, name_value: Naming) -> JsonObject:
    untold = UNTOLD | PRIVATE.get(row.instance_type, frozenset())
    return {
        field.name: name_value(field, getattr(row, field.attname))
        for field in row.tracked_fields
        if field.name not in untold
    }


def _trace(
    written: Written, subject: Subject, before: JsonObject | None, after: JsonObject | None
) -> Trace:
    return Trace(
        actor_id=id_of(written.actor),
        reason=written.reason,
        entity_id=subject.entity_id,
        name=subject.name,
        before=before,
        after=after,
    )


def _count(written: Written) -> Entry:
    after: JsonObject = {"rows": len(written.ids)}
    trace = Trace(actor_id=id_of(written.actor), reason=written.reason, after=after)
    return Entry(action=written.action, trace=trace)
