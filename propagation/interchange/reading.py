"""Read a production file, finding every defect; the format is described in docs/format.md."""

from collections.abc import Mapping
from typing import Any

from assets.limits import CODE_LENGTH, NAME_LENGTH
from propagation.interchange.contents import find_json_problem, make_entities
from propagation.interchange.defects import DefectList
from propagation.interchange.linking import link_records
from propagation.interchange.production import FORMAT, TYPED_LISTS, Production
from propagation.interchange.records import read_records
from versions.canonical import read_strict

KNOWN_KEYS = {"format", "project", "assets", "shots", "sequences", *(f"{t}s" for t in TYPED_LISTS)}


def parse_production(data: bytes | str, defects: DefectList) -> Production | None:
    """Return the production in the JSON document, or None after noting every defect."""
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        document = read_strict(text)
    except (ValueError, RecursionError) as error:
        defects.add("", "malformed-json", f"This is not JSON: {error}.")
        return None
    if not isinstance(document, dict):
        defects.add("", "wrong-type", "The document must be an object.")
        return None
    return read_production(document, defects)


def read_production(document: Mapping[str, Any], defects: DefectList) -> Production | None:
    """Return the production that the document describes, or None after noting every defect."""
    if document.get("format", FORMAT) != FORMAT:
        defects.add("/format", "unsupported-format", f"The format must be {FORMAT!r}.")
    project = _read_project(document.get("project"), defects)
    records = read_records(document, defects)
    entities = make_entities(records.values(), defects)
    references, order = link_records(records, defects)
    if defects.total:
        return None
    return Production(
        code=str(project.get("id") or ""),
        name=str(project.get("name") or project.get("id") or ""),
        details={key: value for key, value in project.items() if key not in ("id", "name")},
        entities=entities,
        references=references,
        order=order,
        ignored=sorted(document.keys() - KNOWN_KEYS),
    )


def _read_project(project: object, defects: DefectList) -> Mapping[str, Any]:
    """Return the project's block; what no database can hold is a defect."""
    if project is None:
        return {}
    if not isinstance(project, dict):
        defects.add("/project", "wrong-type", "The project must be an object.")
        return {}
    problem = find_json_problem(project)
    if problem:
        defects.add("/project", "bad-text", problem)
    for key, limit in (("id", CODE_LENGTH), ("name", NAME_LENGTH)):
        value = project.get(key, "")
        if not isinstance(value, str) or len(value) > limit:
            detail = f"It must be a text of at most {limit} characters."
            defects.add(f"/project/{key}", f"bad-{key}", detail)
    return project
