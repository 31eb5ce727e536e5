"""Merge a corpus and report how much of it needed no person."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field

from bench.conflicts.check import find_faults
from bench.conflicts.corpus import FIELDS, SAME_DEPARTMENT, Pair, generate_pairs
from versions.merging.merge import merge_contents


@dataclass(kw_only=True)
class Report:
    """What became of the pairs. met_in_a_field: those in which both changed one field."""

    pairs: int = 0
    met_in_a_field: int = 0
    resolved: int = 0
    faults: list[str] = field(default_factory=list)
    met_by_kind: Counter[str] = field(default_factory=Counter)
    open_by_kind: Counter[str] = field(default_factory=Counter)

    def add(self, pair: Pair) -> None:
        """Merge one pair and count it."""
        merged = merge_contents(base=pair.base, theirs=pair.theirs, yours=pair.yours)
        self.pairs += 1
        met = {
            name
            for name in FIELDS
            if _is_changed(pair.theirs, pair, name) and _is_changed(pair.yours, pair, name)
        }
        self.met_in_a_field += bool(met)
        self.met_by_kind.update(FIELDS[name] for name in met)
        clashing = {one.field.partition(".")[0].partition("[")[0] for one in merged.clashes}
        self.open_by_kind.update(FIELDS[name] for name in clashing)
        if not clashing:
            self.resolved += 1
            self.faults += find_faults(pair, merged.content)


def _is_changed(side: dict[str, object], pair: Pair, name: str) -> bool:
    return side.get(name) != pair.base.get(name)


def main() -> int:
    """Print the report; 1 when a merge dropped or invented something."""
    parser = argparse.ArgumentParser(prog="python -m bench.conflicts", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument(
        "--same-department",
        type=float,
        default=SAME_DEPARTMENT,
        help="how often both editors are of one department, 0 to 1",
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = Report()
    for pair in generate_pairs(
        seed=options.seed, count=options.pairs, same_department=options.same_department
    ):
        report.add(pair)
    if options.json:
        print(json.dumps(_describe(report), indent=2))
    else:
        _print(report)
    for fault in report.faults[:20]:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if report.faults else 0


def _describe(report: Report) -> dict[str, object]:
    return {
        "pairs": report.pairs,
        "both_changed_one_field": report.met_in_a_field,
        "resolved_without_a_person": report.resolved,
        "dropped_or_invented": len(report.faults),
        "by_kind": {
            kind: {"both_changed": met, "left_to_a_person": report.open_by_kind[kind]}
            for kind, met in sorted(report.met_by_kind.items())
        },
    }


def _print(report: Report) -> None:
    share = report.resolved / report.pairs
    of_met = 1 - (report.pairs - report.resolved) / max(report.met_in_a_field, 1)
    print(
        f"{report.pairs} pairs of edits, {report.resolved} resolved without a person: {share:.1%}"
    )
    print(
        f"{report.met_in_a_field} of them changed one field both, resolved of these: {of_met:.1%}"
    )
    print(f"{len(report.faults)} values dropped or invented")
    print(f"{'kind':<12}{'both changed':>14}{'left to a person':>18}{'by itself':>11}")
    for kind, met in sorted(report.met_by_kind.items()):
        left = report.open_by_kind[kind]
        print(f"{kind:<12}{met:>14}{left:>18}{1 - left / met:>11.1%}")


if __name__ == "__main__":
    sys.exit(main())
