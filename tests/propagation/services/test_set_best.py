"""Whatever people choose, approve, change, link and take back: what follows is up to date."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assets.exceptions import RoleTooLowError
from assets.models import AssetReference, Entity, Follow, Project, Role
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch
from propagation.models import Event, PropagationRun, RunKind
from propagation.models.run import ACTIVE_STATUSES
from propagation.recovery.consistency import check_project
from propagation.services.annotate_version import annotate_version
from propagation.services.change_content import Outcome
from propagation.services.change_references import Edge, change_references
from propagation.services.decide_holds import HoldFilter, approve_holds, find_holds
from propagation.services.roll_back import roll_back
from propagation.services.set_best import preview_best, set_best
from tests.builders import (
    change,
    choose_best,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_media,
    make_user,
    star,
)
from tests.propagation.interchange.stored import count_rows, count_versions, read_content
from tests.properties import driven
from tests.staging import once
from versions.exceptions import (
    EntityLockedError,
    SlotNotFoundError,
    VersionMovedError,
    VersionNotFoundError,
)
from versions.models import BestChoice, Consumption, Head, Status, Version
from versions.services.annotate import Remark
from versions.services.as_of import find_definitions_at
from versions.services.registry import get_all_best
from versions.services.resolve import load_uses
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db
CODES = "abcd"
PAIRS = [(a, b) for index, a in enumerate(CODES) for b in CODES[index + 1 :]]


def finish(outcome: Outcome) -> Outcome:
    """Do the outcome's run, if there is one."""
    if outcome.run is not None:
        drive(outcome.run)
    return outcome


class Production(RuleBasedStateMachine):
    """People and workers at four props, in one transaction that is rolled back at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        load(edges_production([("a", "b"), ("b", "c"), ("a", "d"), ("c", "d")]))
        for follow, source, target in (
            (Follow.LATEST, "a", "b"),
            (Follow.LATEST_APPROVED, "a", "d"),
            (Follow.FROZEN, "c", "d"),
        ):
            AssetReference.objects.filter(source__code=source, target__code=target).update(
                follow=follow
            )
        self.project = Project.objects.get()
        self.checksums: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        """Let the workers finish and what is held go on, check all, and forget everything."""
        try:
            self.settle()
            while find_holds(project=self.project, wanted=HoldFilter()).exists():
                approve_holds(
                    project=self.project,
                    wanted=HoldFilter(),
                    note="",
                    actor=None,
                    at=timezone.now(),
                )
                self.finish_runs()
            found = check_project(project=self.project)
            assert (found.exceptions, found.excused) == ((), 0)
            self.check_looks()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def settle(self) -> None:
        """Let all that was begun come to its end."""
        self.finish_runs()

    def check_looks(self) -> None:
        """Check that history is whole, and that all ways to ask for the best answer the same."""
        assert not list(verify_history(project=self.project, done=Verification()))
        ids = list(Entity.objects.values_list("pk", flat=True))
        best = {head.entity_id: head.best_id for head in Head.objects.all()}
        found = get_all_best(entity_ids=ids)
        assert {pk: slots["definition"].version.id for pk, slots in found.items()} == best
        then = find_definitions_at(entity_ids=ids, at=timezone.now())
        assert {pk: one.version_id for pk, one in then.items()} == best

    @rule(code=st.sampled_from(CODES), value=st.integers(0, 2))
    def change(self, code: str, value: int) -> None:
        """Change the content, perhaps to what it was before."""
        change(code, value=value)

    @rule(code=st.sampled_from(CODES), which=st.integers(0, 9))
    def set_best(self, code: str, which: int) -> None:
        """Choose a version as the best."""
        number = self.pick(code, which)
        content = Version.objects.get(entity__code=code, number=number).content.data
        choose_best(code, number)
        assert read_content(code) == content

    @rule(
        code=st.sampled_from(CODES),
        which=st.integers(0, 9),
        status=st.sampled_from([Status.APPROVED, Status.APPROVED, Status.REJECTED, Status.DRAFT]),
    )
    def approve(self, code: str, which: int, status: Status) -> None:
        """Approve a version, or take the approval back."""
        annotate_version(
            entity=get_entity(code),
            slot="definition",
            number=self.pick(code, which),
            remark=Remark(status=status),
            cause=make_cause(kind=RunKind.APPROVAL),
            at=timezone.now(),
        )

    @rule(
        pair=st.sampled_from(PAIRS),
        follow=st.none() | st.sampled_from(list(Follow)),
        position=st.integers(0, 1),
    )
    def link(self, pair: tuple[str, str], follow: Follow | None, position: int) -> None:
        """Add a reference, or have it follow something else."""
        edge = Edge(
            source=get_entity(pair[0]),
            target=get_entity(pair[1]),
            follow=follow,
            position=position,
        )
        change_references(added=[edge], cause=make_cause(kind=RunKind.RELINK), at=timezone.now())

    @rule(pair=st.sampled_from(PAIRS))
    def unlink(self, pair: tuple[str, str]) -> None:
        """Remove a reference, if there is one."""
        source, target = map(get_entity, pair)
        if AssetReference.objects.filter(source=source, target=target).exists():
            edge = Edge(source=source, target=target)
            change_references(
                removed=[edge], cause=make_cause(kind=RunKind.RELINK), at=timezone.now()
            )

    @rule(code=st.sampled_from(CODES), which=st.integers(0, 9))
    def roll_back(self, code: str, which: int) -> None:
        """Take an entity back to one of its versions."""
        number = self.pick(code, which)
        content = Version.objects.get(entity__code=code, number=number).content.data
        roll_back(
            entity=get_entity(code),
            to_version=number,
            cause=make_cause(kind=RunKind.ROLLBACK),
            at=timezone.now(),
        )
        assert read_content(code) == content

    @precondition(lambda self: self.find_runs().exists())
    @rule(is_newest=st.booleans())
    def work(self, is_newest: bool) -> None:  # noqa: FBT001 (drawn by name)
        """Do one step of one of the runs."""
        run = self.find_runs().order_by("-pk" if is_newest else "pk")[0]
        continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
        run.refresh_from_db()
        open_batches = run.batches.filter(done_at=None, step=run.step)
        for number in open_batches.values_list("number", flat=True):
            apply_batch(run_id=run.pk, number=number, at=timezone.now())

    @rule()
    def finish_runs(self) -> None:
        """Do all runs to their end, newest first."""
        while run := self.find_runs().order_by("-pk").first():
            drive(run)

    @invariant()
    def is_consistent(self) -> None:
        """Check that nothing is outdated that no run is about to bring up to date."""
        assert check_project(project=self.project).exceptions == ()

    @invariant()
    def is_made_from_what_it_consumed(self) -> None:
        """Check that best and latest were made from what the references consumed."""
        for head in Head.objects.select_related("best", "latest"):
            rows = Consumption.objects.filter(reference__target=head.entity_id)
            consumed = set(rows.values_list("reference__source_id", "version_id"))
            for version in (head.best, head.latest):
                uses = load_uses(version=version)
                assert {(use.source_id, use.version_id) for use in uses} == consumed

    @invariant()
    def is_never_rewritten(self) -> None:
        """Check that what was published stays, and that numbers go on."""
        rows = Version.objects.exclude(entity__kind="project").order_by("number")
        checksums = {
            (code, number): checksum
            for code, number, checksum in rows.values_list("entity__code", "number", "checksum")
        }
        assert self.checksums.items() <= checksums.items()
        for code, latest in count_versions().items():
            count = sum(1 for known, _ in checksums if known == code)
            assert code == "film:" or count == latest
        self.checksums = checksums

    def find_runs(self) -> Any:  # noqa: ANN401 (a query set)
        """Return the runs that are not over."""
        return PropagationRun.objects.filter(status__in=ACTIVE_STATUSES)

    def pick(self, code: str, which: int) -> int:
        """Return the number of one of an entity's versions."""
        return which % Version.objects.filter(entity__code=code).count() + 1


