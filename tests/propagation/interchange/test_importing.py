"""An import makes the project what its file says: no less, and not a row more."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Entity, Project
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import parse_production
from propagation.models import PropagationItem, PropagationRun, RunKind, RunStatus
from propagation.recovery.consistency import check_project
from propagation.services.import_production import ImportReport, import_production
from tests.builders import drive, load
from tests.propagation.interchange.stored import (
    Document,
    count_rows,
    count_versions,
    list_codes,
    list_edges,
    read_content,
    read_stored,
)
from tests.properties import tried_on
from versions.models import Origin, Version

pytestmark = pytest.mark.django_db


@pytest.fixture
def tiny(shared_data: Path) -> Document:
    """Import the smallest production and return its document, for the test to change."""
    document: Document = json.loads((shared_data / "tiny.json").read_text())
    load(document)
    return document


def find_record(document: Document, code: str) -> Document:
    """Return the record of an asset, shot or sequence, to be changed in place."""
    for list_name, key in (("assets", "id"), ("shots", "shot_id"), ("sequences", "sequence_id")):
        for record in document[list_name]:
            if record[key] == code:
                found: Document = record
                return found
    raise LookupError(code)


def summarise(report: ImportReport) -> dict[str, int]:
    """Return what the report counts, without what is zero."""
    keys = ("created", "changed", "kept")
    edges = ("references_added", "references_changed", "references_removed")
    return {key: count for key in (*keys, *edges) if (count := getattr(report, key))}


def finish(report: ImportReport) -> set[str]:
    """Do the report's run, check that all is up to date, and return what got a version by it."""
    assert report.run is not None
    run = drive(report.run)
    assert (run.status, run.kind) == (RunStatus.SUCCESS, RunKind.IMPORT)
    assert check_project(project=run.project).exceptions == ()
    applied = PropagationItem.objects.filter(run=run, state="applied")
    return set(applied.values_list("entity__code", flat=True))


@pytest.mark.parametrize("name", ["tiny", "forrest", "alab"])
def test_the_same_file_again_writes_nothing(name: str, shared_data: Path) -> None:
    document = json.loads((shared_data / f"{name}.json").read_text())
    load(document)
    before, project = count_rows(), Project.objects.get()
    report = load(document)
    assert count_rows() == before
    assert Project.objects.get().graph_revision == project.graph_revision
    assert (summarise(report), report.run) == ({}, None)


def test_a_first_import_gives_every_entity_its_first_version_and_needs_no_run(
    shared_data: Path,
) -> None:
    report = load(json.loads((shared_data / "tiny.json").read_text()))
    assert summarise(report) == {"created": 12, "references_added": 14}
    assert report.run is None
    assert set(count_versions().values()) == {1}
    assert set(Version.objects.values_list("origin", flat=True)) == {Origin.IMPORTED}
    assert check_project(project=Project.objects.get()).exceptions == ()


def test_changed_content_is_a_version_and_a_run_for_what_depends_on_it(tiny: Document) -> None:
    find_record(tiny, "prop-002")["watts"] = 40
    report = load(tiny)
    assert summarise(report) == {"changed": 1}
    assert finish(report) == {"prop-001", "shot-0010", "seq-010", "seq-ep1"}
    assert read_content("prop-002") == {"name": "Bulb", "watts": 40}
    numbers = count_versions()
    assert {code for code, number in numbers.items() if number == 2} == {
        "prop-001", "prop-002", "shot-0010", "seq-010", "seq-ep1"
    }  # fmt: skip


def test_a_changed_name_renames_the_entity(tiny: Document) -> None:
    find_record(tiny, "seq-ep1")["name"] = "Pilot"
    report = load(tiny)
    assert summarise(report) == {"changed": 1}
    assert finish(report) == set()
    assert Entity.objects.get(code="seq-ep1").name == "Pilot"
    assert read_stored()[0]["seq-ep1"][2] == "Pilot"


def test_an_added_edge_is_a_version_of_its_target(tiny: Document) -> None:
    find_record(tiny, "shot-0020")["visual_prompt"]["prop_references"] = ["prop-001"]
    report = load(tiny)
    assert summarise(report) == {"references_added": 1}
    assert ("prop-001", "shot-0020", "prop") in list_edges()
    assert finish(report) == {"seq-010", "seq-ep1"}
    assert count_versions()["shot-0020"] == 2


def test_a_removed_edge_is_a_version_of_its_target(tiny: Document) -> None:
    find_record(tiny, "shot-0010")["visual_prompt"]["style_references"] = []
    report = load(tiny)
    assert summarise(report) == {"references_removed": 1}
    assert ("style-001", "shot-0010", "style") not in list_edges()
    assert finish(report) == {"seq-010", "seq-ep1"}


