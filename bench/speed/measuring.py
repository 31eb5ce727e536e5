"""Load each graph, measure each way of writing, verify what it left behind."""

import time
from typing import Any
from io import StringIO

import httpx
from django.core.management import call_command
from django.utils import timezone

from bench.speed.graphs import SHAPES
from bench.speed.product import change_over_rest, second_worker, settle
from bench.speed.raw import store_targets, write_raw
from bench.speed.taking import publish_source
from bench.speed.verify import verify_run
from propagation.management.benchmark.loading import load_film, refresh


def measure_all(address: str, options: Any) -> int:
    out = StringIO()
    call_command("token", "bench", "--superuser", stdout=out)
    headers = {"Authorization": f"Bearer {out.getvalue().splitlines()[-1]}"}
    with (
        second_worker() as parts,
        httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=3600) as api,
    ):
        for size in options.sizes or [1000]:
            for shape in options.shapes:
                begun = time.perf_counter()
                film = load_film(
                    code=f"{shape}-{size}", nodes=SHAPES[shape](size), at=timezone.now()
                )
                print(
                    shape,
                    size,
                    "loaded",
                    time.perf_counter() - begun,
                    film.reach.targets,
                    film.reach.inputs,
                )
                store_targets(film)
                for _ in range(options.rounds):
                    for has_items in (True, False):
                        take = publish_source(film)
                        refresh()
                        seconds, run_id = write_raw(take, has_items=has_items)
                        verify_run(film=film, run_id=run_id, has_items=has_items)
                        print("raw", has_items, seconds)
                    refresh()
                    sample = change_over_rest(api=api, film=film, parts=parts, limit_s=3600)
                    settle(film)
                    verify_run(film=film, run_id=sample.run_id)
                    print(sample)
    return 0
