"""Rules, holds, conflicts and jobs: where people decide."""

from propagation.api.conflicts import ConflictsQuery, ReasonBody, ResolutionBody
from propagation.api.holds import DecisionBody, HoldsQuery
from propagation.api.jobs import ResultBody
from propagation.api.openapi.operation import MATCH, PREFER, WORK, Operation, Page
from propagation.api.paging import PageQuery
from propagation.api.rules import RuleBody, SimulateBody
from propagation.api.shapes import runs as shapes

RULES, HOLDS, CONFLICTS, JOBS = "rules", "holds", "conflicts", "jobs"
DECISION = {
    "POST": Operation(
        tag=HOLDS,
        body=DecisionBody,
        takes=WORK,
        answers={200: shapes.Decided, 202: shapes.Decided},
        example={"rule": "locked-targets", "note": "the grade is not final after all"},
    )
}
LEFT_OUT = {
    "POST": Operation(
        tag=CONFLICTS,
        body=ReasonBody,
        takes=WORK,
        answers={200: shapes.Conflict},
        example={"reason": "no longer needed"},
    )
}

OPERATIONS = {
    "rules": {"GET": Operation(tag=RULES, answers={200: shapes.Rules})},
    "rule": {
        "GET": Operation(tag=RULES, answers={200: shapes.Rule}),
        "PUT": Operation(
            tag=RULES,
            body=RuleBody,
            takes=(MATCH,),
            answers={200: shapes.Rule, 201: shapes.Rule},
            example={"action": "hold", "target_types": ["shot"], "fields": ["wardrobe"]},
        ),
        "DELETE": Operation(tag=RULES, takes=(MATCH,), answers={204: None}),
    },
    "simulate": {
        "POST": Operation(
            tag=RULES,
            body=SimulateBody,
            answers={200: shapes.Simulated},
            example={"asset_id": "char-001", "change_data": {"wardrobe": "blue coat"}},
        )
    },
    "holds": {"GET": Operation(tag=HOLDS, query=HoldsQuery, answers={200: Page(of=shapes.Hold)})},
    "approve-holds": DECISION,
    "reject-holds": DECISION,
    "conflicts": {
        "GET": Operation(
            tag=CONFLICTS, query=ConflictsQuery, answers={200: Page(of=shapes.Conflict)}
        )
    },
    "conflict": {"GET": Operation(tag=CONFLICTS, answers={200: shapes.Conflict})},
    "resolution": {
        "PUT": Operation(
            tag=CONFLICTS,
            body=ResolutionBody,
            takes=(PREFER,),
            answers={
                200: shapes.Resolved | shapes.StillOpen,
                202: shapes.Resolved,
                409: shapes.Conflicted,
            },
            example={"choices": {"wardrobe": "yours", "hair": {"value": "short"}}},
        )
    },
    "dismiss-conflict": LEFT_OUT,
    "withdraw-edit": LEFT_OUT,
    "jobs": {"GET": Operation(tag=JOBS, query=PageQuery, answers={200: Page(of=shapes.Job)})},
    "job": {
        "POST": Operation(
            tag=JOBS,
            body=ResultBody,
            takes=WORK,
            answers={200: shapes.JobDone},
            example={"content": {"prompt": "Mara in a blue coat on the ferry"}},
        )
    },
}