def test_reordered_shots_are_the_same_references_in_another_order(tiny: Document) -> None:
    find_record(tiny, "seq-010")["shots"].reverse()
    edges = list_edges()
    report = load(tiny)
    assert summarise(report) == {"references_changed": 2}
    assert list_edges() == edges
    assert finish(report) == {"seq-ep1"}
    assert count_versions()["seq-010"] == 2


def test_an_edge_of_another_kind_replaces_the_old_one(tiny: Document) -> None:
    bulb = find_record(tiny, "prop-001")
    bulb["depends_on"] = ["loc-002", *bulb["depends_on"]]
    del bulb["used_in"]
    report = load(tiny)
    assert summarise(report) == {
        "references_added": 1, "references_removed": 1, "references_changed": 1
    }  # fmt: skip
    assert ("loc-002", "prop-001", "depends_on") in list_edges()
    assert finish(report) == {"shot-0010", "seq-010", "seq-ep1"}


def test_a_changed_attribute_of_a_reference_is_a_change_of_its_target(tiny: Document) -> None:
    prompt = find_record(tiny, "shot-0020")["visual_prompt"]
    prompt["character_references"] = [{"asset_id": "char-002", "mood": 'it\'s "odd" \\'}]
    report = load(tiny)
    assert summarise(report) == {"references_changed": 1}
    assert finish(report) == {"seq-010", "seq-ep1"}
    before = count_rows()
    load(tiny)
    assert count_rows() == before


def test_a_new_entity_between_old_ones_brings_their_dependents_up_to_date(tiny: Document) -> None:
    tiny["assets"].append({"id": "cable", "type": "prop", "depends_on": ["style-001"]})
    find_record(tiny, "prop-002")["depends_on"] = ["cable"]
    report = load(tiny)
    assert summarise(report) == {"created": 1, "references_added": 2}
    assert finish(report) == {"prop-001", "shot-0010", "seq-010", "seq-ep1"}
    assert count_versions()["cable"] == 1
    assert count_versions()["prop-002"] == 2


def test_what_the_file_does_not_name_stays_with_what_it_uses(tiny: Document) -> None:
    tiny["sequences"] = [find_record(tiny, "seq-010")]
    del tiny["sequences"][0]["parent"]
    report = load(tiny)
    assert summarise(report) == {"kept": 1}
    assert ("seq-010", "seq-ep1", "in_parent") in list_edges()
    assert "seq-ep1" in list_codes()


def test_what_no_longer_exists_in_the_file_is_used_by_nobody_in_it(tiny: Document) -> None:
    tiny["shots"] = [shot for shot in tiny["shots"] if shot["shot_id"] != "shot-0020"]
    find_record(tiny, "seq-010")["shots"] = ["shot-0010"]
    report = load(tiny)
    assert summarise(report) == {"kept": 1, "references_removed": 1}
    assert finish(report) == {"seq-ep1"}


def test_everything_changed_at_once_is_published_in_order(tiny: Document) -> None:
    """Targets that changed themselves consume the sources' new versions at once."""
    for list_name in ("assets", "shots", "sequences"):
        for record in tiny[list_name]:
            record["note"] = "second pass"
    report = load(tiny)
    assert summarise(report) == {"changed": 12}
    finish(report)
    assert check_project(project=Project.objects.get()).exceptions == ()
    before = count_rows()
    load(tiny)
    assert count_rows() == before


def test_a_dry_run_tells_and_writes_nothing(tiny: Document) -> None:
    before, stored = count_rows(), read_stored()
    find_record(tiny, "prop-002")["watts"] = 40
    tiny["assets"].append({"id": "new", "type": "prop", "used_in": ["loc-001"]})
    defects = DefectList()
    production = parse_production(json.dumps(tiny), defects)
    assert production is not None
    report = import_production(
        production=production, project_code="film", actor=None, at=timezone.now(), dry_run=True
    )
    assert summarise(report) == {"created": 1, "changed": 1, "references_added": 1}
    assert (count_rows(), read_stored()) == (before, stored)
    assert summarise(load(tiny)) == summarise(report)


def test_the_project_takes_name_and_details_from_the_file(tiny: Document) -> None:
    project = Project.objects.get()
    assert (project.name, project.details) == (
        "Tiny example", {"source": "hand-made", "license": "CC0-1.0"}
    )  # fmt: skip
    tiny["project"] = {"id": "tiny", "name": "Tiny, second cut", "fps": 24}
    report = load(tiny)
    assert (summarise(report), finish(report)) == ({}, set())
    project.refresh_from_db()
    assert (project.name, project.details) == ("Tiny, second cut", {"fps": 24})


