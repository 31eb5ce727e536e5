"""A file with a defect is refused whole: each defect is named at its place, nothing is written."""

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from propagation.interchange.defects import (
    LISTED_DEFECTS,
    DefectiveProductionError,
    DefectList,
)
from propagation.interchange.reading import parse_production, read_production
from propagation.services.import_production import import_production
from tests.builders import chain, edges_production, load
from tests.propagation.interchange.stored import (
    Document,
    count_rows,
    list_defects,
    read_stored,
)

TYPED = ("characters", "props", "wardrobes", "locations", "styles")
LISTS = (*TYPED, "assets", "shots", "sequences")
KEYS = dict.fromkeys((*TYPED, "assets"), "id") | {"shots": "shot_id", "sequences": "sequence_id"}
BAD_IDS: tuple[Any, ...] = (
    None,
    "",
    7,
    1.5,
    True,
    [],
    ["a"],
    {},
    "x" * 256,
    "tab\t",
    "line\n",
    "NUL\0",
    "escape\x1b",
    "delete\x7f",
    "half \ud83c of a pair",
)


def make_record(list_name: str, code: object, **fields: object) -> Document:
    """Return a record of that list that is sound, whatever its id."""
    type_ = {"type": "prop"} if list_name == "assets" else {}
    return {KEYS[list_name]: code, **type_, **fields}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="cut off"),
        pytest.param('{"assets": [],}', id="trailing comma"),
        pytest.param("{} {}", id="two documents"),
        pytest.param("{'assets': []}", id="single quotes"),
        pytest.param('{"a": NaN}', id="NaN"),
        pytest.param('{"a": Infinity}', id="Infinity"),
        pytest.param('{"assets": [{"x": -Infinity}]}', id="minus Infinity"),
        pytest.param('{"assets": [{"id": "a", "type": "prop", "x": 1e999}]}', id="1e999"),
        pytest.param('{"project": {"x": -1e999}}', id="minus 1e999 in the project"),
        pytest.param('{"assets": [{"depends_on": [{"x": 1e999}]}]}', id="1e999 in a reference"),
        pytest.param('{"assets": [], "assets": []}', id="a list twice"),
        pytest.param('{"assets": [{"id": "a", "type": "prop", "id": "b"}]}', id="an id twice"),
        pytest.param('{"a": "\n"}', id="bare control character"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param("{}".encode("utf-16"), id="UTF-16"),
        pytest.param("\ufeff{}", id="a byte order mark inside a text"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0", id="a picture"),
        pytest.param("[" * 100_000, id="bottomless"),
        pytest.param('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", id="very deep"),
        pytest.param('{"a": ' + "9" * 5_000 + "}", id="endless number"),
    ],
)
def test_what_is_not_json_is_one_defect(data: str | bytes) -> None:
    assert list_defects(data) == {("", "malformed-json")}


@pytest.mark.parametrize("data", ["null", "[]", "[{}]", '"text"', "1", "true"])
def test_a_document_is_an_object(data: str) -> None:
    assert list_defects(data) == {("", "wrong-type")}


@pytest.mark.parametrize("given", ["asset-propagation-project/2", "", "\ud800", None, 1, []])
def test_another_format_is_refused(given: object) -> None:
    assert list_defects({"format": given}) == {("/format", "unsupported-format")}


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize("given", [{}, {"a": {"id": "a"}}, "text", 1, True, False, 0, ""])
def test_a_list_is_a_list(list_name: str, given: object) -> None:
    assert list_defects({list_name: given}) == {(f"/{list_name}", "wrong-type")}


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize("given", [None, "a", 1, True, [], [{"id": "a"}]])
def test_a_record_is_an_object(list_name: str, given: object) -> None:
    sound = make_record(list_name, "sound")
    assert list_defects({list_name: [sound, given]}) == {(f"/{list_name}/1", "wrong-type")}


@pytest.mark.parametrize("given", ["text", "", 7, 0, True, False, ["a"], []])
def test_a_project_is_an_object(given: object) -> None:
    assert list_defects({"project": given}) == {("/project", "wrong-type")}


@pytest.mark.parametrize("key", ["id", "name", "source"])
@pytest.mark.parametrize("text", ["\0", "half \ud800", "\udfff"])
def test_a_project_says_nothing_that_no_database_holds(key: str, text: str) -> None:
    for block in ({key: text}, {"more": [{key: text}]}, {"more": {text: 1}}):
        assert list_defects({"project": block}) == {("/project", "bad-text")}


def test_a_backslash_before_u0000_is_text() -> None:
    for text in ("\\u0000", "\\\\u0000"):
        assert not list_defects({"project": {"id": text, "source": text}})
    assert list_defects({"project": {"source": "\\\0"}}) == {("/project", "bad-text")}


@pytest.mark.parametrize("given", ["x" * 1001, 5, None, {"a": 1}, ["a"]])
def test_the_name_of_a_project_is_a_text_of_at_most_1000_characters(given: object) -> None:
    assert list_defects({"project": {"name": given}}) == {("/project/name", "bad-name")}
    assert not list_defects({"project": {"name": "x" * 1000}})


@pytest.mark.parametrize("given", ["x" * 256, 5, None, {"a": 1}, ["a"]])
def test_the_id_of_a_project_is_a_text_of_at_most_255_characters(given: object) -> None:
    assert list_defects({"project": {"id": given}}) == {("/project/id", "bad-id")}
    assert not list_defects({"project": {"id": "x" * 255}})


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize("code", BAD_IDS)
def test_an_id_is_a_printable_text_of_1_to_255_characters(list_name: str, code: object) -> None:
    document = {list_name: [make_record(list_name, code)]}
    assert list_defects(document) == {(f"/{list_name}/0/{KEYS[list_name]}", "bad-id")}


@pytest.mark.parametrize("list_name", LISTS)
def test_a_record_without_an_id_is_refused(list_name: str) -> None:
    document = {list_name: [make_record(list_name, "sound"), {"type": "prop", "name": "x"}]}
    assert list_defects(document) == {(f"/{list_name}/1/{KEYS[list_name]}", "bad-id")}


@pytest.mark.parametrize("list_name", LISTS)
def test_an_id_stands_once_in_a_list(list_name: str) -> None:
    records = [make_record(list_name, code) for code in ("a", "b", "a", "a")]
    key = KEYS[list_name]
    assert list_defects({list_name: records}) == {
        (f"/{list_name}/2/{key}", "duplicate-id"),
        (f"/{list_name}/3/{key}", "duplicate-id"),
    }


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(LISTS, 2)))
def test_an_id_has_one_type_in_all_lists(first: str, second: str) -> None:
    document = {
        name: [make_record(name, "same", **({"type": "component"} if name == "assets" else {}))]
        for name in (first, second)
    }
    assert {kind for _, kind in list_defects(document)} == {"two-types"}


