"""What a target costs, in counts: clocks are noisy, these are not."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from propagation.execution.apply import apply_batch
from propagation.execution.messages import send_step
from propagation.models import PropagationRun
from tests.builders import change, drive, load, star

pytestmark = pytest.mark.django_db
MOST_BYTES = 1_500
"""Of one message: ids, and what Celery adds."""


def start(shots: int, code: str) -> PropagationRun:
    load(star(shots), code=code)
    run = change("hero", code, description="new").run
    assert run is not None
    return run


def count_rows() -> Counter[str]:
    """Return how many rows each table has."""
    return Counter({model._meta.db_table: model.objects.count() for model in apps.get_models()})  # type: ignore[attr-defined]


def listen(wanted: Callable[[str], bool]) -> tuple[list[int], Any]:
    """Return the numbers of rows of wanted statements, which the wrapper fills."""
    counts: list[int] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: ANN401, FBT001
        result = execute(sql, params, many, context)
        if wanted(sql):
            counts.append(context["cursor"].rowcount)
        return result

    return counts, connection.execute_wrapper(note)


def test_a_target_is_one_version_and_one_input_and_its_item(settings: Settings) -> None:
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 100)
    run = start(300, "film")
    before = count_rows()
    drive(run)
    made = count_rows() - before
    assert made.pop("versions_version") == 300
    assert made.pop("versions_versioninput") == 300
    assert made.pop("propagation_event") <= 9, "a hundred items in each, and how far the run is"
    assert set(made) <= {"propagation_toldprogress", "propagation_auditentry"}


def test_a_target_is_updated_in_three_rows(settings: Settings) -> None:
    """Head, consumption and item: nothing else is written again."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 300)
    run = start(300, "film")
    counts, wrapper = listen(lambda sql: sql.startswith("UPDATE") or "DO UPDATE" in sql)
    with wrapper:
        apply_batch(run_id=run.pk, number=0, at=timezone.now())
    assert sorted(count for count in counts if count > 1) == [300, 300, 300]


def test_planning_takes_as_many_statements_for_few_as_for_many() -> None:
    def count(shots: int) -> int:
        code = f"film{shots}"
        load(star(shots), code=code)
        with CaptureQueriesContext(connection) as captured:
            change("hero", code, description="new")
        return len(captured)

    assert count(2) == count(400)


def test_a_message_is_a_kilobyte_whatever_a_batch_does() -> None:
    """Ids only: a chord of 1 000 whose messages hold 10 000 ids each takes 82 MB of Redis."""
    sizes: list[int] = []

    def weigh(body: Any, headers: Any, properties: Any, **_: object) -> None:  # noqa: ANN401 (Celery's)
        sizes.append(len(json.dumps([body, headers, properties], default=str)))

    before_task_publish.connect(weigh)
    try:
        numbers = list(range(10**6, 10**6 + 5))
        send_step(run_id=2**62, generation=10**6, lane="batch", numbers=numbers, delay_s=0)
    finally:
        before_task_publish.disconnect(weigh)
    assert len(sizes) == len(numbers)
    assert max(sizes) <= MOST_BYTES
