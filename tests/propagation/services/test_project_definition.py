"""The project itself has versions: its name and details, which its row mirrors."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Entity, Project, Role
from propagation.exceptions import InvalidChangeError
from propagation.models import RunKind
from propagation.recovery.consistency import check_project
from propagation.services.change_references import Edge, change_references
from propagation.services.check_change import check_change
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.services.roll_back import roll_back
from tests.builders import (
    change,
    choose_best,
    get_entity,
    load,
    make_cause,
    make_media,
    make_user,
    star,
)
from tests.propagation.interchange.stored import count_rows, export, read_stored
from tests.properties import tried_on
from tests.staging import once
from versions.models import Head, Version
from versions.services.verify import Verification, verify_history

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("film")]
DETAILS = {"fps": 24, "source": "hand-made"}


@once
def film() -> None:
    """Have a film with a name and details."""
    load({"project": {"id": "film", "name": "First cut", **DETAILS}, **star(1)})


def read_row() -> dict[str, Any]:
    """Return what the project's row and its entity's row say, as one definition."""
    project = Project.objects.get()
    assert Entity.objects.get(kind="project").name == project.name
    return {**project.details, "name": project.name}


def read_best() -> dict[str, Any]:
    """Return the project's best definition."""
    return Head.objects.get(entity__kind="project", slot="definition").best.content.data


def list_versions() -> list[tuple[int, str]]:
    """Return number and origin of the project's definitions."""
    rows = Version.objects.filter(entity__kind="project", slot="definition").order_by("number")
    return list(rows.values_list("number", "origin"))


def test_an_import_gives_the_project_a_version_when_it_says_something_else() -> None:
    load({"project": {"id": "film", "name": "First cut", **DETAILS}, **star(1)})
    assert list_versions() == [(1, "imported")]
    load({"project": {"id": "film", "name": "Final cut", "fps": 25}, **star(1)})
    assert list_versions() == [(1, "imported"), (2, "imported")]
    assert read_best() == read_row() == {"name": "Final cut", "fps": 25}


def test_a_change_gives_the_project_a_version_that_its_row_mirrors() -> None:
    ana = make_user("ana", roles={"film": Role.ARTIST})
    entity = get_entity("film:")
    outcome = propagate_change(
        change=Change(entity=entity, data={"name": "Final cut", "fps": None, "studio": {"id": 7}}),
        cause=make_cause(ana),
        at=timezone.now(),
    )
    assert outcome.version_numbers == {entity.pk: 2}
    assert read_best() == read_row() == {
        "name": "Final cut", "source": "hand-made", "studio": {"id": 7}
    }  # fmt: skip
    row = Project.history.latest("history_id")
    assert (row.history_type, row.history_user, row.name) == ("~", ana, "Final cut")


def test_what_is_said_already_is_no_version() -> None:
    rows = count_rows()
    change("film:", name="First cut", fps=24)
    assert (list_versions(), count_rows()) == ([(1, "imported")], rows)


def test_the_project_goes_back_and_another_version_is_chosen_with_its_row() -> None:
    change("film:", name="Second cut")
    change("film:", name="Third cut", fps=25)
    roll_back(
        entity=get_entity("film:"),
        to_version=1,
        cause=make_cause(kind=RunKind.ROLLBACK),
        at=timezone.now(),
    )
    assert read_best() == read_row() == {"name": "First cut", **DETAILS}
    choose_best("film:", 3)
    assert read_best() == read_row() == {"name": "Third cut", **DETAILS, "fps": 25}
    assert not list(verify_history(project=Project.objects.get(), done=Verification()))
    assert not check_project(project=Project.objects.get()).exceptions


@pytest.mark.parametrize("name", [None, "", 5, 0, False, [], {}, "x" * 1001, "NUL \0"])
@pytest.mark.parametrize("group", [None, "visual_changes", "metadata_changes"])
def test_a_project_has_a_name(name: object, group: str | None) -> None:
    data = {group: {"name": name}} if group else {"name": name}
    rows, row = count_rows(), read_row()
    with pytest.raises(InvalidChangeError) as refused:
        change("film:", **data)
    assert refused.value.pointer == "/name"
    assert (count_rows(), read_row()) == (rows, row)


def test_a_project_s_id_is_no_content() -> None:
    with pytest.raises(InvalidChangeError) as refused:
        change("film:", id="other")
    assert refused.value.pointer == "/id"


def test_media_of_the_project_leave_its_definition_alone() -> None:
    make_media("film:", "poster", count=2)
    choose_best("film:", 2, "poster")
    assert (list_versions(), read_row()) == (
        [(1, "imported")], {"name": "First cut", **DETAILS}
    )  # fmt: skip


def test_the_project_uses_nothing_and_nothing_uses_it() -> None:
    rows = count_rows()
    for source, target in (("film:", "hero"), ("hero", "film:")):
        edge = Edge(source=get_entity(source), target=get_entity(target))
        with pytest.raises(Exception, match=r".") as refused:
            change_references(added=[edge], cause=make_cause(), at=timezone.now())
        assert getattr(refused.value, "code", None)
    assert count_rows() == rows


keys = st.sampled_from(["name", "id", "fps", "details", "assets", "project", "code", "graph"])
values = st.none() | st.text("aß", max_size=2) | st.integers(0, 2) | st.just({"id": "x"})


@tried_on(20)
@given(st.lists(st.dictionaries(keys, values, max_size=3), max_size=3))
def test_after_any_changes_row_definition_and_export_say_the_same(
    changes: list[dict[str, Any]],
) -> None:
    with transaction.atomic():
        for data in changes:
            try:
                check_change(kind="project", patches=[data])
            except InvalidChangeError:
                continue
            propagate_change(
                change=Change(entity=get_entity("film:"), data=data),
                cause=make_cause(),
                at=timezone.now(),
            )
            assert read_best() == read_row()
        stored, rows = read_stored(), count_rows()
        load(json.loads(export()))
        assert (read_stored(), count_rows()) == (stored, rows)
        transaction.set_rollback(True)
