"""Take runs back, up again, or end them."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Project, Role
from propagation.admin.intents.content import NAMED, make_cause
from propagation.admin.intents.values import Asked, Done, Intent, Order, Proposal, tell_run
from propagation.models import PropagationRun, RunKind
from propagation.services.retry_runs import preview_cancel, preview_retry, retry_runs
from propagation.services.steer_run import cancel_run
from propagation.services.undo_run import Kept, preview_undo, undo_run


def _propose_undo(asked: Asked, actor: User) -> Proposal:
    run = PropagationRun.objects.select_related("project").get(pk=asked["run"])
    cause = make_cause(RunKind.UNDO, asked, None, actor)
    found = preview_undo(run_id=run.pk, only=None, cause=cause)
    return Proposal(
        title=f"Undo run {run.pk}",
        verb="Undo",
        project=run.project,
        found=found.found,
        bases=found.bases,
        contents=found.contents,
        fields={found.codes[pk]: changes for pk, changes in found.undo.fields.items()},
        remarks=[
            *_name("Returns", found.undo.returned),
            *_name("Changed since, and kept", [_write_kept(one) for one in found.undo.kept]),
        ],
    )


def _undo(order: Order) -> Done:
    run_id: int = order.asked["run"]
    cause = make_cause(RunKind.UNDO, order.asked, order, order.actor)
    undo, outcome = undo_run(run_id=run_id, only=None, cause=cause, at=order.at)
    message = f"Run {run_id} is taken back: {len(undo.returned)} returned, {len(undo.kept)} kept."
    return tell_run(outcome.run, message)


def _propose_retry(asked: Asked, actor: User) -> Proposal:
    rows = preview_retry(run_ids=asked["runs"], actor=actor)
    remarks = ["What failed, was skipped or cancelled is taken up, and what was built on it."]
    return Proposal(
        title=f"Retry {_name_runs(asked['runs'])}",
        verb="Retry",
        project=_load_project(asked),
        rows=rows,
        remarks=remarks,
    )


def _retry(order: Order) -> Done:
    runs = retry_runs(
        run_ids=order.asked["runs"], actor=order.actor, at=order.at, shown=order.shown
    )
    return tell_run(runs[0], f"{_name_runs([run.pk for run in runs])}: taken up again.")


def _propose_cancel(asked: Asked, actor: User) -> Proposal:
    rows = preview_cancel(run_ids=asked["runs"], actor=actor)
    return Proposal(
        title=f"Cancel {_name_runs(asked['runs'])}",
        verb="Cancel the run of",
        project=_load_project(asked),
        rows=rows,
        remarks=[
            "Nothing new starts; what was done stays.",
            "What workers begin until you confirm is done to its end, so fewer may be left out.",
        ],
    )


@transaction.atomic
def _cancel(order: Order) -> Done:
    runs = [
        cancel_run(run_id=pk, actor=order.actor, at=order.at) for pk in sorted(order.asked["runs"])
    ]
    return tell_run(runs[0], ", ".join(f"Run {run.pk} is {run.status}" for run in runs) + ".")


def _load_project(asked: Asked) -> Project:
    run = PropagationRun.objects.select_related("project").get(pk=asked["runs"][0])
    return run.project


def _name_runs(ids: Sequence[int]) -> str:
    return f"run{'s' if len(ids) > 1 else ''} {', '.join(map(str, sorted(ids)))}"


def _name(what: str, names: Sequence[str]) -> list[str]:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return [f"{what}: {', '.join(names[:NAMED])}{more}."] if names else []


def _write_kept(one: Kept) -> str:
    return f"{one.code} v{one.number}" + (f" by {one.author}" if one.author else "")


UNDO = Intent(needed=Role.SUPERVISOR, propose=_propose_undo, carry_out=_undo)
RETRY = Intent(needed=Role.ARTIST, propose=_propose_retry, carry_out=_retry)
CANCEL = Intent(needed=Role.ARTIST, propose=_propose_cancel, carry_out=_cancel)
"""Artists steer their own runs, supervisors all: the service asks."""
