"""What a benchmark found, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A production: so many assets, and so many dependents of the one that is changed."""

    assets: int
    dependencies: int

    def __str__(self) -> str:
        return f"{self.assets:,} assets, {self.dependencies:,} dependencies"


STORY = (
    Scenario(assets=100, dependencies=1_000),
    Scenario(assets=500, dependencies=5_000),
    Scenario(assets=1_000, dependencies=10_000),
)
"""Those of STORY-089, PerformanceOptimizer.benchmark_performance."""
BATCH_SIZES = (100, 250, 500, 1_000, 2_000)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """All targets of a scenario, applied in batches of one size; medians of some rounds.

    statements: per batch · database_share: of the time, from 0 to 1 · idle_cores: of the machine,
    meanwhile; None where it is not known.
    """

    batch_size: int
    targets: int
    planning_s: float
    applying_s: float
    statements: float
    database_share: float
    idle_cores: float | None

    @property
    def rate(self) -> float:
        """Targets applied in a second."""
        return self.targets / self.applying_s


@dataclass(frozen=True, kw_only=True)
class ScenarioFindings:
    """What was found for one scenario. first_planning_s: with the graph read from the database."""

    scenario: Scenario
    first_planning_s: float
    trials: Sequence[Trial]

    @property
    def fastest(self) -> Trial:
        """The trial with the best rate."""
        return max(self.trials, key=lambda one: one.rate)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found on one machine and database.

    rate_without_sync: targets per second without synchronous_commit, and with it beside that;
    None where there is no such setting. settings: of the database. dead_rows: left by updates,
    of how many. configured: the size of batches in the settings.
    """

    vendor: str
    cores: int
    configured: int
    scenarios: Sequence[ScenarioFindings]
    rates_by_sync: tuple[float, float] | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    dead_rows: tuple[int, int] | None = None

    @property
    def largest(self) -> ScenarioFindings:
        """The scenario with the most targets, by which settings are chosen."""
        return max(self.scenarios, key=lambda one: one.scenario.dependencies)


def read_findings(told: Mapping[str, Any]) -> Findings:
    """Return the findings that `asdict` made a document of."""
    scenarios = [
        ScenarioFindings(
            scenario=Scenario(**one["scenario"]),
            first_planning_s=one["first_planning_s"],
            trials=[Trial(**trial) for trial in one["trials"]],
        )
        for one in told["scenarios"]
    ]
    pairs = {
        name: tuple(told[name]) if told[name] else None for name in ("rates_by_sync", "dead_rows")
    }
    return Findings(**{**told, **pairs, "scenarios": scenarios})