@pytest.mark.parametrize("list_name", TYPED)
def test_an_asset_of_a_typed_list_may_repeat_its_type_and_no_other(list_name: str) -> None:
    type_ = list_name.removesuffix("s")
    assert not list_defects({list_name: [{"id": "a", "type": type_}]})
    for other in ("component", None):
        found = list_defects({list_name: [{"id": "a", "type": other}]})
        assert found == {(f"/{list_name}/0/type", "two-types")}


@pytest.mark.parametrize(
    "type_",
    [None, "", 7, [], {}, "shot", "sequence", "project", "x" * 65, "tab\t", "NUL\0", "\ud83c"],
)
def test_an_asset_has_a_type_of_its_own(type_: object) -> None:
    document = {"assets": [{"id": "a", "type": type_}]}
    assert list_defects(document) == {("/assets/0/type", "bad-type")}
    assert list_defects({"assets": [{"id": "a"}]}) == {("/assets/0/type", "bad-type")}


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize("name", [7, [], {}, True, "x" * 1001, "NUL \0"])
def test_a_name_is_a_text_of_at_most_1000_characters(list_name: str, name: object) -> None:
    document = {list_name: [make_record(list_name, "a", name=name)]}
    assert list_defects(document) == {(f"/{list_name}/0/name", "bad-name")}


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize(
    "fields",
    [{"odd": "\ud83c"}, {"odd": [{"a": "\udfac"}]}, {"\ud83c": 1}, {"name": "\ud800"}],
)
def test_half_a_surrogate_pair_is_no_text(list_name: str, fields: Document) -> None:
    document = {list_name: [make_record(list_name, "a", **fields)]}
    assert list_defects(document) == {(f"/{list_name}/0", "bad-text")}


