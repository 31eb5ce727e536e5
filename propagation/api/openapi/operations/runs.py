"""What people change, and the runs that follow."""

from propagation.api.changes import BatchBody, ChangeBody, RollbackBody
from propagation.api.openapi.operation import MATCH_VERSION, WORK, Operation, Page
from propagation.api.paging import PageQuery
from propagation.api.runs import ItemsQuery, RunsQuery
from propagation.api.shapes import runs as shapes
from propagation.api.steering import STEERS, SkipBody
from propagation.api.strict import DryRunQuery, NoBody
from propagation.api.undo import UndoBody

CHANGES, RUNS = "changes", "runs"
BLUE_COAT = {"description": "Updated", "visual_changes": {"wardrobe": "blue coat"}}

OPERATIONS = {
    "propagate": {
        "POST": Operation(
            tag=CHANGES,
            query=DryRunQuery,
            body=ChangeBody,
            takes=(*WORK, MATCH_VERSION),
            answers={
                200: shapes.Preview | shapes.Accepted,
                202: shapes.Accepted,
                409: shapes.Conflicted,
            },
            example={
                "change_data": BLUE_COAT,
                "propagation_mode": "realtime",
                "notify_users": True,
            },
        )
    },
    "rollback": {
        "POST": Operation(
            tag=CHANGES,
            query=DryRunQuery,
            body=RollbackBody,
            takes=(*WORK, MATCH_VERSION),
            answers={200: shapes.RollbackPreview | shapes.RolledBack, 202: shapes.RolledBack},
            example={"version_number": 5, "reason": "Reverted to original design"},
        )
    },
    "batch": {
        "POST": Operation(
            tag=CHANGES,
            query=DryRunQuery,
            body=BatchBody,
            takes=WORK,
            answers={
                200: shapes.BatchPreview | shapes.BatchStarted,
                202: shapes.BatchStarted,
                409: shapes.BatchConflicted,
            },
            example={
                "asset_changes": [
                    {"asset_id": "char-001", "changes": BLUE_COAT},
                    {"asset_id": "prop-002", "changes": {"colour": "brass"}},
                ],
                "atomic": False,
            },
        )
    },
    "plan": {"GET": Operation(tag=CHANGES, answers={200: shapes.Plan})},
    "plan-items": {
        "GET": Operation(tag=CHANGES, query=PageQuery, answers={200: Page(of=shapes.PlanItem)})
    },
    "propagation-status": {"GET": Operation(tag=RUNS, answers={200: shapes.PropagationStatus})},
    "runs": {"GET": Operation(tag=RUNS, query=RunsQuery, answers={200: Page(of=shapes.RunRow)})},
    "run": {"GET": Operation(tag=RUNS, answers={200: shapes.Run})},
    "run-items": {
        "GET": Operation(tag=RUNS, query=ItemsQuery, answers={200: Page(of=shapes.Item)})
    },
    "run-item": {"GET": Operation(tag=RUNS, answers={200: shapes.ItemWhole})},
    **{
        how: {
            "POST": Operation(
                tag=RUNS,
                body=NoBody,
                takes=WORK,
                answers={200: shapes.Run, 202: shapes.Run},
            )
        }
        for how in STEERS
    },
    "skip": {
        "POST": Operation(
            tag=RUNS,
            body=SkipBody,
            takes=WORK,
            answers={200: shapes.Skipped},
            example={"ids": ["shot-0112"]},
        )
    },
    "undo": {
        "POST": Operation(
            tag=RUNS,
            query=DryRunQuery,
            body=UndoBody,
            takes=WORK,
            answers={200: shapes.UndoPreview | shapes.UndoStarted, 202: shapes.UndoStarted},
            example={"reason": "the client prefers red", "exclude": ["shot-0112"]},
        )
    },
}
