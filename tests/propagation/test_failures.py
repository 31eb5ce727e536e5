"""Failures on real workers: a batch that cannot be done ends its run and delays no other."""

import pytest
from django.db import transaction

from propagation.live.wake import wait_until
from propagation.models import PropagationRun
from tests.builders import change, load, star
from tests.processes import Workers
from versions.models import Head

pytestmark = pytest.mark.workers


def wait_for_end(run: PropagationRun) -> str:
    """Wait until the run is over; return its status."""

    def is_over() -> bool:
        run.refresh_from_db()
        return not run.is_active

    assert wait_until(is_over, run_id=run.pk, timeout_s=30)
    return run.status


def test_a_batch_that_cannot_be_done_ends_its_run_and_delays_no_other(workers: Workers) -> None:
    """It is tried three times, after 1 and 2 seconds; the other run goes on meanwhile."""
    del workers
    load(star(3), code="broken")
    load(star(3), code="sound")
    with transaction.atomic():
        broken = change("hero", "broken", description="new").run
        Head.objects.filter(entity__project__code="broken", entity__kind="shot").delete()
    sound = change("hero", "sound", description="new").run
    assert broken is not None
    assert sound is not None
    assert wait_for_end(sound) == "success"
    broken.refresh_from_db()
    assert broken.is_active
    assert wait_for_end(broken) == "failed"
    deliveries = broken.batches.order_by("number").values_list("size", "deliveries")
    assert list(deliveries) == [(0, 1), (1, 3), (1, 3), (1, 3)]
    assert {item.state for item in broken.items.all()} == {"failed"}
