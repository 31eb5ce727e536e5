"""The shapes of answers about runs and changes."""

import re
from typing import Any

from django.db.models import Sum
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Entity
from propagation.api.codes import write_etag, write_version_id
from propagation.live.wake import wait_until
from propagation.models import PropagationRun
from propagation.services.change_content import Outcome
from propagation.services.propagate_change import ChangePreview

_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])")

MAX_WAIT_S = 30
"""The longest that a request with `Prefer: wait` stays open."""


def describe_run(run: PropagationRun) -> dict[str, Any]:
    """Return a run as GET /runs/{id} shows it; two statements."""
    rows = (
        run.batches.values("lane")
        .order_by("lane")
        .annotate(
            total=Sum("size"),
            applied=Sum("applied"),
            unchanged=Sum("unchanged"),
            failed=Sum("failed"),
        )
    )
    lanes = {
        row["lane"]: {
            "total": row["total"],
            "done": row["applied"] + row["unchanged"],
            "failed": row["failed"],
            "queued": row["total"] - row["applied"] - row["unchanged"] - row["failed"],
        }
        for row in rows
    }
    counts = {key: sum(row[key] for row in rows) for key in ("applied", "unchanged", "failed")}
    processed = sum(counts.values())
    sources = run.sources.select_related("entity", "version").order_by("pk")[:1]
    first = next(iter(sources), None)
    url = f"/api/v1/runs/{run.pk}"
    return {
        "id": run.pk,
        "kind": run.kind,
        "status": run.status,
        "asset_id": first.entity.code if first else None,
        "version": write_version_id(first.entity.code, first.version.number) if first else None,
        "mode": run.mode,
        "progress": round(100 * processed / run.total, 1) if run.total else 100.0,
        "processed": processed,
        "total": run.total,
        "counts": counts,
        "lanes": lanes,
        "note": run.note,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "links": {"self": url, "items": f"{url}/items"},
    }


def answer_change(
    request: Request, *, entity: Entity, outcome: Outcome, extra: dict[str, Any] | None = None
) -> Response:
    """Answer a change: 202 and where to look for its run, 200 when there was nothing to change.

    `Prefer: wait=N` (RFC 7240) holds the answer until the run is over, at most N seconds.
    """
    number = outcome.version_numbers[entity.pk]
    waited = _wait_if_preferred(request, outcome.run)
    body = {
        **(extra or {}),
        "status": outcome.run.status if outcome.run else "success",
        "run_id": outcome.run.pk if outcome.run else None,
        "status_url": f"/api/v1/runs/{outcome.run.pk}" if outcome.run else None,
        "version": write_version_id(entity.code, number),
        "affected_entities": outcome.affected,
    }
    response = Response(body, status=202 if outcome.run else 200)
    response["ETag"] = write_etag(entity.code, number)
    if outcome.run:
        response["Location"] = body["status_url"]
        if outcome.run.is_active:
            response["Retry-After"] = "1"
    if waited:
        response["Preference-Applied"] = "wait"
    return response


def answer_preview(*, entity: Entity, found: ChangePreview) -> Response:
    """Answer a dry run: what would change, whom it affects, and the lanes it would go through."""
    plan = found.plan
    return Response(
        {
            "dry_run": True,
            "asset_id": entity.code,
            "base_version": write_version_id(entity.code, found.base_versions[entity.pk]),
            "fields": [
                {"field": one.field, "before": one.before, "after": one.after}
                for one in found.fields[entity.pk]
            ],
            "affected_entities": plan.total if plan else 0,
            "impact": {
                "affected_shots": plan.affected_shots if plan else 0,
                "affected_sequences": plan.affected_sequences if plan else 0,
                "can_be_batch_processed": bool(plan and plan.lane_counts.get("batch")),
            },
            "phases": [
                {"type": lane, "count": count}
                for lane, count in (plan.lane_counts if plan else {}).items()
            ],
        }
    )


def _wait_if_preferred(request: Request, run: PropagationRun | None) -> bool:
    wanted = _WAIT.search(request.headers.get("Prefer", ""))
    if run is None or not wanted:
        return False

    def is_over() -> bool:
        run.refresh_from_db()
        return not run.is_active

    wait_until(is_over, run_id=run.pk, timeout_s=min(int(wanted[1]), MAX_WAIT_S))
    return True
