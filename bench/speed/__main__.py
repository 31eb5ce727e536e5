"""Measure, print the table, and write JSON and a plot."""

import argparse
import sys

SIZES = (1_000, 5_000, 10_000, 100_000)
LARGEST = 1_000_000


def main() -> int:
    """Run the benchmark; 1 when something that was written is wrong."""
    options = read_options()
    from contextlib import ExitStack  # noqa: PLC0415

    from bench.house import own_database, own_stack  # noqa: PLC0415

    with ExitStack() as house:
        house.enter_context(own_database(options.database))
        address = house.enter_context(own_stack())
        import django  # noqa: PLC0415 (after the environment is set)

        django.setup()
        from bench.speed.measuring import measure_all  # noqa: PLC0415

        return measure_all(address, options)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=None, help="dependents")
    parser.add_argument("--shapes", nargs="+", choices=["star", "film", "chain"], default=["star"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
