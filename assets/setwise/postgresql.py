"""Rows as a table on PostgreSQL: one array per column, and once what is the same in all rows."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

from assets.setwise.given import (
    Column,
    Row,
    Table,
    Values,
    is_constant,
    is_number,
    is_text,
    prepare_columns,
)


def make_table(fields: Sequence[Column], rows: Sequence[Row]) -> Table:
    """Return SQL for a table `given` that holds the rows; no row: ValueError."""
    columns = prepare_columns(fields, rows)
    selected, arrays, names = [], [], []
    constants: list[Any] = []
    lists: list[Any] = []
    for index, (field, values) in enumerate(zip(fields, columns, strict=True)):
        sql_type = _get_sql_type(field)
        if index and is_constant(values):  # the first column says how many rows there are
            selected.append(f"%s::{sql_type} AS c{index}")
            constants.append(values[0])
        else:
            selected.append(f"c{index}")
            names.append(f"c{index}")
            arrays.append(f"%s::{sql_type}[]")
            lists.append(_write_array(field, values))
    sql = (
        f"(SELECT {', '.join(selected)} "  # noqa: S608
        f"FROM unnest({', '.join(arrays)}) AS list({', '.join(names)})) AS given"
    )
    return Table(sql=sql, parameters=[*constants, *lists])


def write_block(fields: Sequence[Column], rows: Sequence[Row]) -> str:
    """Return the rows as COPY reads them."""
    columns = [_write_cells(values) for values in prepare_columns(fields, rows)]
    return "".join(f"{line}\n" for line in map("\t".join, zip(*columns, strict=True)))


def _write_cells(values: Values) -> Sequence[str]:
    if is_constant(values):
        return [_write_cell(values[0])] * len(values)
    return [_write_cell(value) for value in values]


def _write_cell(value: object) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).translate(_ESCAPES)


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _write_array(field: Column, values: Values) -> object:
    """Return the values as PostgreSQL reads an array, where they are plain; else as a list.

    The driver takes six times as long for a list of numbers or texts.
    """
    if is_number(field):
        return _write_numbers(values)
    if is_text(field) or isinstance(field, models.JSONField):
        return _write_texts(values)
    return list(values)


def _write_numbers(values: Values) -> str:
    if None in values:
        return f"{{{','.join('NULL' if one is None else str(int(one)) for one in values)}}}"
    return f"{{{','.join(map(str, map(int, values)))}}}"


def _write_texts(values: Values) -> str:
    return f"{{{','.join(map(_quote, values))}}}"


def _quote(text: str | None) -> str:
    if text is None:
        return "NULL"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _get_sql_type(field: Column) -> str:
    # An explicit cast to varchar(n) cuts the text off; an assignment from text refuses it.
    return "text" if is_text(field) else field.db_type(connection) or "text"


def write_ids(ids: Sequence[int]) -> tuple[str, object]:
    """Return SQL that selects these numbers, and its parameter."""
    return "SELECT unnest(%s::bigint[])", _write_numbers(ids)


def write_texts(texts: Sequence[str]) -> tuple[str, object]:
    """Return SQL that selects these texts, and its parameter."""
    return "SELECT unnest(%s::text[])", _write_texts(texts)
