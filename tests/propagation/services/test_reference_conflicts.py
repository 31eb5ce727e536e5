"""Edits of references that meet another edit, a cycle, a rule, or a pin."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import AssetReference, Follow, Project, Role
from propagation.exceptions import InvalidChoiceError
from propagation.models import Conflict, PropagationRule, RunKind
from propagation.services.annotate_version import annotate_version
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references, find_edge
from propagation.services.edit_leases import start_lease
from propagation.services.pin_references import Terms, expire_pins, pin_reference
from propagation.services.resolve_conflict import Decision, Resolution, resolve_conflict
from tests.builders import chain, change, get_entity, load, make_cause, make_user
from versions.models import Annotation, Head, Pin
from versions.services.annotate import Remark

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    """Have three assets in a line, and an artist."""
    load(chain(4))
    return make_user("ana", roles={"film": Role.ARTIST})


@pytest.fixture
def sue(ana: User) -> User:
    """Return a supervisor."""
    del ana
    return make_user("sue", roles={"film": Role.SUPERVISOR})


def add(
    actor: User | None, source: str, target: str, base: int | None = None, position: int = 0
) -> Outcome:
    """Let the target use the source."""
    return change_references(
        added=[Edge(source=get_entity(source), target=get_entity(target), position=position)],
        cause=make_cause(actor, kind=RunKind.RELINK),
        at=timezone.now(),
        base_version=base,
    )


def remove(actor: User | None, source: str, target: str, base: int | None = None) -> Outcome:
    """Let the target use the source no more."""
    edge = find_edge(source=get_entity(source), target=get_entity(target), role=None, label=None)
    return change_references(
        removed=[edge],
        cause=make_cause(actor, kind=RunKind.RELINK),
        at=timezone.now(),
        base_version=base,
    )


def decide(
    conflict: Conflict,
    actor: User,
    *,
    choices: Mapping[str, Mapping[str, str]] | None = None,
    proceeds: bool = False,
) -> Resolution:
    """Resolve a conflict."""
    decision = Decision(choices=choices or {}, proceeds=proceeds)
    return resolve_conflict(pk=conflict.pk, decision=decision, actor=actor, at=timezone.now())


def test_two_people_cast_the_same_target_and_both_stay(ana: User, sue: User) -> None:
    base = Head.objects.get(entity=get_entity("a3")).best.number
    assert not add(ana, "a0", "a3", base).conflicts
    assert not add(sue, "a1", "a3", base).conflicts
    assert AssetReference.objects.filter(target__code="a3").count() == 3


def test_a_removal_clashes_with_a_change_of_the_same_use(ana: User, sue: User) -> None:
    add(ana, "a0", "a3", position=1)
    base = Head.objects.get(entity=get_entity("a3")).best.number
    add(sue, "a0", "a3", base, position=7)
    (conflict,) = remove(ana, "a0", "a3", base).open_conflicts
    (field,) = conflict.fields
    assert (field["field"], field["theirs"]["position"], "yours" in field) == (
        "uses[a0 depends_on]",
        7,
        False,
    )
    assert AssetReference.objects.get(source__code="a0", target__code="a3").position == 7
    done = decide(conflict, ana, choices={field["field"]: {"take": "yours"}})
    assert done.outcome is not None
    assert not AssetReference.objects.filter(source__code="a0", target__code="a3").exists()


def test_to_keep_theirs_writes_nothing(ana: User, sue: User) -> None:
    add(ana, "a0", "a3", position=1)
    base = Head.objects.get(entity=get_entity("a3")).best.number
    add(sue, "a0", "a3", base, position=7)
    (conflict,) = add(ana, "a0", "a3", base, position=9).open_conflicts
    number = Head.objects.get(entity=get_entity("a3")).latest.number
    decide(conflict, ana, choices={"uses[a0 depends_on]": {"take": "theirs"}})
    conflict.refresh_from_db()
    assert (conflict.status, Head.objects.get(entity=get_entity("a3")).latest.number) == (
        "resolved",
        number,
    )


def test_what_an_edit_asks_for_explicitly_never_overrides_unseen(ana: User, sue: User) -> None:
    add(ana, "a0", "a3", position=1)
    base = Head.objects.get(entity=get_entity("a3")).best.number
    add(sue, "a0", "a3", base, position=7)
    (conflict,) = add(ana, "a0", "a3", base, position=1).open_conflicts
    assert AssetReference.objects.get(source__code="a0", target__code="a3").position == 7
    with pytest.raises(InvalidChoiceError):
        decide(conflict, ana, choices={"uses[a0 depends_on]": {"take": "base"}})
    decide(conflict, ana, choices={"uses[a0 depends_on]": {"take": "yours"}})
    assert AssetReference.objects.get(source__code="a0", target__code="a3").position == 1


def test_a_use_that_came_since_is_not_removed_unseen(ana: User, sue: User) -> None:
    base = Head.objects.get(entity=get_entity("a3")).best.number
    add(sue, "a0", "a3", base)
    (conflict,) = remove(ana, "a0", "a3", base).open_conflicts
    assert AssetReference.objects.filter(source__code="a0", target__code="a3").exists()
    remove(sue, "a0", "a3")
    done = decide(conflict, ana, choices={"uses[a0 depends_on]": {"take": "yours"}})
    assert (done.conflict.status, done.outcome and done.outcome.run) == ("resolved", None)


def test_pins_end_whoever_is_editing(ana: User, sue: User) -> None:
    at = timezone.now()
    edge = find_edge(source=get_entity("a0"), target=get_entity("a1"), role=None, label=None)
    terms = Terms(expires_at=at + timedelta(minutes=1))
    pin_reference(edge=edge, terms=terms, cause=make_cause(ana, kind=RunKind.PIN), at=at)
    Project.objects.update(leases_lock=True)
    over = at + timedelta(minutes=2)
    start_lease(entity=get_entity("a1"), user=sue, fields=[], base_version=None, at=over)
    assert expire_pins(at=over) == 1
    assert not Pin.objects.exists()
    assert not Conflict.objects.exists()


def test_a_pin_that_met_a_conflict_keeps_its_terms(ana: User, sue: User) -> None:
    at = timezone.now()
    base = Head.objects.get(entity=get_entity("a1")).best.number
    edge = find_edge(source=get_entity("a0"), target=get_entity("a1"), role=None, label=None)
    add(sue, "a0", "a1", base, position=4)
    terms = Terms(reason="as shot", expires_at=at + timedelta(days=1))
    cause = make_cause(ana, kind=RunKind.PIN)
    outcome = pin_reference(edge=edge, terms=terms, cause=cause, at=at, base_version=base)
    (conflict,) = outcome.open_conflicts
    decide(conflict, sue, choices={"uses[a0 depends_on]": {"take": "yours"}})
    pin = Pin.objects.get()
    assert (pin.owner, pin.reason, pin.expires_at) == (ana, "as shot", terms.expires_at)


def test_a_cycle_is_kept_and_done_once_it_is_gone(ana: User, sue: User) -> None:
    (conflict,) = add(ana, "a3", "a1").open_conflicts
    assert (conflict.type, conflict.cause, conflict.options) == (
        "dependency_conflict",
        "cycle",
        ["wait", "withdraw"],
    )
    assert conflict.description == "This would close a cycle: a1 → a2 → a3 → a1."
    assert decide(conflict, ana).is_overtaken
    remove(sue, "a1", "a2")
    assert not decide(conflict, ana).is_overtaken
    assert AssetReference.objects.filter(source__code="a3", target__code="a1").exists()


def test_what_a_rule_keeps_for_a_person_is_relinked_by_supervisors(ana: User, sue: User) -> None:
    project = get_entity("a0").project
    PropagationRule.objects.create(
        project=project, name="wrapped", action="hold", expression="target_code == 'a3'"
    )
    (conflict,) = add(ana, "a0", "a3").open_conflicts
    assert (conflict.type, conflict.cause) == ("dependency_conflict", "rule")
    assert "wrapped" in conflict.description
    assert not add(ana, "a0", "a2").open_conflicts
    decide(conflict, sue, proceeds=True)
    assert AssetReference.objects.filter(source__code="a0", target__code="a3").exists()


def test_a_pinned_version_is_not_hidden_without_asking(ana: User, sue: User) -> None:
    edge = find_edge(source=get_entity("a0"), target=get_entity("a1"), role=None, label=None)
    pin_reference(
        edge=edge,
        terms=Terms(reason="graded"),
        cause=make_cause(ana, kind=RunKind.PIN),
        at=timezone.now(),
    )
    change("a0", colour="red")
    said = annotate_version(
        entity=get_entity("a0"),
        slot="definition",
        number=1,
        remark=Remark(is_hidden=True, note="old"),
        cause=make_cause(sue, kind=RunKind.APPROVAL),
        at=timezone.now(),
    )
    (conflict,) = said.conflicts
    assert (conflict.cause, conflict.description) == ("pinned", "a1 stay at v1 of a0.")
    assert list(conflict.affected_users.all()) == [ana]
    assert not Annotation.objects.exists()
    decide(conflict, sue, proceeds=True)
    assert Annotation.objects.get().is_hidden
    assert Pin.objects.get().version.number == 1
    assert AssetReference.objects.get(target__code="a1").follow == Follow.FROZEN
