"""The options and the cause that `impact` and `propagate` share."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from assets.models import Entity
from propagation.execution.cause import Cause
from propagation.management.assignments import read_assignments
from propagation.management.lookup import find_entity, find_ids, find_shown, read_count
from propagation.models import RunKind, RunMode
from propagation.services.examine_changes import Change


def add_change_arguments(parser: ArgumentParser) -> None:
    """Add what says a change of one entity."""
    parser.add_argument("entity", help="its code, or project:code")
    parser.add_argument(
        "--set",
        action="append",
        required=True,
        metavar="FIELD=VALUE",
        help="JSON or else text; null removes the field; a.b=1 lies in the object a",
    )
    parser.add_argument(
        "--base",
        type=read_count,
        metavar="NUMBER",
        help="the version that the change starts from; what came since is merged with it",
    )
    parser.add_argument("--mode", choices=RunMode.values, default=RunMode.AUTO.value)
    parser.add_argument(
        "--exclude", action="extend", nargs="+", default=[], metavar="CODE", help="leave these out"
    )


def read_change(options: Mapping[str, Any]) -> Change:
    """Return the change that the options say."""
    return Change(
        entity=find_entity(options["entity"]),
        data=read_assignments(options["set"]),
        base_version=options["base"],
    )


def make_cause(entity: Entity, options: Mapping[str, Any]) -> Cause:
    """Return why and how the change goes on; a plan token names what it must come to."""
    token = options.get("plan")
    return Cause(
        kind=RunKind.CHANGE,
        actor=None,
        note=options.get("note", ""),
        mode=RunMode(options["mode"]),
        excluded=frozenset(find_ids(entity.project, options["exclude"])),
        shown=find_shown(token, at=timezone.now()) if token else None,
    )
