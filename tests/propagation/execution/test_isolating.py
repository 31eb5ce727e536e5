"""A batch that cannot be done is taken apart: what is at fault fails, all else is done."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from propagation.execution.advance import continue_run
from propagation.execution.attempt import attempt_batch
from propagation.execution.isolating import isolate_items
from propagation.execution.ready import select_ready
from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from propagation.services.steer_run import skip_items
from tests.builders import chain, change, drive, get_entity, load, star
from versions.models import Head

pytestmark = pytest.mark.django_db
LEASE = timedelta(seconds=settings.LEASE_S)


def start(document: dict[str, object], source: str) -> PropagationRun:
    """Import the production, change a source, and return the run."""
    load(document)
    run = change(source, description="new").run
    assert run
    return run


def die(run: PropagationRun, number: int, at: datetime) -> None:
    """Leave what a worker leaves that is killed while it is at the batch."""
    run.batches.filter(number=number).update(deliveries=F("deliveries") + 1, delivered_at=at)


def work(run: PropagationRun, at: datetime) -> PropagationRun:
    """Do what workers do that never give up, until the run is over."""
    run.refresh_from_db()
    while run.is_active:
        continue_run(run_id=run.pk, generation=run.generation, at=at, is_overdue=True)
        run.refresh_from_db()
        open_batches = run.batches.filter(done_at=None, step=run.step)
        for number in list(select_ready(open_batches).values_list("number", flat=True)):
            attempt_batch(run_id=run.pk, number=number, at=at)
        at += LEASE
    return run


def test_one_of_50_that_raises_fails_and_49_are_done() -> None:
    run = start(star(50), "hero")
    Head.objects.get(entity=get_entity("shot-00012")).delete()
    run = work(run, timezone.now())
    assert run.status == "partial"
    counts = run.batches.aggregate(size=Sum("size"), done=Sum("applied"), failed=Sum("failed"))
    assert counts == {"size": 50, "done": 49, "failed": 1}
    (failed,) = run.items.filter(state="failed")
    assert failed.batch
    assert (failed.entity.code, failed.batch.deliveries) == ("shot-00012", settings.MAX_DELIVERIES)
    assert "KeyError" in failed.error
    found = check_project(project=run.project)
    assert [(one.kind, one.detail) for one in found.exceptions] == [("no-version", "shot-00012")]
    assert found.excused == 1


def test_one_that_kills_its_worker_fails_after_five_deaths() -> None:
    run = start(star(100), "hero")
    now = timezone.now()
    deaths = 0
    poisoned = run.items.get(entity__code="shot-00042")
    while run.items.get(pk=poisoned.pk).state == "queued":
        poisoned.refresh_from_db()
        assert poisoned.batch
        number = poisoned.batch.number
        most = settings.MAX_DELIVERIES if poisoned.batch.size == 1 else 1
        for _ in range(most):
            die(run, number, now)
            deaths += 1
            now += LEASE
        attempt_batch(run_id=run.pk, number=number, at=now)
    assert deaths == 5
    sizes = set(run.batches.exclude(size=0).values_list("size", flat=True))
    assert sizes == {1, 10}
    run = work(run, now)
    assert run.status == "partial"
    assert run.items.filter(state="applied").count() == 99
    assert run.items.get(state="failed").error == "Its worker died each time."


def test_the_last_one_of_a_batch_of_many_is_tried_as_often_as_any_other() -> None:
    run = start(star(2), "hero")
    skipped = run.items.get(entity__code="shot-00000").entity_id
    skip_items(run_id=run.pk, entity_ids=[skipped], actor=None, at=timezone.now())
    Head.objects.get(entity=get_entity("shot-00001")).delete()
    for _ in range(settings.MAX_DELIVERIES):
        assert run.items.get(entity__code="shot-00001").state == "queued"
        attempt_batch(run_id=run.pk, number=0, at=timezone.now())
    assert run.items.get(entity__code="shot-00001").state == "failed"


def test_nobody_gives_up_on_a_batch_while_who_has_it_may_be_alive() -> None:
    """Messages that come twice or three times count as well, in the moment before the lock."""
    run = start(star(1), "hero")
    now = timezone.now()
    for _ in range(settings.MAX_DELIVERIES):
        die(run, 0, now)
    attempt_batch(run_id=run.pk, number=0, at=now + LEASE / 2)
    assert run.items.get().state == "queued"
    attempt_batch(run_id=run.pk, number=0, at=now + LEASE)
    assert run.items.get().state == "failed"


def test_levels_of_a_batch_follow_each_other_and_what_comes_after_moves_back(
    settings: Settings,
) -> None:
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 5)
    run = start(chain(12), "a0")
    assert (run.steps, run.batches.count()) == (3, 3)
    isolate_items(run_id=run.pk, number=1, error="", is_last=False, at=timezone.now())
    run.refresh_from_db()
    assert run.steps == 3 + 4
    steps = run.batches.filter(number__gt=2).order_by("number").values_list("step", flat=True)
    assert list(steps) == list(range(1, 6))
    assert run.batches.get(number=2).step == 6
    assert drive(run).status == "success"
    assert not check_project(project=run.project).exceptions
    assert run.items.filter(state="applied").count() == 11


def test_what_uses_one_that_failed_keeps_what_it_has() -> None:
    run = start(chain(4), "a0")
    Head.objects.get(entity=get_entity("a2")).delete()
    run = work(run, timezone.now())
    states = run.items.order_by("level").values_list("entity__code", "state")
    assert list(states) == [("a1", "applied"), ("a2", "failed"), ("a3", "unchanged")]


def test_taking_apart_takes_as_many_statements_for_500_as_for_5(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for code, shots in (("small", 5), ("large", 500)):
        load(star(shots), code=code)
        run = change("hero", code, description="new").run
        assert run
        with django_assert_num_queries(9):
            isolate_items(run_id=run.pk, number=0, error="", is_last=False, at=timezone.now())
