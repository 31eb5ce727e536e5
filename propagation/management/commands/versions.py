"""manage.py versions: the history of an entity."""

from argparse import ArgumentParser
from typing import Any

from propagation.management.exits import Exit
from propagation.management.lookup import find_entity
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from versions.models import DEFINITION
from versions.naming import write_version_id
from versions.services.history import Hidden, HistoryRow, Wanted, find_history, load_rows
from versions.services.slots import check_slot


class Command(OperatorCommand):
    help = "List the versions of an entity, newest first, also hidden ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entity", help="its code, or project:code")
        parser.add_argument("--slot", default=DEFINITION)

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        entity, slot = find_entity(options["entity"]), options["slot"]
        check_slot(entity=entity, slot=slot)
        versions = find_history(entity=entity, wanted=Wanted(slot=slot, hidden=Hidden.INCLUDE))
        versions = versions.select_related("entity", "author", "annotation", "content")
        rows = load_rows(entity=entity, slot=slot, versions=list(versions.order_by("-number")))
        screen.show_table(
            ["number", "", "origin", "author", "date", "note"],
            [
                (
                    row.version.number,
                    ", ".join(_list_marks(row)),
                    row.version.origin,
                    row.version.author,
                    f"{row.version.created_at:%Y-%m-%d %H:%M:%S}",
                    row.version.note,
                )
                for row in rows
            ],
        )
        screen.show_json(
            {
                "asset_id": entity.code,
                "project_id": entity.project.code,
                "slot": slot,
                "versions": [_describe(row) for row in rows],
            }
        )
        return Exit.OK


def _list_marks(row: HistoryRow) -> list[str]:
    marks = {
        "best": row.is_best,
        "latest": row.is_latest,
        "approved": row.is_approved,
        "hidden": row.is_hidden,
    }
    return [name for name, is_so in marks.items() if is_so]


def _describe(row: HistoryRow) -> dict[str, Any]:
    version = row.version
    return {
        "id": write_version_id(version.entity.code, version.number, version.slot),
        "number": version.number,
        "origin": version.origin,
        "author": version.author.username if version.author else None,
        "created_at": version.created_at,
        "note": version.note,
        "run_id": version.run_id,
        "status": row.status,
        "is_best": row.is_best,
        "is_latest": row.is_latest,
        "is_latest_approved": row.is_approved,
        "is_hidden": row.is_hidden,
    }
