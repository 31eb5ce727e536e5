"""The shapes of answers about runs and changes."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity
from propagation.api.codes import write_etag
from propagation.live.wake import wait_until
from propagation.models import PropagationRun, RunStatus
from propagation.services import progress
from propagation.services.change_content import Outcome
from propagation.services.describe_conflict import describe_finding
from versions.models import DEFINITION
from versions.naming import write_version_id

_STRICT = re.compile(r"(?:^|[,;\s])handling=strict(?:$|[,;\s])")
_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])")

MAX_WAIT_S = 30
"""The longest that a request stays open to wait for something."""


def describe_run(run: PropagationRun) -> dict[str, Any]:
    """Return a run as GET /runs/{id} shows it, with what can be done about it."""
    described = progress.describe_run(run)
    url = f"/api/v1/runs/{run.pk}"
    has_before = run.sources.filter(before__isnull=False).exists()
    described["links"] = {
        "self": url,
        "items": f"{url}/items",
        **{name: f"{url}/{name}" for name in _list_ways(run, described["counts"])},
        **({"undo": f"{url}/undo"} if has_before else {}),
    }
    return described


def _list_ways(run: PropagationRun, counts: Mapping[str, int]) -> list[str]:
    """Return how the run can be steered now."""
    if run.status == RunStatus.PAUSED:
        return ["resume", "cancel", "skip"]
    if run.is_active:
        return [] if run.status == RunStatus.CANCELLING else ["pause", "cancel", "skip"]
    is_undone = bool(counts["failed"] + counts["skipped"]) and not run.superseded_by_id
    return ["retry"] if is_undone else []


def answer_change(
    *,
    entity: Entity,
    outcome: Outcome,
    slot: str = DEFINITION,
    extra: dict[str, Any] | None = None,
) -> Response:
    """Answer a change: 202 and where to look for its run, 200 when there was nothing to change."""
    number = outcome.version_numbers[entity.pk]
    body = {
        **(extra or {}),
        **describe_started(outcome),
        "version": write_version_id(entity.code, number, slot),
    }
    if outcome.conflicts:
        body["conflicts"] = [describe_finding(one) for one in outcome.conflicts]
    response = answer_started(outcome.run, body)
    response["ETag"] = write_etag(entity.code, number, slot)
    return response


def describe_started(outcome: Outcome) -> dict[str, Any]:
    """Return what every answer says of the run that a request started, if it did."""
    run = outcome.run
    return {
        "status": run.status if run else "success",
        "run_id": run.pk if run else None,
        "status_url": f"/api/v1/runs/{run.pk}" if run else None,
        "affected_entities": outcome.affected,
    }


def answer_started(run: PropagationRun | None, body: dict[str, Any]) -> Response:
    """Answer 202 and where to look for the run, or 200 without one."""
    response = Response(body, status=202 if run else 200)
    if run:
        response["Location"] = f"/api/v1/runs/{run.pk}"
        if run.is_active:
            response["Retry-After"] = "1"
    return response


def give_connection_back() -> None:
    """Let other requests use the connection while this one waits, where they share some."""
    if "pool" in connection.settings_dict["OPTIONS"]:
        connection.close()


def prefers_strict(request: Request) -> bool:
    """Tell whether the client wants a stale change refused, not merged (RFC 7240, 4.4)."""
    return _STRICT.search(request.headers.get("Prefer", "")) is not None


def wait_if_preferred(request: Request, run: PropagationRun | None) -> bool:
    """Hold the answer until the run is over, as `Prefer: wait=N` asks; whether it did."""
    wanted = _WAIT.search(request.headers.get("Prefer", ""))
    if run is None or not wanted:
        return False

    def is_over() -> bool:
        run.refresh_from_db()
        give_connection_back()
        return not run.is_active

    wait_until(is_over, run_id=run.pk, timeout_s=min(int(wanted[1]), MAX_WAIT_S))
    return True