def test_whatever_people_do_all_that_follows_is_up_to_date() -> None:
    run_state_machine_as_test(
        Production,
        settings=driven(5),
    )


@once
def film() -> None:
    """Have a hero in its third version that two shots use, with three images."""
    load(star(2))
    for value in (1, 2):
        finish(change("hero", value=value, name=f"Hero {value}"))
    make_media("hero", count=3)


@pytest.fixture
def hero(film: None) -> Entity:
    """Have the film; return its hero."""
    return get_entity("hero")


@pytest.mark.usefixtures("hero")
def test_another_definition_is_chosen_without_a_new_version_of_it() -> None:
    outcome = finish(choose_best("hero", 1))
    head = Head.objects.get(entity__code="hero", slot="definition")
    assert (head.best.number, head.latest.number) == (1, 3)
    assert outcome.run is not None
    assert (outcome.run.kind, outcome.run.total) == ("best", 2)
    assert count_versions()["shot-00000"] == 4
    consumed = Consumption.objects.values_list("version__number", flat=True)
    assert list(consumed) == [1, 1]
    assert get_entity("hero").name == "Hero"
    assert not check_project(project=Project.objects.get()).exceptions


@pytest.mark.usefixtures("hero")
def test_after_an_older_one_was_chosen_the_next_change_starts_from_its_content() -> None:
    finish(choose_best("hero", 2))
    finish(change("hero", scar=True))
    head = Head.objects.get(entity__code="hero", slot="definition")
    assert (head.best.number, head.latest.number) == (4, 4)
    assert head.best.content.data == {
        "name": "Hero 1", "description": "as cast", "value": 1, "scar": True
    }  # fmt: skip


@pytest.mark.usefixtures("hero")
def test_what_was_made_from_something_else_comes_back_as_a_new_version() -> None:
    finish(change("shot-00000", take=1))
    finish(choose_best("shot-00000", 1))
    head = Head.objects.get(entity__code="shot-00000", slot="definition")
    assert (head.best.number, head.best.origin) == (5, "reverted")
    assert head.best.content == Version.objects.get(entity__code="shot-00000", number=1).content
    (use,) = load_uses(version=head.best)
    assert use.version_number == 3
    assert not BestChoice.objects.filter(version__entity__code="shot-00000").exists()