POINTERS = (
    ("assets", "worn_by"),
    ("assets", "used_in"),
    ("assets", "depends_on"),
    ("shots", "character_references"),
    ("shots", "prop_references"),
    ("shots", "wardrobe_references"),
    ("shots", "location_references"),
    ("shots", "style_references"),
    ("shots", "depends_on"),
    ("sequences", "shots"),
    ("sequences", "parent"),
    ("sequences", "depends_on"),
)
"""Every field that names another record."""


def point(list_name: str, key: str, named: object, *, as_object: bool = False) -> Document:
    """Return a record `holder` whose field names something, in the form that the field has."""
    pointer = {"asset_id": named} if as_object else named
    value = named if key in ("worn_by", "parent") else [pointer]
    fields = {"visual_prompt": {key: value}} if key.endswith("_references") else {key: value}
    return make_record(list_name, "holder", **fields)


def locate(list_name: str, key: str, *, as_object: bool = False) -> str:
    """Return the pointer of what `point` names, in the first record of its list."""
    prompt = "/visual_prompt" if key.endswith("_references") else ""
    if key in ("worn_by", "parent"):
        return f"/{list_name}/0/{key}"
    return f"/{list_name}/0{prompt}/{key}/0" + ("/asset_id" if as_object else "")


@pytest.mark.parametrize(("list_name", "key"), POINTERS)
@pytest.mark.parametrize("as_object", [False, True])
def test_an_unknown_id_is_found_in_every_field(
    list_name: str, key: str, *, as_object: bool
) -> None:
    as_object = as_object and key not in ("worn_by", "parent")
    document = {list_name: [point(list_name, key, "nobody", as_object=as_object)]}
    place = locate(list_name, key, as_object=as_object)
    assert list_defects(document) == {(place, "unknown-id")}


@pytest.mark.parametrize(("list_name", "key"), POINTERS)
def test_an_id_that_is_half_a_surrogate_pair_is_unknown(list_name: str, key: str) -> None:
    document = {list_name: [point(list_name, key, "\ud800")]}
    assert list_defects(document) == {(locate(list_name, key), "unknown-id")}


@pytest.mark.parametrize(
    ("list_name", "key"), [one for one in POINTERS if one[1] not in ("worn_by", "parent")]
)
@pytest.mark.parametrize("text", ["\0", "\ud800", "half \udfff"])
def test_attributes_say_nothing_that_no_database_holds(list_name: str, key: str, text: str) -> None:
    for attributes in ({"x": text}, {"x": [{text: 1}]}, {text: None}):
        pointer = {"asset_id": "named", **attributes}
        fields: Document = {key: [pointer]}
        if key.endswith("_references"):
            fields = {"visual_prompt": fields}
        document = {list_name: [make_record(list_name, "holder", **fields)]}
        place = locate(list_name, key, as_object=True)
        assert list_defects(document) == {(place, "bad-text")}


@pytest.mark.parametrize(
    ("list_name", "key"), [one for one in POINTERS if one[1] not in ("worn_by", "parent")]
)
def test_a_pointer_of_a_list_is_there(list_name: str, key: str) -> None:
    for named, place in ((None, ""), ({}, "/asset_id"), ({"asset_id": None}, "/asset_id")):
        document = {list_name: [point(list_name, key, named)]}
        assert list_defects(document) == {(f"{locate(list_name, key)}{place}", "bad-id")}


