"""An import changes nothing that is locked, and writes nothing at all when it would have to."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assets.models import Entity
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import parse_production
from propagation.services.import_production import import_production
from tests.builders import drive, get_entity, load
from tests.propagation.interchange.stored import (
    Document,
    count_rows,
    count_versions,
    export,
    read_content,
    read_stored,
)
from versions.exceptions import EntityLockedError

pytestmark = pytest.mark.django_db


def make_document() -> Document:
    """Return a lamp that uses a bulb and a cable, a desk, a scene and a reel."""
    return {
        "project": {"id": "film", "name": "Film", "fps": 24},
        "assets": [
            {"id": "bulb", "type": "prop", "watts": 40},
            {"id": "cable", "type": "prop"},
            {"id": "desk", "type": "prop"},
            {"id": "lamp", "type": "prop", "depends_on": ["bulb", "cable"]},
        ],
        "sequences": [{"sequence_id": "scene"}, {"sequence_id": "reel"}],
    }


@pytest.fixture
def document() -> Document:
    """Import the document and return it, for the test to change."""
    made = make_document()
    load(made)
    return made


def find(document: Document, code: str) -> Document:
    """Return the record of an asset, to be changed in place."""
    found: Document = next(one for one in document["assets"] if one["id"] == code)
    return found


def lock(*codes: str) -> None:
    """Lock entities."""
    Entity.objects.filter(code__in=codes).update(is_locked=True)


EDITS: dict[str, tuple[str, Callable[[Document], object]]] = {
    "content": ("bulb", lambda d: find(d, "bulb").update(watts=60)),
    "name": ("bulb", lambda d: find(d, "bulb").update(name="Bulb")),
    "new reference": ("lamp", lambda d: find(d, "lamp")["depends_on"].append("desk")),
    "one reference less": ("lamp", lambda d: find(d, "lamp")["depends_on"].remove("bulb")),
    "references in another order": ("lamp", lambda d: find(d, "lamp")["depends_on"].reverse()),
    "reference from the source's side": (
        "reel", lambda d: d["sequences"][0].update(parent="reel")
    ),
    "project's name": ("film:", lambda d: d["project"].update(name="Second cut")),
    "project's details": ("film:", lambda d: d["project"].update(fps=25)),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_what_would_change_a_locked_entity_is_refused_by_name(
    document: Document, name: str
) -> None:
    code, edit = EDITS[name]
    lock(code)
    before = count_rows(), read_stored(), read_project()
    edit(document)
    find(document, "desk")["colour"] = "oak"
    document["assets"].append({"id": "new", "type": "prop"})
    with pytest.raises(EntityLockedError) as refused:
        load(document)
    assert refused.value.entity_code == code
    assert str(refused.value) == f"{code} is locked; a supervisor can unlock it."
    assert (count_rows(), read_stored(), read_project()) == before
    Entity.objects.update(is_locked=False)
    assert load(document).created == 1


def read_project() -> tuple[str, object, int]:
    """Return what the project's own row says."""
    project = get_entity("desk").project
    return project.name, project.details, project.graph_revision


@pytest.mark.parametrize("name", EDITS)
def test_a_dry_run_is_refused_as_the_import_would_be(document: Document, name: str) -> None:
    code, edit = EDITS[name]
    lock(code)
    edit(document)
    production = parse_production(json.dumps(document), DefectList())
    assert production is not None
    rows = count_rows()
    with pytest.raises(EntityLockedError):
        import_production(
            production=production,
            project_code="film",
            actor=None,
            at=get_entity("desk").created_at,
            dry_run=True,
        )
    assert count_rows() == rows


def test_what_leaves_the_locked_ones_as_they_are_is_imported(document: Document) -> None:
    """Their sources may change; what is locked is held until somebody decides."""
    lock("lamp", "cable", "film:")
    find(document, "bulb")["watts"] = 60
    find(document, "desk")["depends_on"] = ["lamp"]
    report = load(document)
    assert (report.changed, report.references_added) == (1, 1)
    assert report.run is not None
    drive(report.run)
    assert (count_versions()["lamp"], count_versions()["cable"]) == (1, 1)
    assert report.run.items.get(state="held").entity.code == "lamp"


def test_the_same_file_is_imported_though_all_is_locked(document: Document) -> None:
    Entity.objects.update(is_locked=True)
    rows = count_rows()
    load(document)
    load(json.loads(export()))
    assert count_rows() == rows


def test_the_command_says_what_is_locked_and_exits_with_2(
    document: Document, tmp_path: Path
) -> None:
    lock("bulb")
    changed = copy.deepcopy(document)
    find(changed, "bulb")["watts"] = 60
    file = tmp_path / "film.json"
    file.write_text(json.dumps(changed))
    rows = count_rows()
    for options in ({}, {"dry_run": True}):
        arguments: dict[str, Any] = {"project": "film", **options}
        with pytest.raises(CommandError, match="bulb is locked") as refused:
            call_command("import_project", str(file), **arguments)
        assert refused.value.returncode == 2
    assert count_rows() == rows
    assert read_content("bulb") == {"watts": 40}
