"""What the tests of import and export read back from the database."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from django.apps import apps
from django.db import connection

from assets.models import AssetReference, Entity, Kind, Project
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import parse_production
from propagation.services.export_production import export_production
from versions.models import Head, Version

Document: TypeAlias = dict[str, Any]
Stored: TypeAlias = tuple[dict[str, Any], set[tuple[Any, ...]]]


def count_rows() -> dict[str, int]:
    """Return the number of rows of every table, in one statement."""
    tables = {model._meta.label: model._meta.db_table for model in apps.get_models()}
    counts = (f"SELECT '{label}', COUNT(*) FROM \"{table}\"" for label, table in tables.items())  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts))
        return dict(cursor.fetchall())


def list_edges(code: str = "film") -> list[tuple[str, str, str]]:
    """Return (source, target, role) of every reference, in the order in which they were made."""
    references = AssetReference.objects.filter(project__code=code).order_by("pk")
    return list(references.values_list("source__code", "target__code", "role"))


def read_stored(code: str = "film") -> Stored:
    """Return all that a production file can say: entities by code, and references.

    The project itself, whose code is not the file's, stands under the empty code.
    """
    entities = {
        "" if head.entity.kind == Kind.PROJECT else head.entity.code: (
            head.entity.kind,
            head.entity.type,
            head.entity.name,
            head.best.content.body,
        )
        for head in Head.objects.filter(entity__project__code=code).select_related(
            "entity", "best__content"
        )
    }
    references = {
        (source, target, role, label, position, json.dumps(attributes, sort_keys=True))
        for source, target, role, label, position, attributes in AssetReference.objects.filter(
            project__code=code
        ).values_list("source__code", "target__code", "role", "label", "position", "attributes")
    }
    return entities, references


def read_content(code: str) -> Document:
    """Return the content of an entity's best version."""
    return Head.objects.get(entity__code=code).best.content.data


def count_versions() -> dict[str, int]:
    """Return the highest version number of each entity, by code."""
    versions = Version.objects.order_by("number").values_list("entity__code", "number")
    return dict(versions)


def list_codes() -> set[str]:
    """Return the codes of all entities."""
    return set(Entity.objects.values_list("code", flat=True))


def export(code: str = "film") -> str:
    """Return the project as a production file."""
    return "".join(export_production(project=Project.objects.get(code=code)))


def list_defects(document: Mapping[str, Any] | str | bytes) -> set[tuple[str, str]]:
    """Return (pointer, kind) of each defect that is found in the file."""
    defects = DefectList()
    data = document if isinstance(document, (str, bytes)) else json.dumps(document)
    production = parse_production(data, defects)
    assert (production is None) == bool(defects.total)
    assert defects.total == len(defects.listed)
    return {(defect.pointer, defect.code) for defect in defects.listed}
