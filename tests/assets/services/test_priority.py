"""Priorities are set by those who may, with history, and move the graph's revision."""

from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.exceptions import RoleTooLowError
from assets.graph.cache import load_graph
from assets.models import Entity, Priority, Project, Role
from assets.services.priority import set_priority
from tests.builders import get_entity, load, make_user, star

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def film() -> None:
    """Have a hero and three shots, and a second project with the same codes."""
    load(star(3))
    load(star(3), code="other")


def prioritise(
    codes: Sequence[str],
    priority: Priority = Priority.CRITICAL,
    *,
    actor: User | None = None,
    project: str = "film",
) -> int:
    """Set the priority of the film's entities, in the name of one of its projects."""
    return set_priority(
        project_id=Project.objects.get(code=project).pk,
        entity_ids=[get_entity(code).pk for code in codes],
        priority=priority,
        actor=actor,
        at=NOW,
    )


def list_critical() -> set[tuple[str, str]]:
    """Return (project, code) of every critical entity."""
    critical = Entity.objects.filter(priority=Priority.CRITICAL)
    return set(critical.values_list("project__code", "code"))


def get_revision(project: str = "film") -> int:
    """Return the project's graph revision."""
    return Project.objects.get(code=project).graph_revision


def test_entities_become_critical_and_normal_again() -> None:
    assert prioritise(["hero", "shot-00001"]) == 2
    assert list_critical() == {("film", "hero"), ("film", "shot-00001")}
    assert prioritise(["hero"], Priority.NORMAL) == 1
    assert list_critical() == {("film", "shot-00001")}


def test_those_that_have_the_priority_already_do_not_count() -> None:
    prioritise(["hero"])
    assert prioritise(["hero", "shot-00000", "shot-00000"]) == 1
    assert list_critical() == {("film", "hero"), ("film", "shot-00000")}


def test_the_same_once_more_changes_nothing() -> None:
    prioritise(["hero"])
    before = (get_revision(), Entity.history.count())
    assert prioritise(["hero"]) == 0
    assert prioritise([]) == 0
    assert (get_revision(), Entity.history.count()) == before


def test_history_tells_who_and_when() -> None:
    lead = make_user("lead", roles={"film": Role.SUPERVISOR})
    prioritise(["hero"], actor=lead)
    last, first = Entity.history.filter(id=get_entity("hero").pk).order_by("-history_id")
    assert (first.history_type, first.priority) == ("+", "normal")
    assert (last.history_type, last.priority) == ("~", "critical")
    assert (last.history_user, last.history_date) == (lead, NOW)
    assert last.history_change_reason == "priority"
    assert (last.code, last.name) == ("hero", "Hero")
    assert Entity.history.filter(id=get_entity("shot-00000").pk).count() == 1


def test_the_graph_knows_at_once() -> None:
    project_id, hero = Project.objects.get(code="film").pk, get_entity("hero").pk
    assert not load_graph(project_id=project_id).nodes[hero].is_critical
    before = (get_revision(), get_revision("other"))
    prioritise(["hero"])
    assert get_revision() > before[0]
    assert get_revision("other") == before[1]
    assert load_graph(project_id=project_id).nodes[hero].is_critical


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.ARTIST])
def test_a_role_below_supervisor_does_not_do(role: Role | None) -> None:
    actor = make_user("ann", roles={"film": role} if role else None)
    before = (get_revision(), Entity.history.count())
    with pytest.raises(RoleTooLowError) as refused:
        prioritise(["hero"], actor=actor)
    assert refused.value.needed == Role.SUPERVISOR
    assert list_critical() == set()
    assert (get_revision(), Entity.history.count()) == before


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_a_supervisor_and_an_admin_may(role: Role) -> None:
    assert prioritise(["hero"], actor=make_user("ann", roles={"film": role})) == 1


def test_a_superuser_may_without_a_role() -> None:
    assert prioritise(["hero"], actor=make_user("root", is_superuser=True)) == 1


def test_a_role_in_one_project_reaches_no_entity_of_another() -> None:
    actor = make_user("ann", roles={"other": Role.ADMIN})
    before = get_revision("other")
    assert prioritise(["hero"], actor=actor, project="other") == 0
    assert list_critical() == set()
    assert get_revision("other") == before
