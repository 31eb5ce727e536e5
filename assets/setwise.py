"""Set-wise writes: any number of rows in one SQL statement, on PostgreSQL and on SQLite.

PostgreSQL gets one array per column (`unnest`), SQLite one JSON document (`json_each`); neither
has a limit on rows, where a list of parameters would reach SQLite's.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from django.db import connection, models
from django.db.models.expressions import RawSQL

ROWS_PER_STATEMENT = 50_000  # bounds the memory of one statement; a batch is far below it

Row: TypeAlias = Sequence[Any]
Column: TypeAlias = "models.Field[Any, Any]"


def insert_rows(
    *,
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert the rows and return the columns named in `returning` of each, in no promised order.

    columns and returning: field names. Field defaults are not applied: name every column.
    Django's IntegrityError when a constraint refuses a row.
    """
    fields = [_get_field(model, name) for name in columns]
    names = ", ".join(_quote(field.column) for field in fields)
    answer = ", ".join(_quote(_get_field(model, name).column) for name in returning)
    returned: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for chunk in _split(rows):
            given, parameters = _make_table(fields, chunk)
            cursor.execute(
                f"INSERT INTO {_quote(model._meta.db_table)} ({names}) "  # noqa: S608, SLF001
                f"SELECT {_list_columns(fields)} FROM {given}"
                + (f" RETURNING {answer}" if answer else ""),
                parameters,
            )
            if answer:
                returned += cursor.fetchall()
    return returned


def upsert_rows(
    *, model: type[models.Model], key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert the rows; where the unique `key` exists, update `columns`. Row: (*key, *columns)."""
    fields = [_get_field(model, name) for name in (*key, *columns)]
    names = [_quote(field.column) for field in fields]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names[len(key) :])
    with connection.cursor() as cursor:
        for chunk in _split(rows):
            given, parameters = _make_table(fields, chunk)
            cursor.execute(
                f"INSERT INTO {_quote(model._meta.db_table)} ({', '.join(names)}) "  # noqa: S608, SLF001
                f"SELECT {_list_columns(fields)} FROM {given} WHERE true "
                f"ON CONFLICT ({', '.join(names[: len(key)])}) DO UPDATE SET {assignments}",
                parameters,
            )


def update_rows(
    *, model: type[models.Model], key: str, columns: Sequence[str], rows: Iterable[Row]
) -> int:
    """Update rows by key and return how many there were; each row is (key, *columns)."""
    fields = [_get_field(model, name) for name in (key, *columns)]
    assignments = ", ".join(
        f"{_quote(field.column)} = given.c{index}" for index, field in enumerate(fields) if index
    )
    table = _quote(model._meta.db_table)  # noqa: SLF001
    updated = 0
    with connection.cursor() as cursor:
        for chunk in _split(rows):
            given, parameters = _make_table(fields, chunk)
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM {given} "  # noqa: S608
                f"WHERE {table}.{_quote(fields[0].column)} = given.c0",
                parameters,
            )
            updated += cursor.rowcount
    return updated


def delete_rows(*, model: type[models.Model], ids: Iterable[int]) -> int:
    """Delete rows by primary key, without collecting what Django would cascade to."""
    field = model._meta.pk  # noqa: SLF001
    table = _quote(model._meta.db_table)  # noqa: SLF001
    deleted = 0
    with connection.cursor() as cursor:
        for chunk in _split([pk] for pk in ids):
            given, parameters = _make_table([field], chunk)
            cursor.execute(
                f"DELETE FROM {table} WHERE {_quote(field.column)} IN "  # noqa: S608
                f"(SELECT c0 FROM {given})",
                parameters,
            )
            deleted += cursor.rowcount
    return deleted


def copy_rows(
    *,
    source: type[models.Model],
    target: type[models.Model],
    columns: Sequence[str],
    extra: dict[str, object],
    ids: Iterable[int],
) -> None:
    """Copy the named columns of rows, by primary key, into another table with constant extras."""
    names = [_quote(_get_field(source, name).column) for name in columns]
    extras = [_get_field(target, name) for name in extra]
    constants = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(extras, extra.values(), strict=True)
    ]
    key = source._meta.pk  # noqa: SLF001
    with connection.cursor() as cursor:
        for chunk in _split([pk] for pk in ids):
            given, parameters = _make_table([key], chunk)
            cursor.execute(
                f"INSERT INTO {_quote(target._meta.db_table)} "  # noqa: S608, SLF001
                f"({', '.join([*names, *(_quote(field.column) for field in extras)])}) "
                f"SELECT {', '.join([*names, *(['%s'] * len(extras))])} "
                f"FROM {_quote(source._meta.db_table)} "  # noqa: SLF001
                f"WHERE {_quote(key.column)} IN (SELECT c0 FROM {given})",
                [*constants, *parameters],
            )


def select_ids(ids: Iterable[int]) -> RawSQL:
    """Return a sub-select of these ids, for `filter(pk__in=…)`: one parameter however many.

    A list of ids would take one parameter each, and SQLite refuses more than 32 766 of them.
    """
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])


def select_texts(texts: Iterable[str]) -> RawSQL:
    """Return a sub-select of these texts, for `filter(code__in=…)`: one parameter however many."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(texts)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(texts))])


def _split(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, ROWS_PER_STATEMENT)):
        yield chunk


def _get_field(model: type[models.Model], name: str) -> Column:
    field = model._meta.get_field(name)  # noqa: SLF001
    assert isinstance(field, models.Field)  # noqa: S101 (narrows relations away for the checker)
    return field


def _quote(name: str | None) -> str:
    assert name is not None  # noqa: S101 (only a field without a column has none)
    return connection.ops.quote_name(name)


def _list_columns(fields: Sequence[Column]) -> str:
    return ", ".join(f"given.c{index}" for index in range(len(fields)))


def _make_table(fields: Sequence[Column], rows: Sequence[Row]) -> tuple[str, list[Any]]:
    """Return SQL for a table `given(c0, c1, …)` that holds the rows, and its parameters."""
    values = [
        [_prepare(field, value) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
    names = [f"c{index}" for index in range(len(fields))]
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{_get_sql_type(field)}[]" for field in fields)
        columns = [list(column) for column in zip(*values, strict=True)]
        return f"unnest({arrays}) AS given({', '.join(names)})", columns
    selected = ", ".join(
        f"json_extract(value, '$[{index}]') AS {name}" for index, name in enumerate(names)
    )
    document = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return f"(SELECT {selected} FROM json_each(%s)) AS given", [document]  # noqa: S608


def _prepare(field: Column, value: object) -> object:
    if isinstance(field, models.JSONField):
        return json.dumps(value, ensure_ascii=False)
    return field.get_db_prep_save(value, connection)


def _get_sql_type(field: Column) -> str:
    # An explicit cast to varchar(n) cuts the text off; an assignment from text refuses it.
    return "text" if isinstance(field, models.CharField) else field.db_type(connection) or "text"
