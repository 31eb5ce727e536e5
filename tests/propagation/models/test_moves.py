"""The state machines: the database lets through every move that is drawn, and no other."""

import pytest
from django.db import IntegrityError, connection, transaction

from propagation.models import ItemState, PropagationItem, PropagationRun, RunStatus
from propagation.models.moves import ITEM_MOVES, RUN_MOVES
from propagation.models.run import ACTIVE_STATUSES
from tests.builders import change, load, star

pytestmark = pytest.mark.django_db
RUN, ITEM = "propagation_propagationrun", "propagation_propagationitem"


@pytest.fixture
def run() -> PropagationRun:
    """Return a run with an item."""
    load(star(1))
    run = change("hero", description="new").run
    assert run
    return run


def test_every_state_has_its_moves() -> None:
    assert RUN_MOVES.keys() == set(RunStatus.values)
    assert ITEM_MOVES.keys() == set(ItemState.values)


@pytest.mark.parametrize("old", RunStatus.values)
def test_a_run_moves_as_it_is_drawn(run: PropagationRun, old: str) -> None:
    for new in RunStatus.values:
        force(RUN, run.pk, "status", old)
        ended_at = None if new in ACTIVE_STATUSES else run.created_at
        is_moved = update(run, status=new, finished_at=ended_at)
        assert is_moved == (new == old or new in RUN_MOVES[old]), f"{old} to {new}"


@pytest.mark.parametrize("old", ItemState.values)
def test_an_item_moves_as_it_is_drawn(run: PropagationRun, old: str) -> None:
    item = run.items.get()
    version = run.sources.get().version
    for new in ItemState.values:
        force(ITEM, item.pk, "state", old)
        is_moved = update(item, state=new, version=version)
        assert is_moved == (new == old or new in ITEM_MOVES[old]), f"{old} to {new}"


def force(table: str, pk: int, column: str, state: str) -> None:
    """Put the row into the state past all guards, as if it had been inserted so."""
    with connection.cursor() as cursor:
        columns = {"status": "finished_at = NULL,", "state": "version_id = NULL,"}[column]
        _switch(cursor, table, column, is_on=False)
        if state in {"success", "partial", "failed", "cancelled"} and column == "status":
            columns = "finished_at = created_at,"
        if state == "applied":
            columns = "version_id = (SELECT MIN(id) FROM versions_version),"
        cursor.execute(f"UPDATE {table} SET {columns} {column} = %s WHERE id = %s", [state, pk])  # noqa: S608
        _switch(cursor, table, column, is_on=True)


def _switch(cursor: object, table: str, column: str, *, is_on: bool) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    name = f"{table}_{column}_moves"
    if connection.vendor == "postgresql":
        if not is_on:
            execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may be pending on the table
        execute(f"ALTER TABLE {table} {'ENABLE' if is_on else 'DISABLE'} TRIGGER {name}")
    elif not is_on:
        execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s", [name])
        (_guards[name],) = cursor.fetchone()  # type: ignore[attr-defined]
        execute(f"DROP TRIGGER {name}")
    else:
        execute(_guards[name])


_guards: dict[str, str] = {}


def update(row: PropagationRun | PropagationItem, **columns: object) -> bool:
    """Update the row as any code would; tell whether the database let it."""
    try:
        with transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**columns)
    except IntegrityError as error:
        if "_moves" in str(error):
            return False
        raise
    return True
