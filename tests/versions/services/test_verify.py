"""Verifying history: whole as it was published; whatever is altered or gone is named."""

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from assets.models import Project
from propagation.models import RunKind, RunSource
from propagation.services.change_references import Edge, change_references
from propagation.services.roll_back import roll_back
from tests.builders import change, drive, get_entity, load, make_cause, star
from tests.staging import kept_for_a_module
from versions.models import Consumption, Content, Head, Version, VersionInput
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def history(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Project]:
    """Return a project whose entities were imported, changed, propagated, reverted, relinked."""
    del django_db_setup
    with kept_for_a_module(django_db_blocker):
        document = star(2)
        document["assets"].append({"id": "lamp", "type": "prop"})
        load(document)
        for colour in ("blue", "grün"):
            run = change("hero", colour=colour).run
            assert run is not None
            drive(run)
        hero = get_entity("hero")
        undone = roll_back(
            entity=hero,
            to_version=1,
            cause=make_cause(kind=RunKind.ROLLBACK, note="as cast"),
            at=timezone.now(),
        )
        assert undone.run is not None
        drive(undone.run)
        edge = Edge(source=get_entity("lamp"), target=get_entity("shot-00001"), role="prop")
        for added, removed in (([edge], []), ([], [edge])):
            relinked = change_references(
                added=added, removed=removed, cause=make_cause(), at=timezone.now()
            )
            assert relinked.run is not None
            drive(relinked.run)
        yield Project.objects.get()


def list_flaws(project: Project) -> list[tuple[str, int]]:
    """Return the code and number of each version that is named."""
    flaws = verify_history(project=project, done=Verification())
    return [(flaw.entity_code, flaw.number) for flaw in flaws]


def test_a_history_that_nobody_touched_is_whole(history: Project) -> None:
    done = Verification()
    assert list(verify_history(project=history, done=done)) == []
    assert done.versions == Version.objects.count()


def find(code: str, number: int) -> Version:
    """Return a version."""
    return Version.objects.get(entity__code=code, number=number)


def alter_content(version: Version) -> None:
    """Flip one letter of what was authored."""
    body = version.content.body.replace("blue", "blur")
    Content.objects.filter(pk=version.content_id).update(body=body)


ALTERATIONS: dict[str, Callable[[Version], object]] = {
    "content": alter_content,
    "content exchanged": lambda v: Version.objects.filter(pk=v.pk).update(
        content=find("lamp", 1).content_id
    ),
    "content's hash": lambda v: Content.objects.filter(pk=v.content_id).update(sha256="0" * 64),
    "checksum": lambda v: Version.objects.filter(pk=v.pk).update(checksum="0" * 64),
    "note": lambda v: Version.objects.filter(pk=v.pk).update(note="never said"),
    "time": lambda v: Version.objects.filter(pk=v.pk).update(created_at=timezone.now()),
    "origin": lambda v: Version.objects.filter(pk=v.pk).update(origin="imported"),
    "run": lambda v: Version.objects.filter(pk=v.pk).update(run_id=77),
    "an input more": lambda v: VersionInput.objects.create(
        version=v, source=get_entity("lamp"), role="prop", source_version=find("lamp", 1)
    ),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_version_is_named(history: Project, name: str) -> None:
    ALTERATIONS[name](find("hero", 2))
    assert ("hero", 2) in list_flaws(history)


def test_an_altered_input_is_named(history: Project) -> None:
    VersionInput.objects.filter(version=find("shot-00000", 2)).update(
        source_version=find("hero", 1)
    )
    assert list_flaws(history) == [("shot-00000", 2)]


def test_a_removed_input_is_named(history: Project) -> None:
    VersionInput.objects.filter(version=find("shot-00000", 3)).delete()
    assert list_flaws(history) == [("shot-00000", 3)]


@pytest.mark.parametrize("number", [2, 4])
def test_a_missing_version_is_named(history: Project, number: int) -> None:
    """In the middle, and the last one, although the head was set back to hide it."""
    gone = find("hero", number)
    with connection.constraint_checks_disabled():
        VersionInput.objects.filter(source_version=gone).update(source_version=find("hero", 1))
        Consumption.objects.filter(version=gone).update(version=find("hero", 1))
        VersionInput.objects.filter(version=gone).delete()  # a reverted one names what it reverts
        with connection.cursor() as cursor:
            cursor.execute("UPDATE propagation_runsource SET before_id = NULL")
            cursor.execute("DELETE FROM propagation_runsource WHERE version_id = %s", [gone.pk])
            cursor.execute(
                "UPDATE versions_head SET best_id = %s, latest_id = %s WHERE entity_id = %s",
                [find("hero", 1).pk, find("hero", 1).pk, gone.entity_id],
            )
            cursor.execute("DELETE FROM versions_version WHERE id = %s", [gone.pk])
    flaws = list_flaws(history)
    if number == 2:
        assert ("hero", 2) in flaws
    else:
        assert ("shot-00000", 4) in flaws  # what consumed it no longer adds up


def test_the_command_lists_the_flaws_and_exits_with_1(history: Project) -> None:
    output = StringIO()
    call_command("verify_history", stdout=output)
    assert "is whole" in output.getvalue()
    alter_content(find("hero", 2))
    with pytest.raises(CommandError) as refused:
        call_command("verify_history", project="film", stdout=output)
    assert refused.value.returncode == 1
    assert "hero_v2 (definition): its content is not what was published" in output.getvalue()
    with pytest.raises(CommandError) as unknown:
        call_command("verify_history", project="nobody")
    assert unknown.value.returncode == 2


def test_a_head_that_was_set_back_is_named(history: Project) -> None:
    Head.objects.filter(entity__code="hero").update(latest=find("hero", 1))
    assert list_flaws(history) == [("hero", 4)]


def test_what_points_at_nothing_is_named(history: Project) -> None:
    """The database does not check it: that costs as much as writing it."""
    sources = RunSource.objects.values("version")
    heads = Head.objects.filter(entity__kind="shot").exclude(latest__in=sources)
    last = heads.order_by("latest").select_related("latest__entity")[0].latest
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM versions_versioninput WHERE version_id = %s", [last.pk])
        cursor.execute("DELETE FROM versions_version WHERE id = %s", [last.pk])
        cursor.execute(
            "UPDATE versions_version SET content_id = 0 WHERE id = %s", [find("hero", 2).pk]
        )
    flaws = list_flaws(history)
    assert (last.entity.code, last.number - 1) in flaws, "its head points at what is gone"
    assert ("hero", 2) in flaws, "its content is gone"
