"""manage.py benchmark: three scenarios on a throw-away database, and what follows from them."""

import argparse
import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from propagation.management.benchmark.advice import advise, choose_batch_size
from propagation.management.benchmark.database import (
    DatabaseAwayError,
    DatabaseRefusedError,
    own_environment,
)
from propagation.management.benchmark.findings import (
    BATCH_SIZES,
    STORY,
    Findings,
    Scenario,
    read_findings,
)
from propagation.management.benchmark.report import list_findings
from propagation.management.exits import Exit, refuse

ROOT = Path(__file__).resolve().parents[3]


class Command(BaseCommand):
    help = (
        "Measure planning and applying on a new database beside the configured one, which is not "
        "touched; print what was found and what follows from it. Takes about a minute. "
        "Exit 1 when the server does not answer, 2 when it refuses CREATE DATABASE, 5 when a "
        "measurement fails."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--scenarios",
            nargs="+",
            type=_read_scenario,
            default=list(STORY),
            metavar="ASSETS:DEPENDENCIES",
            help="default: 100:1000 500:5000 1000:10000",
        )
        parser.add_argument(
            "--batch-sizes", nargs="+", type=_read_number, default=list(BATCH_SIZES)
        )
        parser.add_argument("--rounds", type=_read_number, default=3, help="medians of so many")
        parser.add_argument("--json", action="store_true", help="print one document")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {
            "scenarios": [asdict(one) for one in options["scenarios"]],
            "batch_sizes": options["batch_sizes"],
            "rounds": options["rounds"],
        }
        _end_in_order()
        try:
            with own_environment() as environment:
                findings = _measure(asked, environment)
        except DatabaseRefusedError as error:
            raise refuse(str(error)) from error
        except DatabaseAwayError as error:
            raise refuse(str(error), Exit.UNAVAILABLE) from error
        advice = advise(findings)
        if options["json"]:
            document = {
                **asdict(findings),
                "batch_size": choose_batch_size(findings),
                "recommendations": advice,
            }
            self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False))
            return
        for line in (*list_findings(findings), "", "Recommendations"):
            self.stdout.write(line)
        for sentence in advice:
            self.stdout.write(f"- {sentence}")


def _measure(asked: Mapping[str, Any], environment: Mapping[str, str]) -> Findings:
    """Measure in a process of its own, whose settings name the new database."""
    command = [sys.executable, "-m", "propagation.management.benchmark", json.dumps(asked)]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        detail = "The measurement failed; what is printed above says why."
        raise refuse(detail, Exit.FAILED)
    return read_findings(json.loads(done.stdout))


def _end_in_order() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that the database is dropped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(Exit.INTERRUPTED))


def _read_scenario(text: str) -> Scenario:
    if not re.fullmatch(r"[1-9]\d{0,6}:[1-9]\d{0,6}", text):
        msg = f"{text!r} is not ASSETS:DEPENDENCIES, as 100:1000"
        raise argparse.ArgumentTypeError(msg)
    assets, dependencies = text.split(":")
    return Scenario(assets=int(assets), dependencies=int(dependencies))


def _read_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:9]) <= 1_000_000:  # noqa: PLR2004
        msg = f"{text!r} is no number from 1 to 1 000 000"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
