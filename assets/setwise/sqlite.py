"""Rows as a table on SQLite: one JSON document, and once what is the same in all rows."""

import json
from collections.abc import Sequence
from typing import Any

from assets.setwise.given import Column, Row, Table, Values, is_constant, prepare_columns


def make_table(fields: Sequence[Column], rows: Sequence[Row]) -> Table:
    """Return SQL for a table `given` that holds the rows; no row: ValueError."""
    columns = prepare_columns(fields, rows)
    selected: list[str] = []
    constants: list[Any] = []
    sent: list[Values] = []
    for index, values in enumerate(columns):
        if index and is_constant(values):
            selected.append(f"%s AS c{index}")
            constants.append(values[0])
        else:
            selected.append(f"json_extract(value, '$[{len(sent)}]') AS c{index}")
            sent.append(values)
    sql = f"(SELECT {', '.join(selected)} FROM json_each(%s)) AS given"  # noqa: S608
    return Table(sql=sql, parameters=[*constants, _dump(list(zip(*sent, strict=True)))])


def write_ids(ids: Sequence[int]) -> tuple[str, object]:
    """Return SQL that selects these numbers, and its parameter."""
    return "SELECT value FROM json_each(%s)", json.dumps(list(ids))


def write_texts(texts: Sequence[str]) -> tuple[str, object]:
    """Return SQL that selects these texts, and its parameter."""
    return "SELECT value FROM json_each(%s)", json.dumps(list(texts))


def _dump(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
