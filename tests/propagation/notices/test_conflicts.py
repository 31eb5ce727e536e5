"""Who is told of a conflict, and of what became of it."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Role
from propagation.models import Conflict, Notification
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.services.resolve_conflict import (
    Decision,
    dismiss_conflict,
    resolve_conflict,
    withdraw_edit,
)
from tests.builders import get_entity, make_cause
from tests.propagation.notices.conftest import Hire
from tests.propagation.notices.telling import edit, list_told, run_to_end, subscribe, tell

pytestmark = pytest.mark.django_db


def clash(ana: User, ben: User) -> Conflict:
    """Have both change the same field from the same version, Ben after Ana; return his conflict."""
    run_to_end(edit(actor=ana))
    Notification.objects.all().delete()
    stale = Change(entity=get_entity("hero"), data={"take": "Ben's"}, base_version=1)
    found = propagate_change(change=stale, cause=make_cause(ben), at=timezone.now())
    (conflict,) = found.open_conflicts
    return conflict


def get_facts(user: User) -> tuple[str, str | None, bool]:
    """Return what somebody's row says of the conflict, and whether it is unread."""
    row = Notification.objects.get(user=user)
    return row.facts["status"], row.facts["closed_by"], row.read_at is None


def test_those_whose_edit_it_met_and_watchers_are_told_and_its_author_is_not(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    for name, topic in (("cid", "hero"), ("dan", "film"), ("eve", "shot-0")):
        subscribe(hire(name), topic)
    subscribe(ben, "hero")
    conflict = clash(ana, ben)
    tell()
    assert list_told(conflict=conflict) == {"ana": "conflict", "cid": "conflict"}


@pytest.mark.parametrize("muted", ["hero", "film"])
def test_a_conflict_about_what_is_muted_is_not_told(hire: Hire, muted: str) -> None:
    ana, ben = hire("ana"), hire("ben")
    subscribe(ana, muted, "mute")
    clash(ana, ben)
    tell()
    assert list_told() == {}


def test_the_author_is_told_what_somebody_else_decided(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    conflict = clash(ana, ben)
    tell()
    Notification.objects.update(read_at=timezone.now())
    decision = Decision(choices={"take": {"take": "theirs"}})
    resolve_conflict(pk=conflict.pk, decision=decision, actor=ana, at=timezone.now())
    tell()
    assert list_told(conflict=conflict) == {"ana": "conflict", "ben": "conflict"}
    assert get_facts(ben) == ("resolved", "ana", True)
    assert get_facts(ana) == ("resolved", "ana", False)


def test_the_author_is_told_that_it_was_dismissed(hire: Hire) -> None:
    ana, ben, sue = hire("ana"), hire("ben"), hire("sue", Role.SUPERVISOR)
    conflict = clash(ana, ben)
    dismiss_conflict(pk=conflict.pk, reason="wrong film", actor=sue, at=timezone.now())
    tell()
    assert list_told() == {"ben": "conflict"}, "it was over before anybody heard that it began"
    assert get_facts(ben) == ("dismissed", "sue", True)
    assert Notification.objects.get().facts["note"] == "wrong film"


def test_who_withdraws_their_own_edit_is_not_told(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    conflict = clash(ana, ben)
    tell()
    withdraw_edit(pk=conflict.pk, reason="", actor=ben, at=timezone.now())
    tell()
    assert list_told() == {"ana": "conflict"}
    assert get_facts(ana) == ("expired", "ben", True)