@pytest.mark.parametrize(("list_name", "key"), POINTERS)
@pytest.mark.parametrize("named", [7, True, [], ["a"]])
def test_a_pointer_is_a_text_in_every_field(list_name: str, key: str, named: object) -> None:
    document = {list_name: [point(list_name, key, named)]}
    assert list_defects(document) == {(locate(list_name, key), "bad-id")}


@pytest.mark.parametrize(("list_name", "key"), POINTERS)
def test_a_pointer_to_oneself_is_refused_in_every_field(list_name: str, key: str) -> None:
    document = {list_name: [point(list_name, key, "holder")]}
    assert list_defects(document) == {(locate(list_name, key), "self-reference")}


@pytest.mark.parametrize(
    ("list_name", "key"), [one for one in POINTERS if one[1] not in ("worn_by", "parent")]
)
@pytest.mark.parametrize("given", ["a", {"asset_id": "a"}, 7, True, {}])
def test_pointers_stand_in_a_list(list_name: str, key: str, given: object) -> None:
    fields = {"visual_prompt": {key: given}} if key.endswith("_references") else {key: given}
    document = {list_name: [make_record(list_name, "holder", **fields)]}
    place = locate(list_name, key).removesuffix("/0")
    assert list_defects(document) == {(place, "wrong-type")}


@pytest.mark.parametrize("given", ["text", 7, True, [], [{}]])
def test_a_visual_prompt_is_an_object(given: object) -> None:
    document = {"shots": [{"shot_id": "s", "visual_prompt": given}]}
    assert list_defects(document) == {("/shots/0/visual_prompt", "wrong-type")}


@pytest.mark.parametrize(
    ("list_name", "key", "wanted"),
    [
        ("assets", "worn_by", {"character"}),
        ("assets", "used_in", {"location"}),
        ("shots", "character_references", {"character", "prop", "wardrobe", "location", "style"}),
        ("shots", "prop_references", {"character", "prop", "wardrobe", "location", "style"}),
        ("sequences", "shots", {"shot"}),
        ("sequences", "parent", {"sequence"}),
    ],
)
def test_what_is_named_is_of_the_right_kind(list_name: str, key: str, wanted: set[str]) -> None:
    for other in (*TYPED, "shots", "sequences"):
        document = {other: [make_record(other, "named")]}
        document[list_name] = [point(list_name, key, "named"), *document.get(list_name, [])]
        is_wanted = other.removesuffix("s") in wanted
        expected = set() if is_wanted else {(locate(list_name, key), "wrong-kind")}
        assert list_defects(document) == expected, other


@pytest.mark.parametrize("length", [2, 3, 10, 11, 5_000])
def test_a_cycle_is_found_whatever_its_length(length: int) -> None:
    document = chain(length)
    document["assets"][0]["depends_on"] = [f"a{length - 1}"]
    ((pointer, kind),) = list_defects(document)
    assert kind == "cycle"
    assert pointer.startswith("/assets/")
    assert pointer.endswith("/depends_on/0")


def test_a_cycle_is_told_as_a_path() -> None:
    defects = DefectList()
    read_production(edges_production([("a", "b"), ("b", "c"), ("c", "a")]), defects)
    (cycle,) = defects.listed
    path = cycle.detail.removeprefix("This closes a cycle: ").removesuffix(".").split(" → ")
    assert path[0] == path[-1]
    assert set(itertools.pairwise(path)) == {("a", "b"), ("b", "c"), ("c", "a")}


def test_a_cycle_may_run_through_shots_and_sequences() -> None:
    document = {
        "assets": [{"id": "a", "type": "prop", "depends_on": ["q"]}],
        "shots": [{"shot_id": "s", "visual_prompt": {"prop_references": ["a"]}}],
        "sequences": [{"sequence_id": "q", "shots": ["s"]}],
    }
    assert {kind for _, kind in list_defects(document)} == {"cycle"}


def test_sequences_that_enclose_each_other_are_a_cycle() -> None:
    sequences = [{"sequence_id": a, "parent": b} for a, b in ("xy", "yx")]
    assert {kind for _, kind in list_defects({"sequences": sequences})} == {"cycle"}


