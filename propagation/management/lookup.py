"""From what an operator types to rows; the operator sees all projects."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity, Project
from assets.services import lookup
from propagation.exceptions import RunNotFoundError
from propagation.models import PropagationRun
from propagation.planning.shown import Shown
from propagation.services.plans import find_plan, read_shown

OPERATOR = User(is_superuser=True)
"""Who looks things up: never saved, and never the actor of a change, who is None."""
MAX_ID = 2**63 - 1


def read_count(text: str) -> int:
    """Return a number from 0 that a column can hold; argparse tells what is wrong with others."""
    if not text.isdecimal() or len(text) > len(str(MAX_ID)) or int(text) > MAX_ID:
        msg = f"{text!r} is no number from 0 to {MAX_ID}"
        raise ArgumentTypeError(msg)
    return int(text)


def find_entity(identifier: str) -> Entity:
    """Return the entity that `project:code` or a bare code names.

    EntityNotFoundError; AmbiguousCodeError, which names the candidates.
    """
    return lookup.find_entity(identifier=identifier, user=OPERATOR)


def find_ids(project: Project, identifiers: Sequence[str]) -> list[int]:
    """Return the ids of entities of one project; EntityNotFoundError for what is not in it."""
    return [one.pk for one in lookup.find_within(project, identifiers, OPERATOR)]


def find_project(code: str) -> Project:
    """Return the project of that code; ProjectNotFoundError."""
    return lookup.find_project(code=code, user=OPERATOR)


def find_run(run_id: int) -> PropagationRun:
    """Return the run with its project; RunNotFoundError."""
    run = PropagationRun.objects.filter(pk=run_id).select_related("project").first()
    if run is None:
        raise RunNotFoundError(f"There is no run {run_id}.")
    return run


def find_shown(token: str, *, at: datetime) -> Shown:
    """Return the plan of that token as a value; PlanNotFoundError."""
    return read_shown(find_plan(token=token, user=OPERATOR, at=at))