def test_the_project_itself_is_an_entity_whose_versions_are_its_name_and_details(
    tiny: Document,
) -> None:
    entity = Entity.objects.get(code="film:")
    assert (entity.kind, entity.type, entity.name) == ("project", "project", "Tiny example")
    tiny["project"] = {"id": "tiny", "name": "Tiny, second cut", "fps": 24}
    load(tiny)
    entity.refresh_from_db()
    assert entity.name == "Tiny, second cut"
    versions = Version.objects.filter(entity=entity).order_by("number")
    assert [(version.number, version.content.data) for version in versions] == [
        (1, {"name": "Tiny example", "source": "hand-made", "license": "CC0-1.0"}),
        (2, {"name": "Tiny, second cut", "fps": 24}),
    ]


def test_a_project_is_not_disturbed_by_the_same_codes_in_another_one(tiny: Document) -> None:
    before = read_stored()
    changed = copy.deepcopy(tiny)
    find_record(changed, "prop-002")["watts"] = 40
    report = load(changed, code="other")
    assert summarise(report) == {"created": 12, "references_added": 14}
    assert read_stored() == before
    assert not PropagationRun.objects.exists()


def make_seed() -> Document:
    """Return a production in which only the keys of STORY-089's project_data occur."""
    return {
        "characters": [{"id": "char-001", "name": "Ana"}],
        "props": [{"id": "prop-001", "name": "Lamp"}],
        "wardrobes": [{"id": "wardrobe-001", "name": "Coat"}],
        "locations": [{"id": "loc-001", "name": "House"}],
        "assets": [
            {"id": "wardrobe-001", "type": "wardrobe", "worn_by": "char-001"},
            {"id": "prop-001", "type": "prop", "used_in": ["loc-001"]},
        ],
        "shots": [
            {
                "shot_id": "shot-0001",
                "visual_prompt": {
                    "character_references": [{"asset_id": "char-001"}],
                    "prop_references": ["prop-001"],
                    "wardrobe_references": [{"asset_id": "wardrobe-001"}],
                },
            }
        ],
    }


def test_a_file_of_the_seed_s_keys_alone_is_a_production() -> None:
    report = load(make_seed())
    assert summarise(report) == {"created": 5, "references_added": 5}
    assert set(list_edges()) == {
        ("char-001", "wardrobe-001", "worn_by"),
        ("loc-001", "prop-001", "used_in"),
        ("char-001", "shot-0001", "character"),
        ("prop-001", "shot-0001", "prop"),
        ("wardrobe-001", "shot-0001", "wardrobe"),
    }
    assert Project.objects.get().name == "film"


def empty_content(document: Document) -> None:
    document["props"][0].pop("name")


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(empty_content, id="a name taken away"),
        pytest.param(lambda document: document["shots"].clear(), id="all shots taken away"),
        pytest.param(lambda document: document.pop("assets"), id="one of two lists taken away"),
        pytest.param(
            lambda document: document.update(styles=[{"id": "style-1"}]), id="a list more"
        ),
    ],
)
def test_going_back_to_the_first_file_brings_back_what_it_said(
    edit: Callable[[dict[str, Any]], object],
) -> None:
    load(make_seed())
    first = read_stored()
    edited = make_seed()
    edit(edited)
    for document in (edited, make_seed()):
        report = load(document)
        if report.run:
            drive(report.run)
        assert check_project(project=Project.objects.get()).exceptions == ()
    entities, references = read_stored()
    assert {code: entities[code] for code in first[0]} == first[0]
    assert references == first[1]


@st.composite
def productions(draw: st.DrawFn) -> Document:
    """Draw a project and some of five props, each with some content, that use props before them."""
    codes = draw(st.lists(st.sampled_from("abcde"), min_size=1, unique=True).map(sorted))
    return {
        "project": {"name": draw(st.sampled_from(["First cut", "Final cut"]))},
        "assets": [
            {
                "id": code,
                "type": "prop",
                "value": draw(st.integers(0, 1)),
                "depends_on": draw(
                    st.lists(st.sampled_from(codes[:index]), unique=True) if index else st.just([])
                ),
            }
            for index, code in enumerate(codes)
        ],
    }


@tried_on(20)
@given(st.lists(productions(), min_size=2, max_size=4))
def test_after_any_number_of_imports_the_project_is_what_the_last_one_says(
    documents: list[Document],
) -> None:
    with transaction.atomic():
        for document in documents:
            report = load(document)
            if report.run:
                drive(report.run)
            assert check_project(project=Project.objects.get()).exceptions == ()
            before = count_rows()
            load(document)
            assert count_rows() == before
        load(documents[-1], code="fresh")
        entities, references = read_stored()
        fresh_entities, fresh_references = read_stored("fresh")
        named = fresh_entities.keys()
        assert {code: entities[code] for code in named} == fresh_entities
        assert {one for one in references if one[1] in named} == fresh_references
        transaction.set_rollback(True)
