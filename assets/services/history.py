"""Rows of history for what is written set-wise.

django-simple-history listens to save(); a set-wise write passes it by, so the same transaction
writes the same rows here.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db.models import Model
from django.dispatch import Signal
from simple_history.utils import get_history_model_for_model

from assets.setwise import copy_rows

Change = Literal["+", "~", "-"]

history_recorded = Signal()
"""Sent in the transaction, after the rows were written: ids, change, actor, reason and at."""


@cache
def get_history_model(model: type[Model]) -> Any:  # noqa: ANN401 (a class of the library's making)
    """Return the model of the rows of history; the library's look-up makes a new manager each time.

    That takes as long as two statements.
    """
    return get_history_model_for_model(model)


def record_history(
    *,
    model: type[Model],
    ids: Iterable[int],
    change: Change,
    actor: User | None,
    reason: str,
    at: datetime,
) -> None:
    """Write one row of history per id: after the write for `+` and `~`, before it for `-`."""
    changed = list(ids)
    historical = get_history_model(model)
    copy_rows(
        source=model,
        target=historical,
        columns=[field.name for field in historical.tracked_fields],
        extra={
            "history_date": at,
            "history_type": change,
            "history_user": actor.pk if actor else None,
            "history_change_reason": reason[:100],
        },
        ids=changed,
    )
    if changed:
        history_recorded.send(
            sender=model, ids=changed, change=change, actor=actor, reason=reason, at=at
        )


def credit(row: Model, actor: User | None, *, reason: str = "", at: datetime | None = None) -> None:
    """Say who saves or deletes this row next, why and when, for the row of history that follows."""
    told: Any = row  # django-simple-history reads attributes that no model declares
    told._history_user, told._change_reason = actor, reason[:100]  # noqa: SLF001
    if at is not None:
        told._history_date = at  # noqa: SLF001
