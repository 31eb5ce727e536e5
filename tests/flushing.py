"""Empty the database between tests whose transactions are real, as fast as can be.

Django empties every table, on PostgreSQL by making new files for each, and then writes content
types and permissions anew: a quarter of a second each time. Few tables have rows, and few rows.
"""

from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = frozenset({"django_content_type", "auth_permission", "django_migrations"})
APPEND_ONLY = frozenset({"propagation_auditentry"})
"""Tables whose rows a trigger keeps from being deleted one by one."""
FEW = 1000
"""Rows of one table: of more, emptying the table at once is faster than deleting each."""


def empty_tables(_: Any) -> None:  # noqa: ANN401 (the test case, whose method this is)
    """Leave no row in any table but those that migrations wrote."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    counts = _count(tables)
    filled = [name for name, count in counts.items() if count]
    if connection.vendor == "sqlite" or max(counts.values()) > FEW:
        operations = connection.ops.sql_flush(no_style(), filled, allow_cascade=True)
        connection.ops.execute_sql_flush(operations)
        return
    with transaction.atomic(), connection.cursor() as cursor:  # foreign keys are checked at its end
        for name in filled:
            verb = "TRUNCATE" if name in APPEND_ONLY else "DELETE FROM"
            cursor.execute(f'{verb} "{name}"')


def _count(tables: list[str]) -> dict[str, int]:
    """Return the rows of each table, or that there are more than FEW; one statement."""
    selects = (
        f"SELECT '{name}', (SELECT COUNT(*) FROM (SELECT 1 FROM \"{name}\" LIMIT {FEW + 1}) AS few)"  # noqa: S608
        for name in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects))
        return dict(cursor.fetchall())


def empty_fast() -> None:
    """Let all tests do so."""
    TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]
