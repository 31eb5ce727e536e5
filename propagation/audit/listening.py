"""Hear of history that is written, row by row and set-wise."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model
from django.dispatch import receiver
from simple_history.signals import post_create_historical_record

from assets.services.history import history_recorded
from propagation.audit.history import Written, record_written


@receiver(post_create_historical_record)
def hear_row(
    *,
    instance: Model,
    history_instance: Any,  # noqa: ANN401 (a model that simple-history made)
    history_date: datetime,
    history_user: User | None,
    history_change_reason: str | None,
    **_: object,
) -> None:
    """Record what somebody saved or deleted, through whichever door."""
    record_written(
        Written(
            model=type(instance),
            ids=[instance.pk],
            change=history_instance.history_type,
            actor=history_user,
            reason=history_change_reason or "",
            at=history_date,
            row=history_instance,
        )
    )


@receiver(history_recorded)
def hear_rows(
    *,
    sender: type[Model],
    ids: Collection[int],
    change: str,
    actor: User | None,
    reason: str,
    at: datetime,
    **_: object,
) -> None:
    """Record what a service wrote set-wise."""
    record_written(Written(model=sender, ids=ids, change=change, actor=actor, reason=reason, at=at))
