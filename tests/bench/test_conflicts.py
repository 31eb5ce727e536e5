"""The published corpus: what the README says of it holds on seeds that nobody chose."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench.conflicts.check import find_faults
from bench.conflicts.corpus import generate_pairs
from versions.merging.merge import merge_contents

ROOT = Path(__file__).parents[2]


def test_nothing_is_dropped_or_invented_and_19_of_20_need_no_person() -> None:
    seed = random.SystemRandom().randrange(2**32)
    found = subprocess.run(
        [sys.executable, "-m", "bench.conflicts", "--seed", str(seed), "--pairs", "3000", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    told = json.loads(found.stdout)
    assert (found.returncode, told["dropped_or_invented"]) == (0, 0), (seed, found.stderr)
    assert told["resolved_without_a_person"] >= 0.95 * told["pairs"], (seed, told)
    assert told["both_changed_one_field"] > 0.1 * told["pairs"]


def test_a_seed_gives_the_same_pairs() -> None:
    assert list(generate_pairs(seed=7, count=20)) == list(generate_pairs(seed=7, count=20))
    assert list(generate_pairs(seed=7, count=20)) != list(generate_pairs(seed=8, count=20))


@pytest.mark.parametrize("side", ["base", "theirs", "yours"])
def test_the_check_finds_an_edit_that_is_missing(side: str) -> None:
    """A merge that takes one side whole is found out wherever both changed something."""
    found = sum(
        bool(find_faults(pair, getattr(pair, side)))
        for pair in generate_pairs(seed=3, count=200)
        if pair.theirs not in (pair.base, pair.yours) and pair.yours != pair.base
        if not merge_contents(base=pair.base, theirs=pair.theirs, yours=pair.yours).clashes
    )
    assert found > 150
