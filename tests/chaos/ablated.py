"""A worker that marks what it did in a second transaction: what a storm has to find out.

python -m tests.chaos.ablated takes a Celery worker's options.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Any

from django.db import transaction

from config.celery import app

GAP_S = 0.2
"""Between effect and mark; a busy database makes it as long."""


def mark_later() -> None:
    """Take the effect and its mark apart."""
    from propagation.execution import apply, attempt  # noqa: PLC0415 (needs loaded settings)

    do, mark_items, mark_batch = apply.apply_batch, apply._finish_items, apply._finish_batch
    marks: list[Callable[[], Any]] = []

    def keep_items(*found: Any) -> tuple[apply.BatchOutcome, list[Any]]:  # noqa: ANN401
        marks.append(lambda: mark_items(*found))
        return apply.BatchOutcome(), []

    def keep_batch(batch: Any, *found: Any, **more: Any) -> None:  # noqa: ANN401
        del more
        at = found[-1]
        marks.append(lambda: _mark(batch, marks[0](), at))

    def _mark(batch: Any, finished: Any, at: datetime) -> None:  # noqa: ANN401
        outcome, told = finished
        mark_batch(batch, outcome, told, at, is_due=False)

    def do_in_two(**batch: Any) -> None:  # noqa: ANN401
        marks.clear()
        do(**batch)
        Event().wait(GAP_S)
        if marks:
            with transaction.atomic():
                marks[1]()

    vars(apply).update(_finish_items=keep_items, _finish_batch=keep_batch)
    vars(attempt).update(apply_batch=do_in_two)


if __name__ == "__main__":
    app.loader.import_default_modules()
    mark_later()
    app.worker_main(["worker", *sys.argv[1:]])
