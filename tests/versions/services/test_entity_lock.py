"""A locked entity is changed by nobody until it is unlocked; what it uses still reaches it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from assets.exceptions import RoleTooLowError
from assets.models import Entity, Project, Role
from propagation.models import RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import preview_changes, propagate_changes
from propagation.services.roll_back import preview_rollback, roll_back
from propagation.services.set_best import preview_best
from tests.builders import (
    change,
    choose_best,
    drive,
    get_entity,
    load,
    make_cause,
    make_media,
    make_user,
    star,
)
from tests.propagation.interchange.stored import count_rows, count_versions, read_stored
from tests.staging import once
from versions.exceptions import EntityLockedError
from versions.models import Version
from versions.services.annotate import Remark, annotate_version
from versions.services.entity_lock import set_entity_locks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("production")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODES = ("hero", "shot-00000", "shot-00001")


@once
def production() -> None:
    """Have a hero in its second version with two images, two shots that use it, and a lamp."""
    document = star(2)
    document["assets"].append({"id": "lamp", "type": "prop"})
    load(document)
    run = change("hero", colour="blue").run
    assert run is not None
    drive(run)
    make_media("hero", count=2)


def lock(*codes: str, is_locked: bool = True) -> list[str]:
    """Lock or unlock entities; return the codes of those that were not so before."""
    ids = [get_entity(code).pk for code in codes]
    changed = set_entity_locks(
        project_id=Project.objects.get(code="film").pk,
        entity_ids=ids,
        is_locked=is_locked,
        reason="picture lock",
        actor=None,
        at=NOON,
    )
    return [Entity.objects.get(pk=pk).code for pk in changed]


def change_all() -> object:
    """Change the lamp and the hero in one call."""
    changes = [Change(entity=get_entity(code), data={"x": 1}) for code in ("lamp", "hero")]
    return propagate_changes(changes=changes, cause=make_cause(), at=timezone.now())


def link_to_hero() -> object:
    """Have the hero use the lamp."""
    edge = Edge(source=get_entity("lamp"), target=get_entity("hero"))
    return change_references(added=[edge], cause=make_cause(), at=timezone.now())


def revert() -> object:
    cause = make_cause(kind=RunKind.ROLLBACK)
    return roll_back(entity=get_entity("hero"), to_version=1, cause=cause, at=timezone.now())


EDITS: dict[str, Callable[[], object]] = {
    "change": lambda: change("hero", colour="red"),
    "change that says what is so": lambda: change("hero", colour="blue"),
    "change of several": change_all,
    "reference": link_to_hero,
    "roll back": revert,
    "best definition": lambda: choose_best("hero", 1),
    "best media": lambda: choose_best("hero", 2, "image"),
}
PREVIEWS: dict[str, Callable[[], object]] = {
    "change": lambda: preview_changes(
        changes=[Change(entity=get_entity("hero"), data={"x": 1})],
        cause=make_cause(),
        at=timezone.now(),
    ),
    "roll back": lambda: preview_rollback(
        entity=get_entity("hero"), to_version=1, cause=make_cause(kind=RunKind.ROLLBACK)
    ),
    "best definition": lambda: preview_best(
        entity=get_entity("hero"), slot="definition", number=1, cause=make_cause(kind=RunKind.BEST)
    ),
    "best media": lambda: preview_best(
        entity=get_entity("hero"), slot="image", number=2, cause=make_cause(kind=RunKind.BEST)
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_locked_entity_refuses_each_edit_by_name_until_it_is_unlocked(name: str) -> None:
    lock("hero")
    before = count_rows(), read_stored(), list(Version.objects.values_list("checksum"))
    with pytest.raises(EntityLockedError) as refused:
        EDITS[name]()
    assert (refused.value.code, refused.value.entity_code) == ("locked", "hero")
    assert (
        count_rows(), read_stored(), list(Version.objects.values_list("checksum"))
    ) == before  # fmt: skip
    lock("hero", is_locked=False)
    EDITS[name]()


@pytest.mark.parametrize("name", PREVIEWS)
def test_a_preview_tells_of_the_lock(name: str) -> None:
    PREVIEWS[name]()
    lock("hero")
    with pytest.raises(EntityLockedError):
        PREVIEWS[name]()


def test_what_it_uses_waits_before_a_locked_entity() -> None:
    lock("shot-00000")
    run = change("hero", colour="red").run
    assert run is not None
    drive(run)
    assert (count_versions()["shot-00000"], count_versions()["shot-00001"]) == (2, 3)
    assert run.items.get(state="held").entity.code == "shot-00000"
    assert not check_project(project=Project.objects.get()).exceptions


def test_a_locked_entity_can_be_used_by_others_and_spoken_of() -> None:
    lock("hero")
    edge = Edge(source=get_entity("hero"), target=get_entity("lamp"))
    outcome = change_references(added=[edge], cause=make_cause(), at=timezone.now())
    assert outcome.changed == {get_entity("lamp").pk}
    version = Version.objects.get(entity__code="hero", slot="image", number=2)
    assert annotate_version(version=version, remark=Remark(is_hidden=True), actor=None, at=NOON)


def test_locking_says_what_was_locked_and_does_so_once() -> None:
    assert lock("hero", "lamp") == ["hero", "lamp"]
    assert lock("hero", "shot-00000") == ["shot-00000"]
    assert lock("lamp", is_locked=False) == ["lamp"]
    assert lock("lamp", is_locked=False) == lock() == []
    locked = Entity.objects.filter(is_locked=True).order_by("code").values_list("code", flat=True)
    assert list(locked) == ["hero", "shot-00000"]


def test_each_lock_is_a_row_of_history_with_who_why_and_when() -> None:
    ana = make_user("ana", roles={"film": Role.SUPERVISOR})
    hero = get_entity("hero")
    for is_locked in (True, True, False):
        set_entity_locks(
            project_id=hero.project_id,
            entity_ids=[hero.pk],
            is_locked=is_locked,
            reason="picture lock",
            actor=ana,
            at=NOON,
        )
    rows = Entity.history.filter(id=hero.pk, history_change_reason="picture lock")
    assert [
        (row.history_type, row.is_locked, row.history_user, row.history_date, row.code)
        for row in rows.order_by("history_id")
    ] == [("~", True, ana, NOON, "hero"), ("~", False, ana, NOON, "hero")]


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.ARTIST])
def test_only_a_supervisor_locks(role: Role | None) -> None:
    somebody = make_user("somebody", roles={"film": role} if role else {})
    hero = get_entity("hero")
    before = count_rows()
    with pytest.raises(RoleTooLowError):
        set_entity_locks(
            project_id=hero.project_id,
            entity_ids=[hero.pk],
            is_locked=True,
            reason="",
            actor=somebody,
            at=NOON,
        )
    assert (get_entity("hero").is_locked, count_rows()) == (False, before)


def test_entities_of_another_project_stay_as_they_are() -> None:
    load(star(0), code="other")
    other = get_entity("hero", "other")
    changed = set_entity_locks(
        project_id=get_entity("hero").project_id,
        entity_ids=[other.pk],
        is_locked=True,
        reason="",
        actor=None,
        at=NOON,
    )
    assert (changed, get_entity("hero", "other").is_locked) == ([], False)
