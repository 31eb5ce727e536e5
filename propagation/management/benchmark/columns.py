"""The columns of a model for hand-written SQL: those that are given, and defaults for the rest."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, models


def name_table(model: type[models.Model]) -> str:
    """Return the quoted name of a model's table."""
    return connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001


def name_column(model: type[models.Model], name: str) -> str:
    """Return the quoted column of a field."""
    field = model._meta.get_field(name)  # noqa: SLF001
    assert isinstance(field, models.Field)  # noqa: S101 (narrows relations away for the checker)
    return connection.ops.quote_name(str(field.column))


def read_defaults(model: type[models.Model], given: Iterable[str]) -> dict[str, Any]:
    """Return, for each field that is not given, its default as the database takes it.

    Without the key that the database numbers. A field that a model gains later is filled so.
    """
    named = set(given)
    return {
        field.name: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields  # noqa: SLF001
        if field.name not in named and not isinstance(field, models.AutoField)
    }
