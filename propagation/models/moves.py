"""The state machines of runs and items: every move there is. The database refuses all others."""

from collections.abc import Mapping
from typing import TypeAlias

from propagation.models.run import RunStatus
from propagation.models.work import ItemState

Moves: TypeAlias = Mapping[str, frozenset[str]]
"""Where one may go from each state."""

_ENDS = (RunStatus.SUCCESS, RunStatus.PARTIAL, RunStatus.FAILED)
RUN_MOVES: Moves = {
    RunStatus.ACCEPTED: frozenset(
        {RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLING, *_ENDS}
    ),
    RunStatus.RUNNING: frozenset({RunStatus.PAUSED, RunStatus.CANCELLING, *_ENDS}),
    RunStatus.PAUSED: frozenset({RunStatus.RUNNING, RunStatus.CANCELLING}),
    RunStatus.CANCELLING: frozenset({RunStatus.CANCELLED}),
    # A retry takes up what was left undone.
    RunStatus.SUCCESS: frozenset({RunStatus.RUNNING}),
    RunStatus.PARTIAL: frozenset({RunStatus.RUNNING}),
    RunStatus.FAILED: frozenset({RunStatus.RUNNING}),
    RunStatus.CANCELLED: frozenset({RunStatus.RUNNING}),
}
_LEFT = (ItemState.CANCELLED, ItemState.SUPERSEDED)
_AGAIN = frozenset({ItemState.QUEUED})
ITEM_MOVES: Moves = {
    ItemState.QUEUED: frozenset(
        {
            ItemState.WAITING,
            ItemState.APPLIED,
            ItemState.UNCHANGED,
            ItemState.FAILED,
            ItemState.SKIPPED,
            *_LEFT,
        }
    ),
    ItemState.WAITING: frozenset(
        {ItemState.QUEUED, ItemState.APPLIED, ItemState.UNCHANGED, ItemState.FAILED, *_LEFT}
    ),
    ItemState.HELD: frozenset({ItemState.RELEASED, ItemState.REJECTED, ItemState.SUPERSEDED}),
    # A retry takes up what was left undone, and what was built on it.
    ItemState.APPLIED: _AGAIN,
    ItemState.UNCHANGED: _AGAIN,
    ItemState.FAILED: _AGAIN,
    ItemState.SKIPPED: _AGAIN,
    ItemState.CANCELLED: _AGAIN,
    ItemState.SUPERSEDED: frozenset(),
    ItemState.RELEASED: frozenset(),
    ItemState.REJECTED: frozenset(),
    ItemState.IGNORED: frozenset(),
    ItemState.PINNED: frozenset(),
}
