"""What is exported and imported again is the same, in the same project and in another one."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Follow, Project
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import parse_production
from propagation.services.change_references import Edge, change_references
from propagation.services.import_production import import_production
from tests.builders import change, drive, get_entity, load, make_cause
from tests.propagation.interchange.stored import (
    Document,
    count_rows,
    export,
    read_content,
    read_stored,
)
from tests.properties import tried_on

pytestmark = pytest.mark.django_db

ODD_IDS = (
    " ",
    " leading blank",
    "trailing blank ",
    "a/b/../c",
    "project:code:more",
    "100%",
    "%s %(code)s",
    "it's",
    'say "cut"',
    "back\\slash",
    "a?b=c&d#e",
    "{id}",
    "null",
    "0",
    "e\u0301",
    "\u00e9",
    "UPPER",
    "upper",
    "🎬👩\u200d🚀",
    "日本語",
    "مشهد",
    "\u2028",
    "'; DROP TABLE assets_entity; --",
    "x" * 255,
    "🎬" * 255,
)
ODD_CONTENTS: tuple[Any, ...] = (
    "",
    " blanks ",
    "NUL \0 in a text",
    "new\nline\ttab\x1b[31m",
    "quotes ' \" ` and \\ \\u0000",
    "e\u0301🎬\u2028",
    None,
    True,
    False,
    0,
    -0.0,
    0.1,
    1e5,
    1e23,
    5e-324,
    1.7976931348623157e308,
    2**63,
    -(10**40),
    [],
    {},
    [None, [], {}, ""],
    {"": {"": ""}},
    {"b": 1, "a": {"d": [2], "c": 3}},
)


def nest(depth: int) -> Any:  # noqa: ANN401 (any JSON value)
    """Return an object nested that deep."""
    value: Any = "bottom"
    for _ in range(depth):
        value = {"in": [value]}
    return value


def check_round_trip(code: str = "film") -> str:
    """Check that the exported file changes nothing here, and makes the same elsewhere."""
    text, before, rows = export(code), read_stored(code), count_rows()
    load(json.loads(text), code=code)
    assert count_rows() == rows
    assert read_stored(code) == before
    load(json.loads(text), code="copy")
    assert read_stored("copy") == before
    return text


@pytest.mark.parametrize("name", ["tiny", "forrest", "alab"])
def test_a_real_production_survives_the_round_trip(name: str, shared_data: Path) -> None:
    load(json.loads((shared_data / f"{name}.json").read_text()), code=name)
    check_round_trip(name)


@pytest.mark.parametrize("name", ["tiny", "forrest", "alab"])
def test_an_export_of_a_copy_is_the_same_file(name: str, shared_data: Path) -> None:
    document = json.loads((shared_data / f"{name}.json").read_text())
    load(document, code=name)
    first = json.loads(export(name))
    load(first, code="copy")
    assert json.loads(export("copy")) == {**first, "project": {**first["project"], "id": "copy"}}


@pytest.mark.parametrize("name", ["tiny", "forrest", "alab"])
def test_an_export_holds_every_record_of_its_source(name: str, shared_data: Path) -> None:
    source = json.loads((shared_data / f"{name}.json").read_text())
    load(source, code=name)
    exported = json.loads(export(name))
    for list_name in ("characters", "props", "wardrobes", "locations", "styles"):
        ids = {record["id"] for record in source.get(list_name, [])}
        assert {record["id"] for record in exported[list_name]} == ids
    for list_name, key in (("shots", "shot_id"), ("sequences", "sequence_id"), ("assets", "id")):
        theirs = {record[key]: record for record in exported[list_name]}
        assert list(theirs) == [record[key] for record in source.get(list_name, [])]
        for record in source.get(list_name, []):
            plain = drop_empty(record)
            assert drop_empty(theirs[record[key]]) == {**theirs[record[key]], **plain}


def drop_empty(record: Document) -> Document:
    """Return the record without empty lists and objects: they say the same as none."""
    plain = {
        key: drop_empty(value) if isinstance(value, dict) else value
        for key, value in record.items()
    }
    return {key: value for key, value in plain.items() if value not in ([], {})}


def test_awkward_ids_survive_as_assets_shots_and_sequences() -> None:
    load(
        {
            "assets": [{"id": f"a{code}"[:255], "type": "prop"} for code in ODD_IDS[:-2]]
            + [{"id": code, "type": code.strip()[:64] or "odd"} for code in ODD_IDS],
            "shots": [{"shot_id": f"s{code}"[:255], "depends_on": [code]} for code in ODD_IDS[:-2]],
            "sequences": [
                {"sequence_id": f"q{code}", "shots": [f"s{code}"]} for code in ODD_IDS[:-2]
            ],
        }
    )
    entities, references = read_stored()
    assert set(ODD_IDS) <= entities.keys()
    assert {source for source, *_ in references} >= set(ODD_IDS[:-2])
    check_round_trip()


@pytest.mark.parametrize("value", [*ODD_CONTENTS, nest(100)])
def test_odd_content_survives_to_the_last_byte(value: object) -> None:
    load(
        {
            "assets": [{"id": "a", "type": "prop", "odd": value, "attributes": {"odd": value}}],
            "shots": [{"shot_id": "s", "visual_prompt": {"text": value}}],
            "sequences": [{"sequence_id": "q", "odd": [value]}],
        }
    )
    stored = read_content("a")["odd"]
    assert json.dumps(stored, sort_keys=True) == json.dumps(value, sort_keys=True)
    assert read_content("s")["visual_prompt"] == {"text": value}
    check_round_trip()


A = {"id": "a", "type": "prop"}
ODD_FILES: dict[str, str | bytes] = {
    "nothing": "{}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a key at the top that is half a surrogate pair": '{"\\ud800": 1}',
    "content 700 levels deep": json.dumps({"assets": [A]}).replace(
        "}]", ', "x": ' + "[" * 700 + "]" * 700 + "}]"
    ),
    "attributes 700 levels deep": json.dumps(
        {"assets": [A, {"id": "b", "type": "prop", "depends_on": [{"asset_id": "a", "x": 0}]}]}
    ).replace('"x": 0', '"x": ' + "[" * 700 + "]" * 700),
    "an integer of 4000 digits": json.dumps({"assets": [{**A, "x": 10**3999}]}),
    "an attribute of 4000 digits": json.dumps(
        {
            "assets": [
                A,
                {"id": "b", "type": "prop", "depends_on": [{"asset_id": "a", "x": 10**3999}]},
            ]
        }
    ),
    "attributes that are floats": json.dumps(
        {
            "assets": [
                A,
                {
                    "id": "b",
                    "type": "prop",
                    "depends_on": [{"asset_id": "a", "w": 1e5, "x": 0.1, "y": -0.0, "z": 1.0}],
                },
            ]
        }
    ),
    "details that are floats": json.dumps({"project": {"x": 0.1, "y": -0.0, "z": 1.0}}),
    "an attribute that is a huge float": json.dumps(
        {
            "assets": [
                A,
                {"id": "b", "type": "prop", "depends_on": [{"asset_id": "a", "x": 1e23}]},
            ]
        }
    ),
    "a detail that is a huge float": json.dumps({"project": {"x": 1e23}}),
    "an id that ends in a line separator": json.dumps({"assets": [{**A, "id": "a\u2028"}]}),
    "an id named twice in a list": json.dumps(
        {
            "assets": [
                A,
                {"id": "b", "type": "prop"},
                {"id": "c", "type": "prop", "depends_on": ["a", "a", "b"]},
            ]
        }
    ),
    "an id named by two rules": json.dumps(
        {
            "assets": [
                {"id": "a", "type": "character"},
                {"id": "b", "type": "prop"},
                {"id": "c", "type": "wardrobe", "worn_by": "a", "depends_on": ["a", "b"]},
            ]
        }
    ),
    "a prompt without references": json.dumps(
        {"shots": [{"shot_id": "s", "visual_prompt": {"text": "x"}}]}
    ),
    "an empty prompt": json.dumps({"shots": [{"shot_id": "s", "visual_prompt": {}}]}),
    "an empty list of pointers": json.dumps({"shots": [{"shot_id": "s", "depends_on": []}]}),
    "a reference in a list of one type": json.dumps(
        {"wardrobes": [{"id": "w", "worn_by": "c"}], "characters": [{"id": "c"}]}
    ),
    "keys of shots and sequences in an asset": json.dumps(
        {"assets": [{**A, "shot_id": "q", "parent": "z", "kind": 1, "visual_prompt": []}]}
    ),
    "keys of assets in a shot": json.dumps(
        {"shots": [{"shot_id": "a", "id": "q", "type": "z", "name": "", "worn_by": "x"}]}
    ),
}


@pytest.mark.parametrize("what", ODD_FILES)
def test_an_odd_file_is_imported_once_and_exported_as_it_was(what: str) -> None:
    def read_file(data: str | bytes) -> None:
        defects = DefectList()
        production = parse_production(data, defects)
        assert production is not None, defects.listed
        import_production(production=production, project_code="film", actor=None, at=timezone.now())

    read_file(ODD_FILES[what])
    rows, stored = count_rows(), read_stored()
    details = Project.objects.get().details
    for data in (ODD_FILES[what], export()):
        read_file(data)
        assert (count_rows(), read_stored()) == (rows, stored)
        assert Project.objects.get().details == details
    check_round_trip()


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda key: f"k{key}")
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)


@tried_on(15)
@given(st.dictionaries(keys, values, max_size=4))
def test_any_content_survives_the_round_trip(content: Document) -> None:
    report = load({"assets": [{**content, "id": "a", "type": "prop"}]})
    if report.run:
        drive(report.run)
    assert read_content("a") == content
    text = export()
    load(json.loads(text))
    assert read_content("a") == content
    assert export() == text


def test_attributes_of_references_survive() -> None:
    odd = {"mood": 'it\'s "odd" \\', "takes": [1, None, True, 0.5], "nested": {"": ""}}
    load(
        {
            "characters": [{"id": "ana"}],
            "props": [{"id": "lamp"}, {"id": "bulb"}],
            "shots": [
                {
                    "shot_id": "s",
                    "visual_prompt": {
                        "character_references": [{"asset_id": "ana", **odd}],
                        "prop_references": [{"asset_id": "lamp", **odd}, "bulb"],
                    },
                }
            ],
            "sequences": [{"sequence_id": "q", "shots": [{"asset_id": "s", "cut": 1}]}],
        }
    )
    check_round_trip()


def test_a_nested_tree_of_sequences_survives() -> None:
    sequences = [
        {"sequence_id": f"q{depth}", **({"parent": f"q{depth - 1}"} if depth else {})}
        for depth in range(6)
    ]
    load({"sequences": sequences})
    check_round_trip()


def test_what_was_changed_since_is_exported() -> None:
    load({"assets": [{"id": code, "type": "prop", "name": code} for code in "abc"]})
    change("a", name="Lamp", watts=40)
    change_references(
        added=[Edge(source=get_entity("a"), target=get_entity("b"))],
        cause=make_cause(),
        at=timezone.now(),
    )
    exported = json.loads(check_round_trip())
    assert exported["assets"][0] == {"id": "a", "type": "prop", "name": "Lamp", "watts": 40}
    assert exported["assets"][1]["depends_on"] == ["a"]
    assert exported["props"][0] == {"id": "a", "name": "Lamp"}


PROPS: Document = {"assets": [{"id": code, "type": "prop"} for code in "abcd"]}


def use(source: str, target: str, **how: Any) -> Edge:  # noqa: ANN401 (fields of different types)
    """Return the use of one entity by another."""
    return Edge(source=get_entity(source), target=get_entity(target), **how)


def check_unchanged_by_export() -> None:
    """Check that importing the exported file changes nothing here."""
    text, before, rows = export(), read_stored(), count_rows()
    load(json.loads(text))
    assert count_rows() == rows
    assert read_stored() == before


def test_a_gap_that_a_removed_reference_left_is_no_change() -> None:
    load({"assets": [*PROPS["assets"][:3], {**PROPS["assets"][3], "depends_on": ["a", "b", "c"]}]})
    change_references(removed=[use("b", "d")], cause=make_cause(), at=timezone.now())
    check_unchanged_by_export()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([{"source": "b"}], id="two at the same position"),
        pytest.param([{"source": "a", "role": "lit_by"}], id="a second role"),
        pytest.param([{"source": "a", "label": "left"}], id="a label beside none"),
        pytest.param([{"source": "a", "role": "lights"}], id="a role of one's own beside a known"),
        pytest.param([{"source": "b", "position": 7}, {"source": "c", "position": 3}], id="gaps"),
    ],
)
def test_what_a_file_has_no_word_for_stays(more: list[dict[str, Any]]) -> None:
    load(PROPS)
    added = [use(target="d", **how) for how in ({"source": "a"}, *more)]
    change_references(added=added, cause=make_cause(), at=timezone.now())
    check_unchanged_by_export()


@pytest.mark.parametrize("how", [{"label": "left"}, {"role": "lights"}])
def test_the_only_reference_with_a_label_or_a_role_of_one_s_own_stays(how: dict[str, str]) -> None:
    load(PROPS)
    change_references(added=[use("a", "d", **how)], cause=make_cause(), at=timezone.now())
    check_unchanged_by_export()


def test_importing_an_export_leaves_what_references_follow() -> None:
    """The format has no word for it, so a file cannot mean to change it."""
    load(
        {"assets": [{"id": "a", "type": "prop"}, {"id": "b", "type": "prop", "depends_on": ["a"]}]}
    )
    reference = get_entity("b").uses.get()
    reference.follow = Follow.FROZEN
    reference.save()
    load(json.loads(export()))
    reference.refresh_from_db()
    assert reference.follow == Follow.FROZEN


def test_the_command_writes_the_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    load({"project": {"name": "Film, 日本"}, "assets": [{"id": "a 🎬", "type": "prop"}]})
    call_command("export_project", "film")
    written = capsys.readouterr().out
    assert written == export()
    path = tmp_path / "film.json"
    path.write_text(written)
    rows = count_rows()
    call_command("import_project", str(path))
    assert count_rows() == rows


def test_the_command_refuses_an_unknown_project() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("export_project", "nowhere")
    assert refused.value.returncode == 2
