"""What follows from the findings; pure. Every sentence names the number that it stands on."""

from collections.abc import Iterator

from propagation.management.benchmark.findings import Findings

AS_GOOD = 0.95
"""Rates within 5 % of the best are as good: so much the same measurement differs by itself."""
WORTHWHILE = 1.05
IDLE = 0.5
"""Cores: with less than half a one idle, another worker takes the time of those that are there."""
GROWS = 1.25
"""Cost per target of the largest scenario against the smallest, from which it is told."""
MANY_DEAD = 0.2
"""Share of rows from which on what updates left behind makes reading slower."""


def advise(found: Findings) -> list[str]:
    """Return recommendations, the most important first."""
    return [
        *_advise_batch_size(found),
        *_advise_workers(found),
        *_advise_commit(found),
        *_advise_vacuum(found),
        *_advise_growth(found),
    ]


def choose_batch_size(found: Findings) -> int:
    """Return the smallest size whose rate is within 5 % of the best.

    Small batches hold their locks for a shorter time, and tell of progress more often.
    """
    trials = found.largest.trials
    needed = AS_GOOD * found.largest.fastest.rate
    return min(one.batch_size for one in trials if one.rate >= needed)


def _advise_batch_size(found: Findings) -> Iterator[str]:
    rates = {one.batch_size: one.rate for one in found.largest.trials}
    best = found.largest.fastest
    told = f"{best.rate:,.0f} targets/s with {best.batch_size:,}, the best"
    now = rates.get(found.configured)
    if now is not None and now >= AS_GOOD * best.rate:
        yield (
            f"Keep batches of {found.configured:,} (CONTINUITY_BATCH_SIZES): {now:,.0f} targets/s, "
            f"within 5 % of {told}."
        )
        return
    chosen = choose_batch_size(found)
    had = f", {rates[chosen] / now - 1:.0%} more than with {found.configured:,}" if now else ""
    yield (
        f"Set batches to {chosen:,} (CONTINUITY_BATCH_SIZES): {rates[chosen]:,.0f} targets/s{had}; "
        f"{told}, gains less than 5 % over it."
        if chosen != best.batch_size
        else f"Set batches to {chosen:,} (CONTINUITY_BATCH_SIZES): {rates[chosen]:,.0f} "
        f"targets/s{had}."
    )


def _advise_workers(found: Findings) -> Iterator[str]:
    best = found.largest.fastest
    idle = best.idle_cores
    if idle is None:
        return
    share = f"{best.database_share:.0%} of the time is the database's"
    if idle < IDLE:
        yield (
            f"No more workers: {idle:.1f} of {found.cores} cores were idle while one worked; "
            f"{share}."
        )
    elif found.vendor == "sqlite":
        yield (
            f"PostgreSQL would help: {idle:.1f} of {found.cores} cores were idle, and SQLite has "
            f"one writer at a time, so that a second worker would wait for the first; {share}."
        )
    else:
        yield (
            f"Run {1 + round(idle)} workers of the lane `batch`: {idle:.1f} of {found.cores} cores "
            f"were idle while one worked; {share}."
        )


def _advise_commit(found: Findings) -> Iterator[str]:
    if found.rates_by_sync is None:
        return
    with_it, without = found.rates_by_sync
    gain = f"{without / with_it - 1:+.0%} ({with_it:,.0f} → {without:,.0f} targets/s)"
    if without < WORTHWHILE * with_it:
        yield f"Leave synchronous_commit on: off changes {gain}."
    else:
        yield (
            f"synchronous_commit=off for workers would change {gain}; a crash of the server then "
            "loses the batches of its last 0.6 s, which are done again."
        )


def _advise_vacuum(found: Findings) -> Iterator[str]:
    if found.settings.get("autovacuum") == "off":
        dead, rows = found.dead_rows or (0, 0)
        left = f": {dead:,} dead rows beside {rows:,} are left of this benchmark" if dead else ""
        yield (
            f"Turn autovacuum on{left}. Without it nothing clears them away, and the planner knows "
            "of new rows only what imports tell it."
        )
    elif found.dead_rows and found.dead_rows[0] > MANY_DEAD * max(found.dead_rows[1], 1):
        dead, rows = found.dead_rows
        yield (
            f"Let autovacuum come sooner to heads and consumptions: {dead:,} dead rows beside "
            f"{rows:,} are left (autovacuum_vacuum_scale_factor is 0.2 unless you set it)."
        )


def _advise_growth(found: Findings) -> Iterator[str]:
    small = min(found.scenarios, key=lambda one: one.scenario.dependencies)
    large = found.largest
    costs = {}
    for one in (small, large):
        trial = one.fastest
        costs[one.scenario.dependencies] = (trial.planning_s + trial.applying_s) / trial.targets
    first, last = costs[small.scenario.dependencies], costs[large.scenario.dependencies]
    if last > GROWS * first:
        yield (
            f"A target of {large.scenario.dependencies:,} costs {last / first:.2f} times one of "
            f"{small.scenario.dependencies:,}: look at the plans of slow statements "
            "(auto_explain), and whether tables were analysed."
        )
