"""Load each graph, measure each way of writing side by side, verify what each left behind."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from io import StringIO
from types import MappingProxyType
from typing import Any

import httpx
from django.core.management import call_command
from django.utils import timezone

from bench.speed.figures import LEAN, PRODUCT, RAW, REQUEST, STORY, TASKS, WORK, Sample
from bench.speed.graphs import LONGEST_CHAIN, SHAPES, make_star
from bench.speed.latency import SHOTS, LatencySample, listen_to_changes
from bench.speed.per_task import propagate_by_tasks, task_workers
from bench.speed.product import change_over_rest, find_code, second_worker, settle
from bench.speed.raw import store_targets, write_raw
from bench.speed.slow import SlowSample, check_slow
from bench.speed.story import propagate_as_in_the_story
from bench.speed.taking import publish_source
from bench.speed.verify import verify_run
from propagation.management.benchmark.loading import Film, load_film, refresh


@dataclass(frozen=True, kw_only=True)
class House:
    """The stack that is measured. parts: its processes, by name."""

    address: str
    token: str
    api: httpx.Client
    parts: dict[str, int]


def open_house(held: ExitStack, address: str) -> House:
    """Start what the stack lacks, and sign in."""
    output = StringIO()
    call_command("token", "bench", "--superuser", stdout=output)
    token = output.getvalue().splitlines()[-1]
    headers = {"Authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=None)  # noqa: S113
    return House(
        address=address,
        token=token,
        api=held.enter_context(client),
        parts=held.enter_context(second_worker()),
    )


def measure_latency(house: House, rounds: int) -> list[LatencySample]:
    """Return how soon somebody hears of the first target, on an idle system."""
    if not rounds:
        return []
    film = load_film(code="latency", nodes=make_star(SHOTS), at=timezone.now())
    listening = listen_to_changes(
        address=house.address, token=house.token, film=film, code=find_code(film), rounds=rounds
    )
    return asyncio.run(listening)


def measure_graphs(house: House, options: Any) -> Iterator[Sample]:  # noqa: ANN401 (of argparse)
    """Yield the samples of all graphs, small ones first."""
    for size in options.sizes:
        for shape in options.shapes:
            if shape == "chain" and size > LONGEST_CHAIN:
                _say(f"chain {size:,}: left out, the longest is {LONGEST_CHAIN:,}")
                continue
            begun = time.perf_counter()
            code = f"{shape}-{size}"
            film = load_film(code=code, nodes=SHAPES[shape](size), at=timezone.now())
            seconds = time.perf_counter() - begun
            _say(f"{shape} {size:,}: {film.reach.inputs:,} inputs, loaded in {seconds:.1f} s")
            for sample in measure_film(house, film, options):
                told = f"{sample.way}: {sample.seconds:.3f} s"
                if sample.way not in (REQUEST, WORK):
                    _say(f"  {told}{' (extrapolated)' if sample.is_extrapolated else ''}")
                yield replace(sample, shape=shape, size=size)


def measure_film(house: House, film: Film, options: Any) -> Iterator[Sample]:  # noqa: ANN401
    """Yield the samples of one graph; WrongResultError for what left something else behind."""
    ways: list[str] = options.ways
    store_targets(film)
    for round_ in range(options.rounds):
        if "raw" in ways:
            yield _measure_raw(film, round_, has_items=True)
            yield _measure_raw(film, round_, has_items=False)
        if "product" in ways:
            yield from _measure_product(house, film, round_, options.patience)
    for round_ in range(options.slow_rounds):
        if "story" in ways:
            take = publish_source(film)
            refresh()
            story = propagate_as_in_the_story(take, limit_s=options.limit)
            yield _check_and_tell(film, STORY, round_, story)
        if "tasks" in ways:
            with task_workers():
                take = publish_source(film)
                refresh()
                by_tasks = propagate_by_tasks(take, limit_s=options.limit)
            yield _check_and_tell(film, TASKS, round_, by_tasks)


def _measure_raw(film: Film, round_: int, *, has_items: bool) -> Sample:
    take = publish_source(film)
    refresh()
    seconds, run_id = write_raw(take, has_items=has_items)
    verify_run(film=film, run_id=run_id, has_items=has_items)
    return _make(RAW if has_items else LEAN, round_, seconds)


def _measure_product(house: House, film: Film, round_: int, limit_s: float) -> Iterator[Sample]:
    refresh()
    sample = change_over_rest(api=house.api, film=film, parts=house.parts, limit_s=limit_s)
    if not settle(film):
        _say("  the courier is still busy with what came before")
    verify_run(film=film, run_id=sample.run_id)
    yield _make(PRODUCT, round_, sample.seconds, asdict(sample))
    yield _make(REQUEST, round_, sample.request_s)
    yield _make(WORK, round_, sample.work_s)


def _check_and_tell(film: Film, way: str, round_: int, sample: SlowSample) -> Sample:
    check_slow(film, sample)
    told = {"measured_s": sample.measured_s, "done": sample.done}
    return _make(way, round_, sample.seconds, told, is_extrapolated=sample.is_extrapolated)


def _make(
    way: str,
    round_: int,
    seconds: float,
    details: Mapping[str, Any] = MappingProxyType({}),
    *,
    is_extrapolated: bool = False,
) -> Sample:
    return Sample(
        shape="",
        size=0,
        way=way,
        round=round_,
        seconds=seconds,
        is_extrapolated=is_extrapolated,
        details=dict(details),
    )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
