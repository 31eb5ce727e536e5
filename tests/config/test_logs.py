"""Logs: what lines look like, and what never stands in them."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from structlog.contextvars import bound_contextvars

from config.logs import describe_logging
from tests.processes import ROOT, make_environment


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Have a logger `probe` that writes here, with the formatter of a test's choice."""
    yield io.StringIO()
    logging.getLogger("probe").handlers.clear()


def make_logger(stream: io.StringIO, form: str) -> logging.Logger:
    described = describe_logging(form=form, level="INFO")["formatters"][form]
    formatter = described.pop("()")(**described)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("probe")
    logger.handlers = [handler]
    logger.setLevel("INFO")
    return logger


def read_json(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_messages_become_an_event_and_fields(stream: io.StringIO) -> None:
    make_logger(stream, "json").warning("run_resent run=%s step=%s reason=%s", 7, 2, "over due")
    (line,) = read_json(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "run_resent",
        "run_id": 7,
        "step": 2,
        "reason": "over due",
        "level": "warning",
        "logger": "probe",
    }


@pytest.mark.parametrize(
    ("template", "values", "event"),
    [
        ("listening on %s", ("a socket",), "listening on a socket"),
        ("it said %%s", (), "it said %%s"),
        ("error=%(error)s", ({"error": 5},), "error=5"),
        ("half=%s of it", (1,), "half=1 of it"),
    ],
)
def test_messages_of_others_stay_as_they_are(
    stream: io.StringIO, template: str, values: tuple[Any, ...], event: str
) -> None:
    make_logger(stream, "json").warning(template, *values)
    assert read_json(stream)[0]["event"] == event


def test_an_argument_that_is_no_plain_value_is_written_as_text(stream: io.StringIO) -> None:
    make_logger(stream, "json").warning("lost error=%s", ValueError("no\nway"))
    assert read_json(stream)[0]["error"] == "no\nway"


def test_every_line_carries_what_was_bound(stream: io.StringIO) -> None:
    with bound_contextvars(request_id="r" * 8, user_id=3):
        make_logger(stream, "json").warning("plain words")
    (line,) = read_json(stream)
    assert (line["request_id"], line["user_id"]) == ("r" * 8, 3)


@pytest.mark.parametrize("form", ["json", "line"])
def test_a_traceback_says_where_and_not_with_which_values(stream: io.StringIO, form: str) -> None:
    secret = "hidden" + str(len(form))
    try:
        int(f"{len(secret)}x")
    except ValueError:
        make_logger(stream, form).exception("not_done run=%s", 1)
    text = stream.getvalue()
    assert "test_logs.py" in text
    assert "ValueError" in text
    assert secret not in text
    assert form == "line" or len(text.splitlines()) == 1


def test_a_line_for_a_terminal_is_one_without_colours(stream: io.StringIO) -> None:
    make_logger(stream, "line").warning("run_resent run=%s reason=%s", 7, "over due")
    text = stream.getvalue()
    assert "run_resent" in text
    assert "run_id=7" in text
    assert "\x1b" not in text


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT is 'xml'; it is one of line, json"):
        describe_logging(form="xml", level="INFO")


def test_a_process_writes_json_whoever_logs() -> None:
    script = (
        "import django, logging, warnings, structlog; django.setup();"
        "logging.getLogger('somebody').warning('once %s', 'more');"
        "structlog.get_logger('ours').info('told', run_id=4);"
        "warnings.warn('soon over', FutureWarning)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**make_environment(), "LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["somebody", "ours", "py.warnings"]
    assert (lines[0]["event"], lines[1]["run_id"]) == ("once more", 4)
