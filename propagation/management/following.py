"""Follow a run until it is over, on a terminal, in a pipe, or in silence."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from propagation.execution.progress import RunProgress, read_progress
from propagation.live.wake import watch_run
from propagation.management.exits import Exit
from propagation.management.impact import write_counts
from propagation.management.lookup import find_run
from propagation.management.screen import Screen
from propagation.management.staffing import find_vacant
from propagation.models import PropagationRun, RunStatus

Show = Callable[[RunProgress], None]


def follow_run(screen: Screen, run_id: int) -> tuple[PropagationRun, Exit]:
    """Follow the run, and whichever takes it over; return the last one and what it comes to.

    CONFLICT for one that somebody cancelled. Ends before the run does when nobody works for the
    lane whose turn it is.
    """
    run = find_run(run_id)
    while True:
        run, vacant = _follow_one(screen, run)
        _say_how(screen, run)
        if vacant:
            screen.warn(f"No worker announces itself for the lane {vacant}: start one with make up")
            return run, Exit.NO_WORKERS
        if run.superseded_by_id is None:
            return run, _judge(screen, run)
        screen.say(f"run {run.superseded_by_id} took over what was left of it")
        run = find_run(run.superseded_by_id)


def _follow_one(screen: Screen, run: PropagationRun) -> tuple[PropagationRun, str | None]:
    """Return the run when it is over, or the lane in which it waits for nobody."""
    try:
        with _open_display(screen) as show:
            return _look_on(run, show)
    except KeyboardInterrupt:
        screen.warn(f"run {run.pk} goes on; follow it with: manage.py watch {run.pk}")
        raise


def _look_on(run: PropagationRun, show: Show) -> tuple[PropagationRun, str | None]:
    before: RunProgress | None = None
    for _ in watch_run(run_id=run.pk, timeout_s=math.inf):
        run = find_run(run.pk)
        progress = read_progress(run)
        show(progress)
        if not run.is_active:
            break
        vacant = find_vacant(run) if progress == before else None
        if vacant:
            return run, vacant
        before = progress
    return run, None


def _judge(screen: Screen, run: PropagationRun) -> Exit:
    failed = read_progress(run).counts["failed"]
    if failed:
        screen.warn(f"{failed} items of run {run.pk} failed; try them again: runs retry {run.pk}")
        return Exit.FAILED
    return Exit.CONFLICT if run.status == RunStatus.CANCELLED else Exit.OK


def _say_how(screen: Screen, run: PropagationRun) -> None:
    if run.is_active:
        return
    seconds = ""
    if run.finished_at and run.status != RunStatus.CANCELLED:
        seconds = f" in {(run.finished_at - run.created_at).total_seconds():.1f} s"
    screen.say(f"run {run.pk}: {run.status}, {write_counts(read_progress(run).counts)}{seconds}")


def _open_display(screen: Screen) -> AbstractContextManager[Show]:
    return _draw_bars(screen) if screen.is_terminal and not screen.is_json else _write_lines(screen)


@contextmanager
def _draw_bars(screen: Screen) -> Iterator[Show]:
    """Draw one bar per lane, which move whenever the run does."""
    columns = (
        TextColumn("  {task.description:<10}"),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[status]}"),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=screen.console) as bars:

        def show(progress: RunProgress) -> None:
            for one in progress.lanes:
                if one.lane not in tasks:
                    tasks[one.lane] = bars.add_task(one.lane, total=one.total, status="")
                bars.update(
                    tasks[one.lane],
                    total=one.total,
                    completed=one.processed,
                    status=progress.status,
                )

        yield show


@contextmanager
def _write_lines(screen: Screen) -> Iterator[Show]:
    """Write a line whenever the run moved."""
    said: list[str] = []

    def show(progress: RunProgress) -> None:
        line = (
            f"run {progress.run_id} {progress.status} {progress.processed}/{progress.total} "
            + " ".join(f"{one.lane} {one.processed}/{one.total}" for one in progress.lanes)
        ).rstrip()
        if line not in said[-1:]:
            said.append(line)
            screen.say(line)

    yield show
