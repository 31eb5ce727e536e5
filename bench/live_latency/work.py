"""What happens while the latency is measured: a film whose assets change, and marked events."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event, Thread

import httpx
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from assets.models import Project
from propagation.live.events import News, record_events

FILM = "latency"
SHOTS = {"batch": 10_000, "realtime": 2_000, "background": 2_000}
"""Shots of the asset that is changed through each lane."""
WATCHED = "watched"
MARKED = "latency_mark"


def make_film() -> None:
    """Import the film."""
    assets = [{"id": lane, "type": "character", "name": lane} for lane in SHOTS]
    assets.append({"id": WATCHED, "type": "prop", "name": "watched"})
    shots = [
        {
            "shot_id": f"{lane}-{number:05}",
            "visual_prompt": {"character_references": [{"asset_id": lane}]},
        }
        for lane, count in SHOTS.items()
        for number in range(count)
    ]
    path = Path(os.environ["CONTINUITY_HOME"]) / "film.json"
    path.write_text(json.dumps({"assets": assets, "shots": shots}))
    call_command("import_project", str(path), project=FILM, verbosity=0)


class Load:
    """Changes one asset per lane, each again as soon as its run is over."""

    def __init__(self, *, base_url: str, headers: Mapping[str, str], lanes: Sequence[str]) -> None:
        self._done: list[int] = []
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=60)
        self._is_over = Event()
        self._threads = [Thread(target=self._change, args=[lane]) for lane in lanes]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> int:
        """End when the runs under way are over; return the targets of those that ended before."""
        done = sum(self._done)
        self._is_over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        return done

    def _change(self, lane: str) -> None:
        take = 0
        while not self._is_over.is_set():
            take += 1
            body = {"change_data": {"take": take}, "propagation_mode": lane}
            path = f"/assets/{FILM}:{lane}/propagate"
            answer = self._client.post(path, json=body, headers={"Prefer": "wait=30"})
            answer.raise_for_status()
            self._done.append(SHOTS[lane])


def commit_marks(*, count: int, every_s: float) -> list[float]:
    """Commit marked events; return when each commit began, by the clock of the machine."""
    project = Project.objects.get(code=FILM)
    begun = []
    for number in range(count):
        with transaction.atomic():
            news = [News(type=MARKED, payload={"asset_id": WATCHED, "mark": number})]
            record_events(project_id=project.pk, news=news, at=timezone.now())
            begun.append(time.monotonic())
        Event().wait(every_s)
    connection.close()
    return begun


def find_quantiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the longest, in milliseconds."""
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        name: round(ranked[min(int(share * len(ranked)), len(ranked) - 1)] * 1000, 1)
        for name, share in at.items()
    }
