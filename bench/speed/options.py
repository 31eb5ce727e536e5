"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence

from bench.speed.figures import PRODUCT, RAW, STORY, TASKS

SIZES = (1_000, 5_000, 10_000, 100_000)
LARGEST = 1_000_000
SHAPES = ("star", "film", "chain")
WAYS = {"raw": RAW, "product": PRODUCT, "story": STORY, "tasks": TASKS}


def read_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; sizes ascend."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description="Measure propagation beside what is possible."
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="dependents (%(default)s)"
    )
    parser.add_argument("--full", action="store_true", help=f"{LARGEST:,} as well")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rounds", type=int, default=3, help="of raw SQL and the product")
    parser.add_argument("--slow-rounds", type=int, default=1, help="of the two slow ways")
    parser.add_argument(
        "--limit",
        type=float,
        default=60.0,
        metavar="S",
        help="the slow ways stop after so many seconds and are extrapolated (%(default)g)",
    )
    parser.add_argument(
        "--patience", type=float, default=3600.0, metavar="S", help="for one run of the product"
    )
    parser.add_argument(
        "--latency-rounds", type=int, default=20, help="changes for the latency; 0: not measured"
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="a PostgreSQL, as postgres://…/name, on which a database is made and dropped; "
        "REDIS_URL names its Redis. Without it: SQLite and a Redis of its own",
    )
    parser.add_argument("--json", metavar="FILE", help="write every sample")
    parser.add_argument("--plot", metavar="FILE.png", help="draw seconds against dependents")
    options = parser.parse_args(arguments)
    options.sizes = sorted({*options.sizes, *([LARGEST] if options.full else [])})
    return options
