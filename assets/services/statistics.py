"""Tell PostgreSQL's planner about rows that were written in bulk."""

from collections.abc import Iterable

from django.db import connection, models

WORTHWHILE = 1000
"""Fewer new rows than this do not change a plan."""


def refresh_statistics(*, tables: Iterable[type[models.Model]], written: int) -> None:
    """Analyse the tables when many rows were written; part of the caller's transaction.

    Until its first analysis PostgreSQL takes a new table for empty and joins by nested loops: a
    check of 200 000 references then took over 5 minutes instead of 1.2 s. Autovacuum would come
    a minute later, where it is on. SQLite plans by its indexes alone.
    """
    if connection.vendor != "postgresql" or written < WORTHWHILE:
        return
    names = [connection.ops.quote_name(table._meta.db_table) for table in tables]  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(names)}")
