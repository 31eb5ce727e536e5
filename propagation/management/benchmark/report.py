"""The tables that people read."""

from collections.abc import Iterator

from propagation.management.benchmark.findings import Findings


def list_findings(findings: Findings) -> Iterator[str]:
    """Yield the lines of the tables: one per scenario, a row per size of batches."""
    told = " ".join(f"{name}={value}" for name, value in findings.settings.items())
    yield f"{findings.vendor}, {findings.cores} cores {told}".rstrip()
    for one in findings.scenarios:
        yield ""
        yield f"{one.scenario}: first plan {one.first_planning_s:.3f} s, which reads the graph"
        yield (
            f"{'batch':>7}{'plan s':>9}{'apply s':>9}{'targets/s':>11}{'statements':>12}"
            f"{'in database':>13}{'idle cores':>12}"
        )
        for trial in one.trials:
            idle = "?" if trial.idle_cores is None else f"{trial.idle_cores:.1f}"
            yield (
                f"{trial.batch_size:>7,}{trial.planning_s:>9.3f}{trial.applying_s:>9.3f}"
                f"{trial.rate:>11,.0f}{trial.statements:>12.0f}{trial.database_share:>13.0%}"
                f"{idle:>12}"
            )
