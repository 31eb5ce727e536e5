"""What differs between two OpenAPI documents of ours, in words for the changelog."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
PART = "Part"
"""What the name of a schema ends with whose members are some of another's."""


def compare_documents(before: Document, after: Document) -> list[str]:
    """Return a line for each operation, parameter, status and member that came, went or moved."""
    return [
        *_compare(_list_operations(before), _list_operations(after)),
        *_compare(_list_members(before), _list_members(after)),
    ]


def _compare(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield f"added {name}"
        elif name not in after:
            yield f"removed {name}"
        elif before[name] != after[name]:
            yield f"changed {name}"


def _list_operations(document: Document) -> dict[str, str]:
    """Return every operation, and its parameters, bodies and statuses, by what they are called."""
    found = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            found[name] = ""
            for one in operation.get("parameters", ()):
                kind = "header" if one["in"] == "header" else "parameter"
                found[f"{name}, {kind} {one['name']}"] = _write(
                    [one.get("required", False), one["schema"]]
                )
            for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
                found[f"{name}, body {media_type}"] = _write(body["schema"])
            for status, answer in operation["responses"].items():
                kinds = {key: one["schema"] for key, one in answer.get("content", {}).items()}
                found[f"{name}, answer {status}"] = _write(kinds)
    return found


def _list_members(document: Document) -> dict[str, str]:
    """Return the members of every schema with a name, but of parts, which have those of a whole."""
    found = {}
    for name, schema in document["components"]["schemas"].items():
        if name.removesuffix(PART) != name:
            continue
        for member, one in schema.get("properties", {}).items():
            is_required = member in schema.get("required", ())
            found[f"{name}.{member}"] = _write([is_required, one])
    return found


def _write(value: object) -> str:
    return json.dumps(value, sort_keys=True)