def test_each_knot_is_told_once_however_many_cycles_it_holds() -> None:
    """Each pair of the knot's five members, both ways: 84 cycles, one defect."""
    knot = list(itertools.permutations("abcde", 2))
    other = [("x", "y"), ("y", "x"), ("a", "x")]
    found = DefectList()
    read_production(edges_production([*knot, *other]), found)
    assert [defect.code for defect in found.listed] == ["cycle", "cycle"]


def test_all_defects_are_told_at_once() -> None:
    document = {
        "format": "other",
        "project": 7,
        "characters": [{"id": "ana"}, {"id": "ana"}],
        "assets": [{"id": "coat", "type": "wardrobe", "worn_by": "nobody"}, {"id": "x"}],
        "shots": [{"shot_id": "s", "depends_on": ["s"], "name": 7}],
    }
    assert list_defects(document) == {
        ("/format", "unsupported-format"),
        ("/project", "wrong-type"),
        ("/characters/1/id", "duplicate-id"),
        ("/assets/0/worn_by", "unknown-id"),
        ("/assets/1/type", "bad-type"),
        ("/shots/0/depends_on/0", "self-reference"),
        ("/shots/0/name", "bad-name"),
    }


def test_a_hundred_are_listed_and_all_are_counted() -> None:
    document = {"assets": [{"id": f"a{n}"} for n in range(LISTED_DEFECTS + 23)]}
    defects = DefectList()
    assert read_production(document, defects) is None
    assert (len(defects.listed), defects.total) == (LISTED_DEFECTS, LISTED_DEFECTS + 23)
    assert LISTED_DEFECTS == 100


@pytest.mark.django_db
def test_an_id_cannot_change_its_type_in_a_project() -> None:
    load({"assets": [{"id": code, "type": "prop"} for code in "abc"]})
    before = (count_rows(), read_stored())
    document = {
        "assets": [{"id": "a", "type": "style"}, {"id": "new", "type": "prop"}],
        "shots": [{"shot_id": "b"}],
        "sequences": [{"sequence_id": "c"}],
    }
    production = parse_production(json.dumps(document), DefectList())
    assert production is not None
    with pytest.raises(DefectiveProductionError) as refused:
        import_production(production=production, project_code="film", actor=None, at=timezone.now())
    found = {(defect.pointer, defect.code) for defect in refused.value.defects}
    assert found == {(f"/{name}/0", "two-types") for name in ("assets", "shots", "sequences")}
    assert refused.value.total == 3
    assert (count_rows(), read_stored()) == before


@pytest.mark.django_db
@pytest.mark.parametrize("earlier", [(), ({},)], ids=["a first import", "a later import"])
def test_the_id_of_the_project_itself_is_taken(earlier: tuple[Document, ...]) -> None:
    for document in earlier:
        load(document)
    taken = {"assets": [{"id": "film:", "type": "prop"}]}
    with pytest.raises(DefectiveProductionError) as refused:
        load(taken)
    found = {(defect.pointer, defect.code) for defect in refused.value.defects}
    assert found == {("/assets/0", "two-types")}
    load(taken, code="other")
    assert read_stored("other")[0]["film:"][:2] == ("asset", "prop")


def generate_with_defects(folder: Path, shared_data: Path) -> tuple[Document, list[Document]]:
    """Have the generator plant defects; return the document and what it says it planted."""
    out = folder / "bad.json"
    generator = shared_data / "gen_production.py"
    subprocess.run(
        [sys.executable, generator, "--edges", "2000", "--defects", "25", "--out", out],
        check=True,
        capture_output=True,
    )
    planted = json.loads(Path(f"{out}.defects.json").read_text())
    return json.loads(out.read_text()), planted


