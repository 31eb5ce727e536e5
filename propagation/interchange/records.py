"""Collect the records of a production file by id: one per asset, shot and sequence."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assets.limits import CODE_LENGTH, TYPE_LENGTH
from propagation.interchange.defects import DefectList
from propagation.interchange.production import TYPED_LISTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record as it stands in the file; an asset in two lists is merged into one."""

    code: str
    kind: str
    type: str
    data: Mapping[str, Any]
    pointer: str


def read_records(document: Mapping[str, Any], defects: DefectList) -> dict[str, Record]:
    """Return every record by id: assets in file order, then shots, then sequences."""
    typed = _read_typed_lists(document, defects)
    records: dict[str, Record] = {}
    for pointer, code, data in _iterate(document, "assets", "id", defects):
        twin = typed.get(code)
        type_ = data.get("type", twin.type if twin else None)
        if not _is_asset_type(type_):
            defects.add(f"{pointer}/type", "bad-type", f"Asset {code!r} needs a type.")
            continue
        if twin and twin.type != type_:
            _refuse_two_types(defects, f"{pointer}/type", code, twin.type, type_)
        merged = {**twin.data, **data} if twin else data
        records[code] = Record(code=code, kind="asset", type=type_, data=merged, pointer=pointer)
    for code, record in typed.items():
        records.setdefault(code, record)
    for list_name, key, kind in (
        ("shots", "shot_id", "shot"),
        ("sequences", "sequence_id", "sequence"),
    ):
        for pointer, code, data in _iterate(document, list_name, key, defects):
            if code in records:
                _refuse_two_types(defects, f"{pointer}/{key}", code, records[code].type, kind)
            else:
                records[code] = Record(code=code, kind=kind, type=kind, data=data, pointer=pointer)
    return records


def _read_typed_lists(document: Mapping[str, Any], defects: DefectList) -> dict[str, Record]:
    typed: dict[str, Record] = {}
    for type_ in TYPED_LISTS:
        for pointer, code, data in _iterate(document, f"{type_}s", "id", defects):
            given = data.get("type", type_)
            if given != type_:
                _refuse_two_types(defects, f"{pointer}/type", code, type_, given)
            elif code in typed:
                _refuse_two_types(defects, f"{pointer}/id", code, typed[code].type, type_)
            else:
                typed[code] = Record(
                    code=code, kind="asset", type=type_, data=data, pointer=pointer
                )
    return typed


def _iterate(
    document: Mapping[str, Any], list_name: str, key: str, defects: DefectList
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield (pointer, id, record) of a list's sound records; each id once."""
    rows = document.get(list_name)
    if rows is None:
        return
    if not isinstance(rows, list):
        defects.add(f"/{list_name}", "wrong-type", f"{list_name} must be a list.")
        return
    seen: set[str] = set()
    for index, data in enumerate(rows):
        pointer = f"/{list_name}/{index}"
        if not isinstance(data, dict):
            defects.add(pointer, "wrong-type", "A record must be an object.")
            continue
        code: Any = data.get(key)
        problem = find_code_problem(code)
        if problem:
            defects.add(f"{pointer}/{key}", "bad-id", problem)
        elif code in seen:
            defects.add(f"{pointer}/{key}", "duplicate-id", f"{code!r} stands here twice.")
        else:
            seen.add(code)
            yield pointer, code, data


def find_code_problem(code: object) -> str | None:
    """Return what is wrong with an id, or None: it is a text of 1 to 255 printable characters."""
    if not isinstance(code, str) or not code:
        return "An id must be a text that is not empty."
    if len(code) > CODE_LENGTH:
        return f"An id may have {CODE_LENGTH} characters; this one has {len(code)}."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in code):
        return f"The id {code!r} holds characters that cannot be printed."
    return None


def _is_asset_type(type_: object) -> bool:
    return (
        isinstance(type_, str)
        and 0 < len(type_) <= TYPE_LENGTH
        and type_ not in ("shot", "sequence", "project")
        and find_code_problem(type_) is None
    )


def _refuse_two_types(
    defects: DefectList, pointer: str, code: str, first: object, second: object
) -> None:
    defects.add(pointer, "two-types", f"{code!r} is a {first} and a {second}; one id, one type.")
