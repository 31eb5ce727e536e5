"""Load an invented production: rows of any number, in the state that an import leaves behind.

Memory is bounded by a chunk of nodes, and 150 bytes per node for codes and checksums. The rows of
history that an import writes are left out: nothing that is measured reads them.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Max

from assets.models import AssetReference, Entity, Kind, Project
from assets.models.entity import write_project_code
from propagation.management.benchmark.columns import name_column, name_table, read_defaults
from propagation.management.benchmark.graphs import Node, Reach
from versions.canonical import hash_text, write_canonical
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.facets import ALL_FACETS, get_consumed
from versions.models import DEFINITION, Consumption, Content, Head, Origin, Version, VersionInput

NODES_AT_ONCE = 20_000
NOTE = "made for a measurement"
TEXT = "Rain has been falling on the harbour since the morning, and nobody on the ferry looks up. "
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Entity: ("id", "project", "kind", "type", "code", "name", "created_at"),
    Content: ("id", "body", "sha256"),
    Version: (
        *("id", "entity", "number", "content", "origin", "note"),
        *("changed", "checksum", "created_at"),
    ),
    AssetReference: ("id", "project", "source", "target", "role", "position", "facets"),
    VersionInput: ("version", "source", "role", "position", "source_version"),
    Head: ("entity", "best", "latest"),
    Consumption: ("reference", "version"),
}


@dataclass(kw_only=True)
class Film:
    """A production that was loaded. The entity of a node is numbered `first_id` and its index."""

    code: str
    project_id: int
    first_id: int
    reach: Reach = field(default_factory=Reach)

    def list_targets(self) -> Iterator[tuple[int, int]]:
        """Yield the id and the level of each entity that the change reaches, in no order."""
        for index, level in enumerate(self.reach.levels):
            if level > 0:
                yield self.first_id + index, level


def load_film(*, code: str, nodes: Iterable[Node], at: datetime) -> Film:
    """Make a project of these nodes, each with its first version, all up to date.

    For a database that nobody else writes to: rows are numbered here.
    """
    project = Project.objects.create(code=code, name=code)
    writer = _Writer(project=project, at=at)
    film = Film(code=code, project_id=project.pk, first_id=writer.next_entity)
    with _without_checks():
        for node in nodes:
            film.reach.add(node)
            writer.add(node)
        writer.add(Node(code=write_project_code(code), kind=Kind.PROJECT, type=Kind.PROJECT))
        writer.flush()
    _reset_sequences()
    refresh()
    return film


def refresh() -> None:
    """Clear away what updates left behind, and tell the planner of what was written.

    As autovacuum does where it is on; here it must come neither too late nor into a measurement.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        with suppress(DatabaseError):  # for superusers; without it one comes at some time
            cursor.execute("CHECKPOINT")


class _Writer:
    """Turns nodes into rows, and writes them a chunk at a time."""

    def __init__(self, *, project: Project, at: datetime) -> None:
        self._project = project
        self._at = at
        self._at_column = connection.ops.adapt_datetimefield_value(at)
        self.next_entity = _find_next(Entity)
        self._first_entity = self.next_entity
        self._next_content = _find_next(Content)
        self._first_version = _find_next(Version)
        self._next_reference = _find_next(AssetReference)
        self._checksums: list[bytes] = []
        self._codes: list[str] = []
        self._rows: dict[type[models.Model], list[Sequence[Any]]] = {one: [] for one in COLUMNS}

    def add(self, node: Node) -> None:
        """Make the rows of a node."""
        name = self._project.name if node.kind == Kind.PROJECT else node.code
        body = write_canonical({"name": name, "description": TEXT * 2 + node.code})
        sha256 = hash_text(body)
        entity, version = self.next_entity, self._first_version + len(self._checksums)
        checksum = self._seal(node, sha256)
        project = self._project.pk
        row = (entity, project, node.kind, node.type, node.code, name, self._at_column)
        self._rows[Entity].append(row)
        self._rows[Content].append((self._next_content, body, sha256))
        self._rows[Version].append(
            (
                *(version, entity, 1, self._next_content, Origin.IMPORTED.value, NOTE),
                *(int(ALL_FACETS), checksum, self._at_column),
            )
        )
        self._rows[Head].append((entity, version, version))
        for position, (used, role) in enumerate(node.uses):
            source, consumed = self._first_entity + used, self._first_version + used
            facets = int(get_consumed(role))
            reference = self._next_reference
            self._rows[AssetReference].append(
                (reference, project, source, entity, role, position, facets)
            )
            self._rows[VersionInput].append((version, source, role, position, consumed))
            self._rows[Consumption].append((reference, consumed))
            self._next_reference += 1
        self._codes.append(node.code)
        self._checksums.append(bytes.fromhex(checksum))
        self._next_content += 1
        self.next_entity += 1
        if len(self._checksums) % NODES_AT_ONCE == 0:
            self.flush()

    def flush(self) -> None:
        """Write what is there."""
        with transaction.atomic():
            for model, rows in self._rows.items():
                _write(model, rows)
                rows.clear()

    def _seal(self, node: Node, sha256: str) -> str:
        return compute_checksum(
            entity_code=node.code,
            slot=DEFINITION,
            number=1,
            content_sha256=sha256,
            parent_checksum=None,
            provenance=Provenance(
                origin=Origin.IMPORTED,
                author_id=None,
                run_id=None,
                note=NOTE,
                changed=int(ALL_FACETS),
                created_at=self._at,
            ),
            inputs=[
                InputChange(
                    source_code=self._codes[used],
                    role=role,
                    label="",
                    position=position,
                    attributes={},
                    source_checksum=self._checksums[used].hex(),
                )
                for position, (used, role) in enumerate(node.uses)
            ],
        )


def _write(model: type[models.Model], rows: Sequence[Sequence[Any]]) -> None:
    given = COLUMNS[model]
    defaults = read_defaults(model, given)
    names = ", ".join(name_column(model, name) for name in (*given, *defaults))
    rest = tuple(defaults.values())
    table = name_table(model)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            copying: Any = cursor  # psycopg's own, which Django's stubs do not know
            with copying.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((*row, *rest))
            return
        marks = ", ".join(["%s"] * (len(given) + len(rest)))
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
            [(*row, *rest) for row in rows],
        )


@contextmanager
def _without_checks() -> Iterator[None]:
    """Let rows be written without looking up what each points at: 13 look-ups per shot.

    For superusers of PostgreSQL; it takes twice as long with them.
    """
    if connection.vendor == "sqlite":
        with connection.constraint_checks_disabled():
            yield
        return
    with connection.cursor() as cursor:
        with suppress(DatabaseError):
            cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("RESET session_replication_role")


def _find_next(model: type[models.Model]) -> int:
    newest: int | None = model._default_manager.aggregate(newest=Max("pk"))["newest"]  # noqa: SLF001
    return (newest or 0) + 1


def _reset_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(COLUMNS)):
            cursor.execute(statement)
