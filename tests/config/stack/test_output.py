"""Lines of many parts on one terminal."""

import io
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from config.stack.output import LONGEST_LINE, LineSplitter, Printer, make_prefixes


@given(st.binary(max_size=200), st.lists(st.integers(min_value=0, max_value=200)))
def test_lines_do_not_depend_on_how_the_bytes_arrive(content: bytes, cuts: list[int]) -> None:
    splitter = LineSplitter()
    marks = [0, *sorted(cuts), len(content)]
    lines: list[str] = []
    for start, end in pairwise(marks):
        lines.extend(splitter.feed(content[start:end]))
    lines.extend(splitter.finish())
    whole = LineSplitter()
    assert lines == [*whole.feed(content), *whole.finish()]


def test_endless_line_is_cut() -> None:
    splitter = LineSplitter()
    assert [len(line) for line in splitter.feed(b"x" * (LONGEST_LINE + 1))] == [LONGEST_LINE + 1]
    assert list(splitter.finish()) == []


def test_prefixes_have_one_width() -> None:
    assert make_prefixes(("web", "background"), has_colour=False) == {
        "web": "web        | ",
        "background": "background | ",
    }


def test_colour_is_for_terminals_only() -> None:
    stream = io.StringIO()
    Printer(stream, names=("web",)).show("web", "hello")
    assert stream.getvalue() == "web | hello\n"


def test_lines_are_dropped_once_nobody_reads_them() -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    printer = Printer(Closed(), names=("web",))
    printer.show("web", "hello")
    assert printer.is_broken
