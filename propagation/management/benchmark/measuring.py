"""Plan and apply the scenarios in this process, on the database of this process.

For the throw-away database of `manage.py benchmark` only. Batches are done by the function that
workers run; no broker is needed, and none is told of anything.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from assets.models import Entity
from propagation.execution.advance import continue_run
from propagation.execution.cause import Cause
from propagation.execution.ready import select_ready
from propagation.management.benchmark.findings import Findings, Scenario, ScenarioFindings, Trial
from propagation.management.benchmark.graphs import make_scenario
from propagation.management.benchmark.loading import Film, load_film, refresh
from propagation.models import PropagationRun, RunKind, RunMode, RunStatus
from propagation.planning.sizing import BOUNDS
from propagation.recovery.consistency import check_project
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.tasks import apply_batch
from versions.models import Consumption, Head

LANE = "batch"
JIFFIES_PER_S = os.sysconf("SC_CLK_TCK")


class WrongResultError(Exception):
    """A run of the benchmark did not bring all of its targets up to date."""


@dataclass
class Clock:
    """Statements that were sent, and the seconds that they and commits took."""

    statements: int = 0
    seconds: float = 0.0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        """Execute a statement and count it (see Django's `execute_wrapper`)."""
        self.statements += 1
        return self.time(lambda: execute(*arguments))

    def time(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401 (what it returns)
        """Do something that the database does."""
        begun = time.perf_counter()
        try:
            return act()
        finally:
            self.seconds += time.perf_counter() - begun


def measure_scenarios(
    *, scenarios: Sequence[Scenario], batch_sizes: Sequence[int], rounds: int
) -> Findings:
    """Return what was found; WrongResultError when a run left something undone."""
    configured = settings.BATCH_SIZES.get(LANE, BOUNDS[LANE].usual)
    sizes = sorted({*batch_sizes, configured})
    found: list[ScenarioFindings] = []
    for number, scenario in enumerate(scenarios):
        film = load_film(
            code=f"scenario-{number}",
            nodes=make_scenario(assets=scenario.assets, dependencies=scenario.dependencies),
            at=timezone.now(),
        )
        found.append(_measure_scenario(film, scenario, sizes, rounds))
    findings = Findings(
        vendor=connection.vendor,
        cores=os.cpu_count() or 1,
        configured=configured,
        scenarios=found,
        settings=_read_settings(),
        dead_rows=_count_dead_rows(),
    )
    # With the film of the last scenario, whose rows are those that the database knows best.
    rates = _compare_commits(film, findings.largest.fastest.batch_size, rounds)
    return replace(findings, rates_by_sync=rates)


def _measure_scenario(
    film: Film, scenario: Scenario, sizes: Sequence[int], rounds: int
) -> ScenarioFindings:
    first = _measure(film, sizes[0])
    by_size: dict[int, list[Trial]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size, trials in by_size.items():
            refresh()
            trials.append(_measure(film, size))
    return ScenarioFindings(
        scenario=scenario,
        first_planning_s=first.planning_s,
        trials=[_take_median(trials) for trials in by_size.values()],
    )


def _take_median(trials: Sequence[Trial]) -> Trial:
    idle = [one.idle_cores for one in trials if one.idle_cores is not None]
    return replace(
        trials[0],
        planning_s=median(one.planning_s for one in trials),
        applying_s=median(one.applying_s for one in trials),
        database_share=median(one.database_share for one in trials),
        idle_cores=median(idle) if idle else None,
    )


def _measure(film: Film, batch_size: int) -> Trial:
    """Change the first asset, and apply the run's batches one after the other."""
    settings.BATCH_SIZES = {**settings.BATCH_SIZES, LANE: batch_size}
    begun = time.perf_counter()
    run = _change(film)
    planned = time.perf_counter()
    clock = Clock()
    applying = processor = 0.0
    batches = 0
    idle_before = _read_idle_s()
    for number in _list_ready(run):
        batches += 1
        started, processor_started = time.perf_counter(), time.process_time()
        with _clocked(clock):
            apply_batch(run.pk, number)
        applying += time.perf_counter() - started
        processor += time.process_time() - processor_started
    idle = _read_idle_s() - idle_before
    elapsed = time.perf_counter() - planned
    _check(film, run)
    # A server's work is what this process waits for; SQLite works in this process.
    waiting = clock.seconds if connection.vendor == "sqlite" else applying - processor
    return Trial(
        batch_size=batch_size,
        targets=run.total,
        planning_s=planned - begun,
        applying_s=applying,
        statements=clock.statements / batches,
        database_share=waiting / applying,
        idle_cores=idle / elapsed if idle_before else None,
    )


def _change(film: Film) -> PropagationRun:
    entity = Entity.objects.select_related("project").get(pk=film.first_id)
    outcome = propagate_change(
        change=Change(entity=entity, data={"description": f"changed at {time.time_ns()}"}),
        cause=Cause(kind=RunKind.CHANGE, actor=None, mode=RunMode.BATCH, note=""),
        at=timezone.now(),
    )
    if outcome.run is None:
        raise WrongResultError("the change started no run")
    return outcome.run


def _list_ready(run: PropagationRun) -> Iterator[int]:
    """Yield the numbers of batches that can be done, going from step to step, until the end."""
    run.refresh_from_db()
    while run.is_active:
        generation = run.generation
        continue_run(run_id=run.pk, generation=generation, at=timezone.now())
        run.refresh_from_db()
        ready = select_ready(run.batches.filter(done_at=None, step=run.step))
        numbers = list(ready.order_by("number").values_list("number", flat=True))
        if run.is_active and not numbers and run.generation == generation:
            raise WrongResultError(f"run {run.pk} is {run.status}, and does not go on")
        yield from numbers


def _check(film: Film, run: PropagationRun) -> None:
    run.refresh_from_db()
    applied = run.items.filter(state="applied", version__run_id=run.pk).count()
    check = check_project(project=run.project)
    left = len(check.exceptions) + check.excused
    if (run.status, applied, left) != (RunStatus.SUCCESS, film.reach.targets, 0):
        raise WrongResultError(
            f"run {run.pk} ended as {run.status}, with {applied} of {film.reach.targets} targets "
            f"applied and {left} references outdated"
        )


@contextmanager
def _clocked(clock: Clock) -> Iterator[None]:
    """Count statements and time commits, which Django sends without `execute`."""
    commit = connection.commit
    wrapped: Any = connection  # an attribute of this object goes before the class's method
    wrapped.commit = lambda: clock.time(commit)
    try:
        with connection.execute_wrapper(clock):
            yield
    finally:
        del wrapped.commit


def _compare_commits(film: Film, batch_size: int, rounds: int) -> tuple[float, float] | None:
    """Return the rates with synchronous_commit on and off, in turns; only PostgreSQL has it."""
    if connection.vendor != "postgresql":
        return None
    rates: dict[str, list[float]] = {"on": [], "off": []}
    for _ in range(max(rounds, 2)):
        for setting, found in rates.items():
            refresh()
            with connection.cursor() as cursor:
                cursor.execute(f"SET synchronous_commit = {setting}")
            found.append(_measure(film, batch_size).rate)
    return median(rates["on"]), median(rates["off"])


def _read_settings() -> dict[str, str]:
    if connection.vendor != "postgresql":
        return {}
    names = ["server_version", "synchronous_commit", "fsync", "autovacuum", "shared_buffers"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [names]
        )
        return dict(cursor.fetchall())


def _count_dead_rows() -> tuple[int, int] | None:
    """Return the dead and the living rows of the tables that runs update, as far as is known."""
    if connection.vendor != "postgresql":
        return None
    tables = [one._meta.db_table for one in (Head, Consumption)]  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT coalesce(sum(n_dead_tup), 0)::bigint, coalesce(sum(n_live_tup), 0)::bigint "
            "FROM pg_stat_user_tables WHERE relname = ANY(%s)",
            [tables],
        )
        dead, living = cursor.fetchone()
    return int(dead), int(living)


def _read_idle_s() -> float:
    """Return the seconds that all cores have been idle since the start; 0 where it is not told."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return int(fields[4]) / JIFFIES_PER_S
