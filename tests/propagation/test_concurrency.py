"""Many changes at once, on real workers: no deadlock, nothing lost, nothing left behind."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection

from assets.models import AssetReference, Project
from propagation.live.wake import wait_until
from propagation.models import PropagationRun, RunMode
from propagation.recovery.consistency import check_project
from tests.builders import change, load
from tests.processes import Workers
from versions.models import Head

pytestmark = pytest.mark.workers
MODES = (RunMode.AUTO, RunMode.REALTIME, RunMode.BATCH, RunMode.BACKGROUND)


def make_web(sources: int, shots: int) -> dict[str, Any]:
    """Return a production in which every shot uses every source, in four sequences of an act."""
    names = [f"prop-{n}" for n in range(sources)]
    sequences: list[dict[str, Any]] = [
        {
            "sequence_id": f"seq-{n}",
            "parent": "act",
            "shots": [f"shot-{shot}" for shot in range(n, shots, 4)],
        }
        for n in range(4)
    ]
    return {
        "assets": [{"id": name, "type": "prop"} for name in names],
        "shots": [
            {"shot_id": f"shot-{n}", "visual_prompt": {"prop_references": names}}
            for n in range(shots)
        ],
        "sequences": [*sequences, {"sequence_id": "act"}],
    }


def change_in_thread(index: int) -> int:
    """Change one source with a connection of its own; return the run's id."""
    try:
        outcome = change(f"prop-{index % 8}", mode=MODES[index % 4], take=index)
        assert outcome.run is not None
        return outcome.run.pk
    finally:
        connection.close()


def is_finished(run_id: int) -> bool:
    """Tell whether the run is over."""
    return PropagationRun.objects.filter(pk=run_id, finished_at__isnull=False).exists()


def test_overlapping_changes_in_all_lanes_end_up_to_date(workers: Workers) -> None:
    """24 changes of 8 sources, each affecting all of 205 targets, sent by four threads."""
    load(make_web(sources=8, shots=200))
    with ThreadPoolExecutor(max_workers=4) as threads:
        runs = list(threads.map(change_in_thread, range(24)))
    for run_id in runs:
        assert wait_until(partial(is_finished, run_id), run_id=run_id, timeout_s=60)
    for run in PropagationRun.objects.all():
        assert run.status == ("cancelled" if run.superseded_by_id else "success")
    assert not check_project(project=Project.objects.get()).exceptions
    for reference in AssetReference.objects.select_related("consumption"):
        head = Head.objects.get(entity=reference.source_id)
        assert reference.consumption.version_id == head.best_id