def list_pointers(document: Document, code: str, key: str, named: str) -> list[str]:
    """Return where the assets of that id name the other one in that field."""
    return [
        f"/assets/{index}/{key}" + ("" if key == "worn_by" else f"/{position}")
        for index, asset in enumerate(document["assets"])
        if asset["id"] == code
        for position, given in enumerate(
            [asset.get(key)] if key == "worn_by" else asset.get(key, [])
        )
        if given == named
    ]


def test_each_planted_defect_is_reported_at_its_place(tmp_path: Path, shared_data: Path) -> None:
    document, planted = generate_with_defects(tmp_path, shared_data)
    defects = DefectList()
    assert read_production(document, defects) is None
    places: dict[str, set[str]] = {}
    for defect in defects.listed:
        places.setdefault(defect.code, set()).add(defect.pointer)
    assert len(planted) == 25
    for one in planted:
        match one["defect"]:
            case "dangling_reference":
                wanted = list_pointers(document, one["asset"], "depends_on", one["missing"])
                assert places["unknown-id"] & set(wanted), one
            case "self_reference":
                wanted = list_pointers(document, one["asset"], "depends_on", one["asset"])
                assert places["self-reference"] & set(wanted), one
            case "wrong_type_worn_by":
                wanted = list_pointers(document, one["asset"], "worn_by", one["worn_by"])
                assert places["wrong-kind"] & set(wanted), one
            case "duplicate_id":
                ids = [asset["id"] for asset in document["assets"]]
                copies = [index for index, id_ in enumerate(ids) if id_ == one["asset"]]
                assert f"/assets/{copies[1]}/id" in places["duplicate-id"], one
            case "two_asset_cycle":
                first, second = one["assets"]
                wanted = [
                    *list_pointers(document, first, "depends_on", second),
                    *list_pointers(document, second, "depends_on", first),
                ]
                assert len(places["cycle"] & set(wanted)) == 1, one
            case unknown:
                pytest.fail(f"the generator plants a new defect: {unknown}")


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    """Write a file with more defects than are listed, and much that is sound."""
    path = tmp_path / "film.json"
    sound = [{"id": f"b{n}", "type": "prop"} for n in range(50)]
    path.write_text(json.dumps({"assets": [*sound, *({"id": f"a{n}"} for n in range(130))]}))
    return path


@pytest.mark.django_db
def test_the_command_lists_a_hundred_tells_the_total_and_writes_nothing(
    bad_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = count_rows()
    with pytest.raises(CommandError) as refused:
        call_command("import_project", str(bad_file))
    assert refused.value.returncode == 2
    assert "130 defects, 100 of them listed" in str(refused.value)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 100
    assert lines[0].startswith("/assets/50/type: ")
    assert count_rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["{", "[]", '{"assets": {}}', '{"assets": [{"id": "a"}]}'])
def test_the_command_refuses_every_kind_of_bad_file_in_the_same_way(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "film.json"
    path.write_text(text)
    before = count_rows()
    with pytest.raises(CommandError, match=r"1 defects?; nothing was imported") as refused:
        call_command("import_project", str(path))
    assert refused.value.returncode == 2
    assert count_rows() == before


@pytest.mark.django_db
def test_the_command_refuses_what_conflicts_with_the_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load({"assets": [{"id": "a", "type": "prop"}]})
    path = tmp_path / "film.json"
    path.write_text(json.dumps({"assets": [{"id": "a", "type": "style"}]}))
    before = count_rows()
    with pytest.raises(CommandError) as refused:
        call_command("import_project", str(path))
    assert refused.value.returncode == 2
    assert "/assets/0: " in capsys.readouterr().err
    assert count_rows() == before


@pytest.mark.django_db
def test_the_command_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(CommandError) as refused:
            call_command("import_project", str(path))
        assert refused.value.returncode == 2


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["a:b", "tab\t", "line\n", "x" * 256])
def test_the_command_refuses_a_project_code_that_will_not_do(code: str, tmp_path: Path) -> None:
    path = tmp_path / "film.json"
    path.write_text("{}")
    before = count_rows()
    with pytest.raises(CommandError) as refused:
        call_command("import_project", str(path), project=code)
    assert refused.value.returncode == 2
    assert count_rows() == before