def test_media_are_chosen_without_a_run(hero: Entity) -> None:
    rows = count_rows()
    ana = make_user("ana", is_superuser=True)
    outcome = choose_best("hero", 3, "image", actor=ana)
    assert (outcome.run, outcome.version_numbers) == (None, {hero.pk: 3})
    assert outcome.changed == {hero.pk}
    choice = BestChoice.objects.order_by("pk").last()
    assert choice is not None
    assert (choice.version.number, choice.author) == (3, ana)
    after = count_rows()
    assert {name for name in rows if rows[name] != after[name]} == {
        "auth.User", "propagation.AuditEntry", "propagation.Event", "versions.BestChoice"
    }  # fmt: skip
    event = Event.objects.latest("pk")
    assert (event.type, event.payload["slot"], event.payload["number"]) == (
        "best_changed", "image", 3
    )  # fmt: skip


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize(("slot", "number"), [("definition", 3), ("image", 1)])
def test_choosing_what_is_best_already_writes_nothing(slot: str, number: int) -> None:
    rows = count_rows()
    outcome = choose_best("hero", number, slot)
    assert (outcome.run, outcome.changed, count_rows()) == (None, frozenset(), rows)


@pytest.mark.parametrize(
    ("slot", "number", "base", "error"),
    [
        ("definition", 9, None, VersionNotFoundError),
        ("definition", 2**40, None, VersionNotFoundError),
        ("definition", 1, 2, VersionMovedError),
        ("image", 9, None, VersionNotFoundError),
        ("image", 2, 3, VersionMovedError),
        ("missing", 1, None, SlotNotFoundError),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_nothing_is_written(
    hero: Entity, slot: str, number: int, base: int | None, error: type[Exception]
) -> None:
    rows = count_rows()
    cause = make_cause(kind=RunKind.BEST)
    with pytest.raises(error):
        set_best(
            entity=hero,
            slot=slot,
            number=number,
            cause=cause,
            at=timezone.now(),
            base_version=base,
        )
    with pytest.raises(error):
        preview_best(entity=hero, slot=slot, number=number, cause=cause, base_version=base)
    assert count_rows() == rows


@pytest.mark.usefixtures("hero")
@pytest.mark.parametrize(
    ("slot", "role", "is_allowed"),
    [
        ("definition", Role.SUPERVISOR, True),
        ("definition", Role.ARTIST, False),
        ("image", Role.ARTIST, True),
        ("image", Role.VIEWER, False),
        ("image", None, False),
    ],
)
def test_artists_choose_media_and_supervisors_definitions(
    slot: str,
    role: Role | None,
    is_allowed: bool,  # noqa: FBT001 (a case of a table)
) -> None:
    somebody = make_user("somebody", roles={"film": role} if role else {})
    rows = count_rows()
    if is_allowed:
        choose_best("hero", 2, slot, actor=somebody)
    else:
        with pytest.raises(RoleTooLowError):
            choose_best("hero", 2, slot, actor=somebody)
        assert count_rows() == rows


def test_a_locked_entity_is_refused_and_nothing_is_written(hero: Entity) -> None:
    Entity.objects.filter(pk=hero.pk).update(is_locked=True)
    rows = count_rows()
    for slot in ("definition", "image"):
        with pytest.raises(EntityLockedError):
            choose_best("hero", 2, slot)
    assert count_rows() == rows


def test_a_preview_tells_the_fields_and_the_plan_and_writes_nothing(hero: Entity) -> None:
    rows = count_rows()
    cause = make_cause(kind=RunKind.BEST)
    found = preview_best(entity=hero, slot="definition", number=2, cause=cause)
    assert [one.field for one in found.fields[hero.pk]] == ["name", "value"]
    assert found.plan is not None
    assert (found.plan.total, found.base_versions) == (2, {hero.pk: 3})
    assert preview_best(entity=hero, slot="definition", number=3, cause=cause).plan is None
    assert preview_best(entity=hero, slot="image", number=2, cause=cause).plan is None
    assert count_rows() == rows


def test_choosing_closes_no_cycle() -> None:
    """An older definition brings back its content, never its references."""
    load(edges_production([("a", "b")]))
    edge = Edge(source=get_entity("a"), target=get_entity("b"))
    back = Edge(source=edge.target, target=edge.source)
    finish(change_references(removed=[edge], cause=make_cause(), at=timezone.now()))
    finish(change_references(added=[back], cause=make_cause(), at=timezone.now()))
    finish(choose_best("b", 1))
    assert AssetReference.objects.get().source.code == "b"
    assert not check_project(project=Project.objects.get()).exceptions
    (conflict,) = change_references(
        added=[edge], cause=make_cause(), at=timezone.now()
    ).open_conflicts
    assert conflict.cause == "cycle"
