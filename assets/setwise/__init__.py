"""Set-wise writes: any number of rows in one SQL statement, on PostgreSQL and on SQLite.

`statements` writes the SQL; `postgresql` and `sqlite` each make a table of the rows that are given,
in one parameter per column or one for all: neither has a limit on rows, where a list of parameters
would reach SQLite's.
"""

from assets.setwise.statements import (
    ROWS_PER_STATEMENT,
    copy_rows,
    delete_rows,
    insert_rows,
    load_rows,
    select_ids,
    select_texts,
    update_rows,
    upsert_rows,
)

__all__ = [
    "ROWS_PER_STATEMENT",
    "copy_rows",
    "delete_rows",
    "insert_rows",
    "load_rows",
    "select_ids",
    "select_texts",
    "update_rows",
    "upsert_rows",
]
