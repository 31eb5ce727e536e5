"""Three-way merge of texts and sequences: nothing is lost, nothing invented."""

import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versions.merging.texts import merge_prose, merge_sequence

WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=8)
LINES = st.lists(st.sampled_from([f"line {letter}\n" for letter in "abcdefgh"]), max_size=6)


@given(WORDS, WORDS, WORDS)
def test_a_merged_sequence_has_what_was_added_and_not_what_was_removed(
    base: list[str], theirs: list[str], yours: list[str]
) -> None:
    merged = merge_sequence(base, theirs, yours)
    if merged is None:
        return
    was, one, other, now = (Counter(some) for some in (base, theirs, yours, merged))
    for word in {*was, *one, *other, *now}:
        added = one[word] - was[word], other[word] - was[word]
        low = was[word] + min(*added, sum(added))
        assert low <= now[word] <= was[word] + max(*added, sum(added)), word


@pytest.mark.skipif(
    shutil.which("git") is None, reason="git merge-file is not here to compare with"
)
@settings(max_examples=30)
@given(LINES, LINES, LINES)
def test_what_git_merges_by_lines_is_merged_in_the_same_way_or_left(
    tmp_path_factory: pytest.TempPathFactory, base: list[str], theirs: list[str], yours: list[str]
) -> None:
    """Two diffs may find other lines in common, so one may merge what the other leaves."""
    folder = tmp_path_factory.mktemp("merge")
    ours = merge_sequence(base, theirs, yours)
    for name, lines in (("base", base), ("theirs", theirs), ("yours", yours)):
        Path(folder, name).write_text("".join(lines))
    command = ["git", "merge-file", "-p", "--diff-algorithm=patience", "theirs", "base", "yours"]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    is_unique = all(len(set(some)) == len(some) for some in (base, theirs, yours))
    if found.returncode == 0 and ours is not None and is_unique:
        assert Counter("".join(ours).splitlines()) == Counter(found.stdout.splitlines())


@pytest.mark.parametrize(
    ("base", "theirs", "yours", "merged"),
    [
        ("a b c", "a b c d", "x a b c", "x a b c d"),
        ("one.", "zero. one.", "one. two.", "zero. one. two."),
        ("line", "line\nmore", "first\nline", "first\nline\nmore"),
        ("note", "note\nby her", "note\nby him", "note\nby her\nby him"),
        ("Old. Rest.", "Old. New. Rest.", "Older. Rest.", "Older. New. Rest."),
        ("the old red coat", "the new red coat", "the old red jacket", "the new red jacket"),
        ("One. Two.", "One.", "One. Two. Three.", "One. Three."),
        ("", "mine.", "yours.", None),
        ("the red coat", "the blue coat", "the red jacket", None),
        ("a", "b", "c", None),
        ("S. S.", "S'. S.", "S''. S.", None),
        ("", "x", "", "x"),
        ("a", "", "a", ""),
        ("tab\there", "tab\tthere", "tab\there.", None),
    ],
)
def test_prose(base: str, theirs: str, yours: str, merged: str | None) -> None:
    assert merge_prose(base, theirs, yours) == merged


@given(st.text(), st.text(), st.text())
def test_any_text_is_merged_or_left(base: str, theirs: str, yours: str) -> None:
    merged = merge_prose(base, theirs, yours)
    if theirs == base:
        assert merged == yours
    if yours in (base, theirs):
        assert merged == theirs
    if merged is not None:
        assert set(merged) <= {*base, *theirs, *yours}


def test_what_is_too_long_to_compare_is_left() -> None:
    base = ["x"] * 800
    assert merge_sequence(base, [*base, "a"], ["b", *base]) is None


@pytest.mark.parametrize(
    ("base", "theirs", "yours"),
    [
        ("at 10:30 sharp", "at 11:30 sharp", "at 10:45 sharp"),
        ("Take 3.5 metres.", "Take 4.5 metres.", "Take 3.7 metres."),
        ("don't go", "won't go", "don't stay"),
        ("A red, blue coat", "A green, blue coat", "A red, black coat"),
        ("He runs. Fast.", "He runs.", "He walks\nFast."),
    ],
)
def test_words_that_touch_are_not_put_together(base: str, theirs: str, yours: str) -> None:
    assert merge_prose(base, theirs, yours) is None
    assert merge_prose(base, yours, theirs) is None


def test_a_long_text_of_few_words_is_left_soon() -> None:
    base = ["a", "b"] * 2000
    started = time.monotonic()
    assert merge_prose(" ".join(base), " ".join(["b", *base]), " ".join([*base[:-9], "c"])) is None
    assert time.monotonic() - started < 1


def test_what_both_sides_moved_is_not_there_twice() -> None:
    assert merge_sequence([*"abcdef"], [*"cabdef"], [*"abdecf"]) is None
    base = "Gulls cry. The horn sounds twice before dawn."
    theirs = "The horn sounds twice before dawn again. Gulls cry."
    yours = "Rain falls. The horn sounds twice before dawn. Gulls cry."
    assert merge_prose(base, theirs, yours) is None
