"""What is held waits with all that is behind it, until somebody decides or a newer change comes."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.exceptions import RoleTooLowError
from assets.models import Entity, Project, Role
from propagation.models import ItemState, PropagationItem, PropagationRule, PropagationRun
from propagation.recovery.consistency import check_project
from propagation.services.decide_holds import (
    Decision,
    HoldFilter,
    approve_holds,
    find_holds,
    reject_holds,
)
from propagation.services.edit_rules import save_rule
from tests.builders import chain, change, drive, edges_production, load, make_user
from tests.propagation.interchange.stored import count_rows
from tests.properties import tried_on
from versions.models import Head
from versions.services.entity_lock import set_entity_locks

pytestmark = pytest.mark.django_db

ALL = HoldFilter()


def get_project(code: str = "film") -> Project:
    project: Project = Project.objects.get(code=code)
    return project


def lock(*codes: str, is_locked: bool = True, project: str = "film") -> None:
    """Lock these entities, as a supervisor does."""
    ids = list(
        Entity.objects.filter(project__code=project, code__in=codes).values_list("pk", flat=True)
    )
    set_entity_locks(
        project_id=get_project(project).pk,
        entity_ids=ids,
        is_locked=is_locked,
        reason="",
        actor=None,
        at=timezone.now(),
    )


def edit(code: str, colour: str = "red") -> PropagationRun:
    """Change a colour and do the run."""
    run = change(code, colour=colour).run
    assert run is not None
    return drive(run)


def list_states(run: PropagationRun) -> dict[str, str]:
    """Return what became of each target of the run."""
    return dict(run.items.values_list("entity__code", "state"))


def decide(
    how: Callable[..., Decision], wanted: HoldFilter = ALL, note: str = "", project: str = "film"
) -> Decision:
    """Decide about holds, and do the run that follows."""
    decision = how(
        project=get_project(project), wanted=wanted, note=note, actor=None, at=timezone.now()
    )
    if decision.run is not None:
        drive(decision.run)
    return decision


def get_number(code: str, project: str = "film") -> int:
    number: int = Head.objects.get(
        entity__project__code=project, entity__code=code, slot="definition"
    ).best.number
    return number


def test_what_is_locked_is_held_and_what_is_behind_it_waits_unseen() -> None:
    load(chain(4))
    lock("a2")
    run = edit("a0")
    assert list_states(run) == {"a1": "applied", "a2": "held"}
    assert (run.total, run.kept, run.status) == (1, 1, "success")
    item = run.items.get(state="held")
    assert (item.rule, item.reason, item.batch) == ("locked-targets", "target is locked", None)
    assert not check_project(project=get_project()).exceptions


def test_what_is_reached_another_way_is_not_held_with_it() -> None:
    load(edges_production([("a", "b"), ("b", "d"), ("a", "c"), ("c", "d")]))
    lock("b")
    assert list_states(edit("a")) == {"b": "held", "c": "applied", "d": "applied"}


def test_approved_it_goes_on_with_all_that_is_behind_it() -> None:
    load(chain(4))
    lock("a2")
    held = edit("a0")
    decision = decide(approve_holds, note="fits the plate")
    assert decision.run is not None
    assert list_states(decision.run) == {"a2": "applied", "a3": "applied"}
    assert list_states(held)["a2"] == "released"
    released = decision.run.items.get(entity__code="a2")
    assert (released.rule, released.reason) == ("released", "by None: fits the plate")
    assert not check_project(project=get_project()).exceptions
    assert check_project(project=get_project()).excused == 0


def test_approving_one_is_no_way_past_the_next() -> None:
    load(chain(4))
    lock("a1", "a3")
    edit("a0")
    decision = decide(approve_holds)
    assert decision.run is not None
    assert list_states(decision.run) == {"a1": "applied", "a2": "applied", "a3": "held"}


def test_rejected_it_stays_as_it_is_until_something_changes_again() -> None:
    load(chain(3))
    lock("a1")
    run = edit("a0")
    assert decide(reject_holds, note="too late").decided == 1
    item = run.items.get()
    assert (item.state, item.error, get_number("a1")) == ("rejected", "too late", 1)
    assert not check_project(project=get_project()).exceptions
    lock("a1", is_locked=False)
    assert list_states(edit("a0", "blue")) == {"a1": "applied", "a2": "applied"}
    assert check_project(project=get_project()).excused == 0


def test_a_newer_change_replaces_what_waits() -> None:
    load(edges_production([("a", "c"), ("b", "c")]))
    lock("c")
    first, second = edit("a"), edit("b")
    assert (list_states(first)["c"], list_states(second)["c"]) == ("superseded", "held")
    decision = decide(approve_holds)
    assert decision.decided == 1
    consumed = {
        one.source.code: one.consumption.version.number
        for one in Entity.objects.get(code="c").uses.all()
    }
    assert consumed == {"a": 2, "b": 2}


def test_a_newer_change_that_may_pass_takes_the_waiting_one_along() -> None:
    load(edges_production([("a", "c"), ("b", "c")]))
    lock("c")
    first = edit("a")
    lock("c", is_locked=False)
    edit("b")
    assert list_states(first)["c"] == "superseded"
    assert not find_holds(project=get_project(), wanted=ALL).exists()
    assert check_project(project=get_project()).excused == 0


def test_only_what_is_meant_is_decided_about() -> None:
    load(edges_production([("a", "b"), ("a", "c"), ("x", "y")]))
    load(edges_production([("a", "b")]), code="other")
    lock("b", "c", "y")
    lock("b", project="other")
    first, second = edit("a"), edit("x")
    other = change("a", "other", colour="red").run
    assert other is not None
    drive(other)
    item = PropagationItem.objects.get(run=first, entity__code="b")
    foreign = PropagationItem.objects.get(run=other)
    wanted = HoldFilter(ids=[item.pk, foreign.pk])
    assert decide(approve_holds, wanted).decided == 1
    assert decide(approve_holds, HoldFilter(rule="mine")).decided == 0
    assert decide(reject_holds, HoldFilter(run_id=second.pk)).decided == 1
    assert decide(approve_holds, HoldFilter(rule="locked-targets")).decided == 1
    assert list_states(other) == {"b": "held"}


def test_deciding_about_nothing_writes_nothing() -> None:
    load(chain(2))
    edit("a0")
    rows = count_rows()
    for how in (approve_holds, reject_holds):
        assert decide(how) == Decision(decided=0)
    assert count_rows() == rows


def test_it_takes_a_supervisor() -> None:
    load(chain(2))
    lock("a1")
    edit("a0")
    artist = make_user("art", roles={"film": Role.ARTIST})
    for how in (approve_holds, reject_holds):
        with pytest.raises(RoleTooLowError):
            how(project=get_project(), wanted=ALL, note="", actor=artist, at=timezone.now())


def test_a_project_decides_otherwise_than_what_is_built_in() -> None:
    load(chain(4))
    lock("a1")
    save_rule(
        project=get_project(),
        name="locks-do-not-hold",
        values={"action": "update", "target_statuses": ["locked"], "lane": "realtime"},
        actor=None,
        at=timezone.now(),
    )
    save_rule(
        project=get_project(),
        name="not-the-last",
        values={"action": "ignore", "expression": 'target_code == "a3"', "position": 1},
        actor=None,
        at=timezone.now(),
    )
    run = edit("a0")
    assert list_states(run) == {"a1": "applied", "a2": "applied", "a3": "ignored"}
    assert run.items.filter(entity__code="a1", batch__lane="realtime").exists()
    assert not check_project(project=get_project()).exceptions


def test_a_rule_that_is_switched_off_decides_nothing() -> None:
    load(chain(2))
    rule = save_rule(
        project=get_project(), name="all", values={"action": "hold"}, actor=None, at=timezone.now()
    )
    assert list_states(edit("a0")) == {"a1": "held"}
    save_rule(
        project=get_project(),
        name="all",
        values={"is_enabled": False},
        actor=None,
        at=timezone.now(),
    )
    assert list_states(edit("a0", "blue")) == {"a1": "applied"}
    assert PropagationRule.history.filter(id=rule.pk).count() == 2


@tried_on(12)
@given(data=st.data())
def test_whatever_is_held_once_all_is_approved_all_is_up_to_date(data: st.DataObject) -> None:
    code = f"film{Project.objects.count()}"
    nodes = "abcdef"
    pairs = [(a, b) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    load(
        edges_production(data.draw(st.lists(st.sampled_from(pairs), min_size=3, unique=True))),
        code=code,
    )
    present = sorted(
        Entity.objects.filter(project__code=code, kind="asset").values_list("code", flat=True)
    )
    lock(*data.draw(st.sets(st.sampled_from(present))), project=code)
    for step in range(3):
        free = list(
            Entity.objects.filter(project__code=code, is_locked=False, kind="asset").values_list(
                "code", flat=True
            )
        )
        if not free:
            return
        run = change(data.draw(st.sampled_from(sorted(free))), code, colour=str(step)).run
        assert run is not None
        drive(run)
        assert not check_project(project=get_project(code)).exceptions
    while find_holds(project=get_project(code), wanted=ALL).exists():
        decide(approve_holds, project=code)
    check = check_project(project=get_project(code))
    assert (check.exceptions, check.excused) == ((), 0)
    held = PropagationItem.objects.filter(run__project__code=code, state=ItemState.HELD)
    assert not held.exists()
