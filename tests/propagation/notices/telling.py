"""A small film, people who watch parts of it, and the courier that tells them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Project
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch, fail_batch
from propagation.execution.cause import Cause
from propagation.models import (
    Notification,
    PropagationRun,
    RunKind,
    Subscription,
    SubscriptionMode,
    SubscriptionOrigin,
)
from propagation.notices.making import make_notices
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from tests.builders import drive, get_entity

FILM: Mapping[str, Any] = {
    "assets": [
        {"id": "hero", "type": "character"},
        {"id": "lamp", "type": "prop"},
    ],
    "shots": [
        {"shot_id": f"shot-{n}", "visual_prompt": {"character_references": [{"asset_id": "hero"}]}}
        for n in range(3)
    ],
    "sequences": [
        {"sequence_id": "seq-a", "parent": "act", "shots": ["shot-0", "shot-1"]},
        {"sequence_id": "seq-b", "shots": ["shot-2"]},
        {"sequence_id": "act"},
    ],
}
"""hero → three shots → two sequences, one of which is part of an act; nothing uses the lamp."""


def find_subject(topic: str) -> dict[str, Any]:
    """Return the columns of a subject: film, run:41 or the code of an entity."""
    if topic == "film":
        return {"project": Project.objects.get(code="film")}
    if topic.startswith("run:"):
        return {"run": PropagationRun.objects.get(pk=topic[4:])}
    return {"entity": get_entity(topic)}


def subscribe(user: User, topic: str, mode: str = SubscriptionMode.WATCH) -> None:
    """Have somebody watch or mute something."""
    Subscription.objects.update_or_create(
        user=user,
        **find_subject(topic),
        defaults={
            "mode": mode,
            "origin": SubscriptionOrigin.CHOSEN,
            "created_at": timezone.now(),
        },
    )


def edit(
    code: str = "hero",
    *,
    actor: User | None = None,
    kind: RunKind = RunKind.CHANGE,
    notify_users: bool = True,
    note: str = "",
) -> PropagationRun:
    """Change an entity to what it never was, and start the run."""
    take = PropagationRun.objects.count()
    run = propagate_change(
        change=Change(entity=get_entity(code), data={"take": take}),
        cause=Cause(kind=kind, actor=actor, notify_users=notify_users, note=note),
        at=timezone.now(),
    ).run
    assert run is not None
    return run


def tell(at: datetime | None = None) -> None:
    """Do what the courier does."""
    while make_notices(at=at or timezone.now()):
        pass


def list_told(**which: object) -> dict[str, str]:
    """Return the reason of each person who was told of something."""
    rows = Notification.objects.filter(**which).values_list("user__username", "reason")
    return dict(rows)


def run_to_end(run: PropagationRun) -> PropagationRun:
    """Do the run and tell of it."""
    drive(run)
    tell()
    return run


def run_failing(run: PropagationRun, *codes: str) -> PropagationRun:
    """Do the run, have the batches of these targets fail, and tell of it."""
    run.refresh_from_db()
    while run.is_active:
        continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
        run.refresh_from_db()
        for batch in run.batches.filter(done_at=None, step=run.step):
            if batch.items.filter(entity__code__in=codes).exists():
                fail_batch(run_id=run.pk, number=batch.number, error="no disk", at=timezone.now())
            else:
                apply_batch(run_id=run.pk, number=batch.number, at=timezone.now())
    tell()
    return run
