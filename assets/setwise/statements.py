"""Set-wise statements: insert, update, upsert, delete and copy any number of rows in one each."""

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL

from assets.setwise import postgresql, sqlite
from assets.setwise.given import Column, Row, Table, split_rows

ROWS_PER_BLOCK = 5_000
ROWS_PER_STATEMENT = 50_000  # bounds the memory of one statement; a batch is far below it


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
        for chunk in split_rows(rows, ROWS_PER_STATEMENT):
            given = _make_table(fields, chunk)
            cursor.execute(
                f"INSERT INTO {_quote(model._meta.db_table)} ({names}) "  # noqa: S608, SLF001
                f"SELECT {_list_columns(fields)} FROM {given.sql}"
                + (f" RETURNING {answer}" if answer else ""),
                given.parameters,
            )
            if answer:
                returned += cursor.fetchall()
    return returned


def load_rows(*, model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert any number of rows in the fastest way there is: COPY on PostgreSQL.

    As `insert_rows` does it otherwise, but nothing is returned.
    """
    fields = [_get_field(model, name) for name in columns]
    if _get_dialect() is sqlite:
        insert_rows(model=model, columns=columns, rows=rows)
        return
    names = ", ".join(_quote(field.column) for field in fields)
    with connection.cursor() as cursor:
        sql = f"COPY {_quote(model._meta.db_table)} ({names}) FROM STDIN"  # noqa: SLF001
        with connection.wrap_database_errors, cursor.copy(sql) as copy:
            for chunk in split_rows(rows, ROWS_PER_BLOCK):
                copy.write(postgresql.write_block(fields, chunk))


def upsert_rows(
    *, model: type[models.Model], key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]
) -> None:
    """Insert the rows; where the unique `key` exists, update `columns`. Row: (*key, *columns)."""
    fields = [_get_field(model, name) for name in (*key, *columns)]
    names = [_quote(field.column) for field in fields]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in names[len(key) :])
    with connection.cursor() as cursor:
        for chunk in split_rows(rows, ROWS_PER_STATEMENT):
            given = _make_table(fields, chunk)
            cursor.execute(
                f"INSERT INTO {_quote(model._meta.db_table)} ({', '.join(names)}) "  # noqa: S608, SLF001
                f"SELECT {_list_columns(fields)} FROM {given.sql} WHERE true "
                f"ON CONFLICT ({', '.join(names[: len(key)])}) DO UPDATE SET {assignments}",
                given.parameters,
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
        for chunk in split_rows(rows, ROWS_PER_STATEMENT):
            given = _make_table(fields, chunk)
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM {given.sql} "  # noqa: S608
                f"WHERE {table}.{_quote(fields[0].column)} = given.c0",
                given.parameters,
            )
            updated += cursor.rowcount
    return updated


def delete_rows(*, model: type[models.Model], ids: Iterable[int]) -> int:
    """Delete rows by primary key, without collecting what Django would cascade to."""
    field = model._meta.pk  # noqa: SLF001
    table = _quote(model._meta.db_table)  # noqa: SLF001
    deleted = 0
    with connection.cursor() as cursor:
        for chunk in split_rows(([pk] for pk in ids), ROWS_PER_STATEMENT):
            given = _make_table([field], chunk)
            cursor.execute(
                f"DELETE FROM {table} WHERE {_quote(field.column)} IN "  # noqa: S608
                f"(SELECT c0 FROM {given.sql})",
                given.parameters,
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
        for chunk in split_rows(([pk] for pk in ids), ROWS_PER_STATEMENT):
            given = _make_table([key], chunk)
            cursor.execute(
                f"INSERT INTO {_quote(target._meta.db_table)} "  # noqa: S608, SLF001
                f"({', '.join([*names, *(_quote(field.column) for field in extras)])}) "
                f"SELECT {', '.join([*names, *(['%s'] * len(extras))])} "
                f"FROM {_quote(source._meta.db_table)} "  # noqa: SLF001
                f"WHERE {_quote(key.column)} IN (SELECT c0 FROM {given.sql})",
                [*constants, *given.parameters],
            )


def select_ids(ids: Iterable[int]) -> RawSQL:
    """Return a sub-select of these ids, for `filter(pk__in=…)`: one parameter however many.

    A list of ids would take one parameter each, and SQLite refuses more than 32 766 of them.
    """
    sql, parameter = _get_dialect().write_ids(list(ids))
    return RawSQL(sql, [parameter])  # noqa: S611 (of constants)


def select_texts(texts: Iterable[str]) -> RawSQL:
    """Return a sub-select of these texts, for `filter(code__in=…)`: one parameter however many."""
    sql, parameter = _get_dialect().write_texts(list(texts))
    return RawSQL(sql, [parameter])  # noqa: S611 (of constants)


def _get_dialect() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite


def _make_table(fields: Sequence[Column], rows: Sequence[Row]) -> Table:
    table: Table = _get_dialect().make_table(fields, rows)
    return table


def _get_field(model: type[models.Model], name: str) -> Column:
    field = model._meta.get_field(name)  # noqa: SLF001
    assert isinstance(field, models.Field)  # noqa: S101 (narrows relations away for the checker)
    return field


def _quote(name: str | None) -> str:
    assert name is not None  # noqa: S101 (only a field without a column has none)
    return connection.ops.quote_name(name)


def _list_columns(fields: Sequence[Column]) -> str:
    return ", ".join(f"given.c{index}" for index in range(len(fields)))
