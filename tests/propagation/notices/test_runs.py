"""Who is told of a run, and why."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Membership, Role
from propagation.models import (
    Notification,
    PropagationRule,
    PropagationRun,
    RunKind,
    RunStatus,
)
from propagation.services.change_references import Edge, change_references
from propagation.services.decide_holds import HoldFilter, approve_holds
from propagation.services.steer_run import cancel_run, retry_run
from tests.builders import drive, get_entity, make_cause, make_user
from tests.propagation.notices.conftest import Hire
from tests.propagation.notices.telling import (
    edit,
    find_subject,
    list_told,
    run_failing,
    run_to_end,
    subscribe,
    tell,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def single_batches(settings: Any) -> None:  # noqa: ANN401 (pytest-django's)
    """Have a batch per target, so that some can fail."""
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 1)


@pytest.mark.parametrize(
    ("topic", "reason", "entity"),
    [
        ("hero", "source", "hero"),
        ("shot-1", "target", "shot-1"),
        ("seq-a", "target", "seq-a"),
        ("film", "project", None),
        ("lamp", None, None),
    ],
)
def test_watchers_are_told_by_what_they_watch(
    hire: Hire, topic: str, reason: str | None, entity: str | None
) -> None:
    ana = hire("ana", Role.VIEWER)
    subscribe(ana, topic)
    run_to_end(edit())
    told = list(Notification.objects.values_list("user__username", "reason", "entity__code"))
    assert told == ([("ana", reason, entity)] if reason else [])


def test_watchers_of_a_run_are_told_of_it(hire: Hire) -> None:
    run = edit()
    subscribe(hire("ana"), f"run:{run.pk}")
    run_to_end(run)
    run_to_end(edit())
    assert list_told() == {"ana": "run"}


@pytest.mark.parametrize("topic", ["seq-a", "act"])
def test_watchers_of_a_sequence_are_told_of_its_shots(hire: Hire, topic: str) -> None:
    """Nothing that the sequence itself is made from changes, so it is no target."""
    ana = hire("ana")
    subscribe(ana, topic)
    PropagationRule.objects.create(
        project=find_subject("film")["project"],
        name="shots-alone",
        action="ignore",
        target_types=["sequence"],
    )
    run_to_end(edit())
    (row,) = Notification.objects.all()
    assert (row.reason, row.entity and row.entity.code, row.also) == ("sequence", topic, 0)
    subscribe(ana, "shot-0", "mute")
    run_to_end(edit())
    assert Notification.objects.count() == 2, "shot-1 is in it as well"
    subscribe(ana, "shot-1", "mute")
    run_to_end(edit())
    assert Notification.objects.count() == 2


def test_a_changed_shot_is_told_to_the_watchers_of_its_sequence(hire: Hire) -> None:
    subscribe(hire("ana"), "seq-a")
    subscribe(hire("ben"), "seq-b")
    run_to_end(edit("shot-0"))
    assert list_told().keys() == {"ana"}


def test_of_several_reasons_the_strongest_is_named_and_the_others_counted(hire: Hire) -> None:
    ana = hire("ana")
    for topic in ("film", "hero", "shot-0", "shot-2", "seq-a"):
        subscribe(ana, topic)
    run_to_end(edit())
    (row,) = Notification.objects.all()
    assert row.entity
    assert (row.reason, row.entity.code, row.also) == ("source", "hero", 3)


def test_whoever_started_it_is_not_told_that_it_went_well(hire: Hire) -> None:
    ana = hire("ana", Role.SUPERVISOR)
    for topic in ("film", "hero", "shot-0"):
        subscribe(ana, topic)
    run_to_end(edit(actor=ana))
    assert list_told() == {}
    run = edit(actor=ana)
    subscribe(ana, f"run:{run.pk}")
    run_to_end(run)
    assert list_told() == {"ana": "run"}


def test_whoever_started_it_is_told_that_something_failed(hire: Hire) -> None:
    run = run_failing(edit(actor=hire("ana"), note="Notes 12/3"), "shot-0")
    assert run.status == RunStatus.PARTIAL
    (row,) = Notification.objects.all()
    assert (row.user.username, row.reason) == ("ana", "started")
    shown = ("kind", "status", "source", "version", "actor", "note", "applied", "failed")
    assert [row.facts[name] for name in shown] == [
        *("change", "partial", "hero", row.facts["version"], "ana", "Notes 12/3"),
        *(row.facts["total"] - 1 - row.facts["unchanged"], 1),
    ]


@pytest.mark.parametrize(("canceller", "is_told"), [("ana", False), ("sue", True), (None, True)])
def test_whoever_started_it_is_told_when_somebody_else_cancels_it(
    hire: Hire, canceller: str | None, *, is_told: bool
) -> None:
    people = {"ana": hire("ana"), "sue": hire("sue", Role.SUPERVISOR)}
    run = edit(actor=people["ana"])
    cancel_run(run_id=run.pk, actor=people[canceller] if canceller else None, at=timezone.now())
    tell()
    assert list_told() == ({"ana": "started"} if is_told else {})


@pytest.mark.parametrize(("newer", "is_told"), [("ana", False), ("ben", True)])
def test_whoever_started_it_is_told_when_the_edit_of_somebody_else_takes_over(
    hire: Hire, newer: str, *, is_told: bool
) -> None:
    people = {"ana": hire("ana"), "ben": hire("ben")}
    run = edit(actor=people["ana"])
    run_to_end(edit(actor=people[newer]))
    drive(run)
    tell()
    assert list_told(run=run) == ({"ana": "started"} if is_told else {})


def test_supervisors_are_told_what_waits_for_them(hire: Hire) -> None:
    hire("vic", Role.VIEWER)
    sue, ann = hire("sue", Role.SUPERVISOR), hire("ann", Role.ADMIN)
    PropagationRule.objects.create(
        project=find_subject("film")["project"], name="ask", action="hold", target_types=["shot"]
    )
    subscribe(hire("ana"), "shot-0")
    subscribe(sue, "hero")
    run = run_to_end(edit())
    assert list_told() == {"sue": "approval", "ann": "approval", "ana": "target"}
    assert Notification.objects.filter(run=run, facts__held=3).count() == 3
    approve_holds(project=run.project, wanted=HoldFilter(), note="", actor=ann, at=timezone.now())
    assert PropagationRun.objects.latest("pk").kind == RunKind.RELEASE


@pytest.mark.parametrize(
    ("watched", "muted", "reason"),
    [
        (["film", "hero", "shot-0"], "film", None),
        (["film", "hero", "shot-0"], "run:{run}", None),
        (["film", "shot-0"], "hero", "target"),
        (["film"], "hero", None),
        (["film"], "shot-0", "project"),
    ],
)
def test_what_is_muted_is_no_reason(
    hire: Hire, watched: list[str], muted: str, reason: str | None
) -> None:
    ana = hire("ana")
    for topic in watched:
        subscribe(ana, topic)
    run = edit()
    subscribe(ana, muted.format(run=run.pk), "mute")
    run_to_end(run)
    assert list_told() == ({"ana": reason} if reason else {})


def test_a_muted_project_is_silent_whatever_happens(hire: Hire) -> None:
    ana = hire("ana", Role.SUPERVISOR)
    subscribe(ana, "film", "mute")
    PropagationRule.objects.create(
        project=find_subject("film")["project"], name="ask", action="hold", roles=["in_sequence"]
    )
    run = edit(actor=ana)
    subscribe(ana, f"run:{run.pk}")
    run_failing(run, "shot-0")
    assert list_told() == {}


def test_notify_users_false_is_heard_by_watchers_of_the_run_only(hire: Hire) -> None:
    run = edit(actor=hire("ana"), notify_users=False)
    for name, topic in (("ben", "hero"), ("cid", "film"), ("dan", f"run:{run.pk}")):
        subscribe(hire(name), topic)
    run_failing(run, "shot-0")
    assert list_told() == {"dan": "run"}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (RunKind.REPAIR, {"run"}),
        (RunKind.IMPORT, {"run", "project"}),
        (RunKind.UNDO, {"run", "project", "source", "target"}),
    ],
)
def test_housekeeping_is_told_to_few(hire: Hire, kind: RunKind, told: set[str]) -> None:
    run = edit(kind=kind)
    topics = {"run": f"run:{run.pk}", "project": "film", "source": "hero", "target": "shot-0"}
    for name, topic in topics.items():
        subscribe(hire(name), topic)
    run_to_end(run)
    assert list_told() == {name: name for name in told}


def test_whoever_may_not_see_the_project_any_more_is_not_told(hire: Hire) -> None:
    for name in ("ana", "gone", "idle"):
        subscribe(hire(name), "hero")
    subscribe(make_user("root", is_superuser=True), "hero")
    Membership.objects.filter(user__username="gone").delete()
    User.objects.filter(username="idle").update(is_active=False)
    run_to_end(edit())
    assert list_told() == {"ana": "source", "root": "source"}


def test_a_run_without_targets_is_told_too(hire: Hire) -> None:
    subscribe(hire("ana"), "lamp")
    run = edit("lamp")
    assert run.status == RunStatus.SUCCESS
    tell()
    assert list_told() == {"ana": "source"}


def test_an_added_reference_is_told_to_the_watchers_of_its_target(hire: Hire) -> None:
    subscribe(hire("ana"), "shot-0")
    subscribe(hire("ben"), "lamp")
    edge = Edge(source=get_entity("lamp"), target=get_entity("shot-0"), role="prop")
    run = change_references(
        added=[edge], cause=make_cause(kind=RunKind.RELINK), at=timezone.now()
    ).run
    assert run is not None
    run_to_end(run)
    assert list_told() == {"ana": "source"}


def test_a_run_that_ends_again_is_told_anew_in_the_same_row(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    subscribe(ben, "shot-0")
    run = run_failing(edit(actor=ana), "shot-0")
    assert list_told() == {"ana": "started", "ben": "target"}
    Notification.objects.update(read_at=timezone.now())
    retry_run(run_id=run.pk, actor=ana, at=timezone.now())
    tell()
    assert not Notification.objects.filter(read_at=None).exists(), "it is under way"
    run_to_end(run)
    rows = {row.user.username: row for row in Notification.objects.all()}
    assert rows["ben"].read_at is None
    assert rows["ana"].read_at is not None, "that it went well is no news to her"
    assert {row.facts["status"] for row in rows.values()} == {"success"}
    assert {row.facts["failed"] for row in rows.values()} == {0}
