"""A trigger that lets a column move only as its state machine says."""

from collections.abc import Mapping, Sequence


def write_guard(
    vendor: str, *, table: str, column: str, moves: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the SQL statements that create, or replace, the guard of a column.

    vendor: as Django names it, `postgresql` or `sqlite`. A check constraint cannot do it: it does
    not see what was there before. The comparison is part of the trigger's condition, so a row that
    moves as it may costs no call. SQLite drops triggers with the tables that Django makes anew:
    a migration that alters the table creates its guard again.
    """
    pairs = " OR ".join(
        f"(OLD.{column} = '{old}' AND NEW.{column} IN ({', '.join(map(_quote, new))}))"
        for old, new in moves.items()
        if new
    )
    condition = f"NEW.{column} <> OLD.{column} AND NOT ({pairs})"
    name = f"{table}_{column}_moves"
    trigger = f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW"
    if vendor == "sqlite":
        refusal = f"SELECT RAISE(ABORT, '{name}')"
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"{trigger} WHEN {condition} BEGIN {refusal}; END",
        ]
    message = f"'{name}: ' || OLD.{column} || ' to ' || NEW.{column}"
    refusal = f"RAISE check_violation USING MESSAGE = {message}, CONSTRAINT = '{name}'"
    function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    return [
        f"{function} AS $$ BEGIN {refusal}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"{trigger} WHEN ({condition}) EXECUTE FUNCTION {name}()",
    ]


def write_append_only(vendor: str, *, table: str) -> list[str]:
    """Return the SQL statements that let rows of a table be added, and nothing else.

    SQLite is not kept from deleting: it has no TRUNCATE, so tests and loads empty tables that way.
    """
    name = f"{table}_is_append_only"
    if vendor == "sqlite":
        refusal = f"SELECT RAISE(ABORT, '{name}')"
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW BEGIN {refusal}; END",
        ]
    refusal = f"RAISE check_violation USING MESSAGE = '{name}', CONSTRAINT = '{name}'"
    function = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
    trigger = f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
    return [
        f"{function} AS $$ BEGIN {refusal}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"{trigger} EXECUTE FUNCTION {name}()",
    ]


def _quote(state: str) -> str:
    return f"'{state}'"
