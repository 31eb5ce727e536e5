"""manage.py check_consistency: what is wrong is named by kind, and brought up to date on demand."""

import pytest
from django.utils import timezone

from assets.models import Project
from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from propagation.services.decide_holds import HoldFilter, reject_holds
from tests.builders import change, drive, edges_production, get_entity, load, star
from tests.propagation.management.calling import call
from versions.models import Consumption, Head

pytestmark = pytest.mark.django_db


def lose(*, targets: int) -> None:
    """Make targets outdated that no run has: their items are gone with their run."""
    run = change("hero", description="new").run
    assert run
    PropagationRun.objects.all().delete()
    assert len(check_project(project=Project.objects.get()).exceptions) == targets


def test_what_is_up_to_date_ends_with_0() -> None:
    load(star(2))
    called = call("check_consistency")
    summary = "film: 2 references, 0 exceptions, 0 excused (in an unfinished run, or failed)\n"
    assert (called.code, called.out) == (0, summary)


def test_exceptions_are_listed_and_counted_by_kind() -> None:
    load(star(3))
    lose(targets=3)
    Consumption.objects.filter(reference__target__code="shot-00001").delete()
    Head.objects.filter(entity__code="shot-00002").delete()
    called = call("check_consistency")
    assert called.code == 1
    summary = (
        "film: 3 references, 4 exceptions (1 never-consumed, 1 no-version, 2 outdated), "
        "0 excused (in an unfinished run, or failed)"
    )
    assert called.out.splitlines() == [
        "film: no-version: shot-00002",
        "film: outdated: shot-00000 uses hero (character) at v1",
        "film: never-consumed: shot-00001 uses hero (character) at none of its versions",
        "film: outdated: shot-00002 uses hero (character) at v1",
        summary,
    ]


def test_a_repair_brings_all_that_is_outdated_up_to_date_at_once() -> None:
    load(star(3))
    lose(targets=3)
    Consumption.objects.filter(reference__target__code="shot-00001").delete()
    called = call("check_consistency", "--repair", "--project", "film")
    run = PropagationRun.objects.get()
    assert called.code == 0
    assert called.out.splitlines()[-1] == f"film: run {run.pk} brings 3 up to date"
    assert drive(run).status == "success"
    assert call("check_consistency").code == 0


def test_what_has_an_excuse_is_not_repaired() -> None:
    load(edges_production([("a", "b"), ("a", "c")]))
    b = get_entity("b")
    b.is_locked = True
    b.save(update_fields=["is_locked"])
    run = change("a", value=1).run
    assert run
    drive(run)
    project = Project.objects.get()
    reject_holds(project=project, wanted=HoldFilter(), note="", actor=None, at=timezone.now())
    before = PropagationRun.objects.count()
    assert call("check_consistency", "--repair").code == 0
    assert PropagationRun.objects.count() == before


def test_a_repair_does_not_mend_what_no_run_can() -> None:
    load(star(2))
    Head.objects.filter(entity__code="shot-00000").delete()
    assert call("check_consistency", "--repair").code == 1
    assert not PropagationRun.objects.exists()


def test_an_unknown_project_ends_with_2() -> None:
    assert call("check_consistency", "--project", "none").code == 2
