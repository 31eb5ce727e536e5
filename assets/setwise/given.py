"""What both databases need to make a table of rows: columns, each with its field."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

from django.db import connection, models

Row: TypeAlias = Sequence[Any]
Column: TypeAlias = "models.Field[Any, Any]"
Values: TypeAlias = Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Table:
    """SQL for a table `given(c0, c1, …)` that holds rows, and its parameters."""

    sql: str
    parameters: Sequence[Any]


def split_rows(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Yield the rows in lists of at most that many."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def prepare_columns(fields: Sequence[Column], rows: Sequence[Row]) -> list[Values]:
    """Return the values of each field in all rows, as the driver takes them.

    ValueError for a row of another length. One look at the field per column, not per value: that
    is a tenth of what `Field.get_db_prep_save` takes for a number.
    """
    if set(map(len, rows)) != {len(fields)}:
        msg = "each row has one value per column"
        raise ValueError(msg)
    columns = zip(*rows, strict=True)
    return [_prepare(field, values) for field, values in zip(fields, columns, strict=True)]


def is_number(field: Column) -> bool:
    """Tell whether the field holds whole numbers, as all keys do here."""
    if isinstance(field, models.ForeignKey):
        return is_number(field.target_field)
    return isinstance(field, models.IntegerField)


def is_text(field: Column) -> bool:
    """Tell whether the field holds text."""
    return isinstance(field, models.CharField | models.TextField)


def is_constant(values: Values) -> bool:
    """Tell whether all values are one, so that it need not be sent with each row."""
    first = values[0]
    kind = type(first)
    return (
        kind not in {float, dict, list}  # 0.0 equals -0.0, and [1] [True]
        and values.count(first) == len(values)
        and set(map(type, values)) == {kind}
    )


def _prepare(field: Column, values: Values) -> Values:
    if is_number(field):
        return values
    write = _get_writer(field)
    if is_constant(values) or _are_empty(values):
        return [write(values[0])] * len(values)
    return [write(value) for value in values]


def _are_empty(values: Values) -> bool:
    """Tell whether all are empty objects, as most attributes of references are."""
    return not any(values) and set(map(type, values)) == {dict}


def _get_writer(field: Column) -> Callable[[Any], Any]:
    if type(field) in {models.CharField, models.TextField}:
        return lambda value: None if value is None else str(value)
    if isinstance(field, models.JSONField):
        return lambda value: json.dumps(value, ensure_ascii=False)  # None as well
    return lambda value: field.get_db_prep_save(value, connection)
