"""Measure, print the tables, and write JSON and a plot."""

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.house import own_database, own_stack
from bench.speed.figures import Sample, make_rows
from bench.speed.options import read_options
from bench.speed.plot import draw
from bench.speed.report import write_tables

if TYPE_CHECKING:
    from bench.speed.latency import LatencySample


def main() -> int:
    """Run the benchmark; 1 when something that was written is wrong."""
    options = read_options()
    with ExitStack() as house:
        house.enter_context(own_database(options.database))
        address = house.enter_context(own_stack())
        return run(address, options)


def run(address: str, options: Any) -> int:  # noqa: ANN401 (of argparse)
    """Measure everything; what was found until then is kept when something fails."""
    import django  # noqa: PLC0415 (after the environment is set)

    django.setup()
    from bench.speed.machine import describe_machine  # noqa: PLC0415
    from bench.speed.measuring import measure_graphs, measure_latency, open_house  # noqa: PLC0415
    from bench.speed.verify import WrongResultError  # noqa: PLC0415

    samples: list[Sample] = []
    found: dict[str, Any] = {"machine": describe_machine(), "options": vars(options) | HIDDEN}
    found["workers"] = {"product": 2, "task per target": 2}
    with ExitStack() as held:
        house = open_house(held, address)
        latency = measure_latency(house, options.latency_rounds)
        found["latency"] = [asdict(one) for one in latency]
        try:
            for sample in measure_graphs(house, options):
                samples.append(sample)
                write_json(options.json, found, samples)
        except WrongResultError as error:
            sys.stderr.write(f"WRONG: {error}\n")
            return 1
    rows = make_rows(samples)
    print(f"\n{write_tables(rows, samples)}\n{tell_latency(latency)}")
    if options.plot and (problem := draw(rows, options.plot)):
        print(problem)
    return 0


HIDDEN = {"database": None}
"""Options that are not written: the address of a database may hold a password."""


def write_json(path: str | None, found: dict[str, Any], samples: list[Sample]) -> None:
    """Write what is known so far."""
    if path is None:
        return
    rows = [asdict(row) for row in make_rows(samples)]
    document = {**found, "rows": rows, "samples": [asdict(one) for one in samples]}
    Path(path).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def tell_latency(latency: "list[LatencySample]") -> str:
    """Return the medians, as a sentence."""
    if not latency:
        return ""
    asked = median(one.from_request_s for one in latency) * 1000
    answered = median(one.from_answer_s for one in latency) * 1000
    return (
        f"\nA client hears of the first target of a small run {asked:.0f} ms after the change was "
        f"sent, {answered:.0f} ms after its answer (idle, median of {len(latency)})."
    )


if __name__ == "__main__":
    sys.exit(main())
