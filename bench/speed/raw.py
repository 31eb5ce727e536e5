"""The limit: the rows that a run of the product leaves behind, by hand-written SQL.

One transaction on the product's own tables, with their indexes, constraints and triggers. On
PostgreSQL one statement writes all of the targets; on SQLite one per table does. Which targets
there are, and in which batch, is known before: planning is not writing.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from assets.models import AssetReference, Entity
from bench.speed.taking import Take, create_run
from propagation.management.benchmark.columns import name_column, name_table, read_defaults
from propagation.management.benchmark.loading import Film
from propagation.models import ItemState, PropagationBatch, PropagationItem
from propagation.planning.sizing import Sizes
from versions.facets import Facet
from versions.models import DEFINITION, Consumption, Head, Origin, Version, VersionInput

TARGETS = "bench_targets"


def store_targets(film: Film) -> None:
    """Write down, in a table of this connection, what the change reaches and in which batch."""
    size = Sizes(fixed=settings.BATCH_SIZES).choose(lane="batch", count=film.reach.targets)
    ordered = sorted(film.list_targets(), key=lambda one: (one[1], one[0]))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TARGETS}")
        cursor.execute(
            f"CREATE TEMPORARY TABLE {TARGETS} "
            "(entity_id bigint PRIMARY KEY, level integer, batch integer)"
        )
        rows = ((pk, level, at // size) for at, (pk, level) in enumerate(ordered))
        _fill(cursor, rows)
        cursor.execute(f"ANALYZE {TARGETS}")


def _fill(cursor: Any, rows: Iterable[tuple[int, int, int]]) -> None:  # noqa: ANN401 (a cursor)
    if connection.vendor != "postgresql":
        cursor.executemany(f"INSERT INTO {TARGETS} VALUES (%s, %s, %s)", list(rows))  # noqa: S608
        return
    with cursor.copy(f"COPY {TARGETS} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def write_raw(take: Take, *, has_items: bool) -> tuple[float, int]:
    """Bring all targets up to date; return the seconds and the run's id.

    has_items: with the batches and items, which the product writes when it plans.
    """
    with connection.cursor() as cursor:
        begun = time.perf_counter()
        with transaction.atomic():
            run = create_run(take, total=take.film.reach.targets if has_items else 0)
            statements = _Statements(take, run_id=run.pk, has_items=has_items)
            for statement, parameters in statements.list_all():
                cursor.execute(statement, parameters)
        seconds = time.perf_counter() - begun
        if connection.vendor == "sqlite":
            cursor.execute("DROP TABLE bench_target")
            cursor.execute("DROP TABLE bench_moved")
    return seconds, run.pk


class _Statements:
    """The SQL of one run."""

    def __init__(self, take: Take, *, run_id: int, has_items: bool) -> None:
        at = connection.ops.adapt_datetimefield_value(take.at)
        self._has_items = has_items
        self._parameters: dict[str, Any] = {
            "run": run_id,
            "at": at,
            "source": take.film.first_id,
            "source_version": take.version_id,
        }

    def list_all(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the statements in their order, with their parameters."""
        if connection.vendor == "sqlite":
            texts = self._list_for_sqlite()
        else:
            texts = [self._write_for_postgresql()]
        return [(text, self._parameters) for text in texts]

    def _write_for_postgresql(self) -> str:
        version_key = f"nextval(pg_get_serial_sequence('{Version._meta.db_table}', 'id'))"  # noqa: SLF001
        checksum = "encode(sha256(convert_to(t.checksum || t.code || t.number, 'UTF8')), 'hex')"
        parts = [
            f"target AS MATERIALIZED ({_select_targets(version_key)})",
            f"moved AS MATERIALIZED ({_select_moved('target')})",
            f"version AS ({self._insert_versions('target', checksum)})",
            f"input AS ({self._insert_inputs('moved')})",
            f"head AS ({_update_heads('target')})",
        ]
        consumption = _update_consumptions("moved")
        if not self._has_items:
            return f"WITH {', '.join(parts)} {consumption}"
        number = f"RETURNING id, {name_column(PropagationBatch, 'number')} AS number"
        parts.append(f"consumption AS ({consumption})")
        parts.append(f"batch AS ({self._insert_batches('target')} {number})")
        items = self._insert_items("target t JOIN batch ON batch.number = t.batch")
        return f"WITH {', '.join(parts)} {items}"

    def _list_for_sqlite(self) -> list[str]:
        table = name_table(Version)
        version_key = f"(SELECT max(id) FROM {table}) + row_number() OVER ()"  # noqa: S608
        statements = [
            f"CREATE TEMPORARY TABLE bench_target AS {_select_targets(version_key)}",
            "CREATE UNIQUE INDEX temp.bench_target_key ON bench_target (entity_id)",
            f"CREATE TEMPORARY TABLE bench_moved AS {_select_moved('bench_target')}",
            self._insert_versions("bench_target", "lower(hex(randomblob(32)))"),
            self._insert_inputs("bench_moved"),
            _update_heads("bench_target"),
            _update_consumptions("bench_moved"),
        ]
        if self._has_items:
            batches = name_table(PropagationBatch)
            number = name_column(PropagationBatch, "number")
            run = name_column(PropagationBatch, "run")
            joined = f"bench_target t JOIN {batches} batch ON batch.{run} = %(run)s"
            statements += [
                self._insert_batches("bench_target"),
                self._insert_items(f"{joined} AND batch.{number} = t.batch"),
            ]
        return statements

    def _insert_versions(self, table: str, checksum: str) -> str:
        return self._insert(
            Version,
            {
                "id": "t.version_id",
                "entity": "t.entity_id",
                "slot": f"'{DEFINITION}'",
                "number": "t.number + 1",
                "content": "t.content_id",
                "origin": f"'{Origin.PROPAGATED.value}'",
                "run_id": "%(run)s",
                "changed": str(int(Facet.VISUAL)),
                "checksum": checksum,
                "created_at": "%(at)s",
            },
            f"{table} t",
        )

    def _insert_inputs(self, table: str) -> str:
        given = {
            "version": "m.version_id",
            "source": "m.source_id",
            "role": "m.role",
            "label": "m.label",
            "position": "m.position",
            "attributes": "m.attributes",
            "source_version": "m.source_version",
        }
        return self._insert(VersionInput, given, f"{table} m")

    def _insert_batches(self, table: str) -> str:
        given = {
            "run": "%(run)s",
            "number": "t.batch",
            "step": "0",
            "lane": "'batch'",
            "size": "count(*)",
            "applied": "count(*)",
            "deliveries": "1",
            "done_at": "%(at)s",
        }
        return self._insert(PropagationBatch, given, f"{table} t GROUP BY t.batch")

    def _insert_items(self, joined: str) -> str:
        given = {
            "run": "%(run)s",
            "entity": "t.entity_id",
            "batch": "batch.id",
            "level": "t.level",
            "state": f"'{ItemState.APPLIED.value}'",
            "before": "t.before_id",
            "version": "t.version_id",
            "rule": "'all-else'",
            "reason": "'fits anything'",
            "error": "''",
        }
        return self._insert(PropagationItem, given, joined)

    def _insert(self, model: type[models.Model], given: Mapping[str, str], table: str) -> str:
        defaults = read_defaults(model, given)
        marks = []
        for name, value in defaults.items():
            parameter = f"{model._meta.model_name}_{name}"  # noqa: SLF001
            self._parameters[parameter] = value
            marks.append("NULL" if value is None else f"%({parameter})s")
        names = ", ".join(name_column(model, name) for name in (*given, *defaults))
        values = ", ".join([*given.values(), *marks])
        return f"INSERT INTO {name_table(model)} ({names}) SELECT {values} FROM {table}"  # noqa: S608


def _select_targets(version_key: str) -> str:
    """Select each target with what its head points at, and the key of its new version."""
    head, version, entity = map(name_table, (Head, Version, Entity))
    return (
        f"SELECT t.entity_id, t.level, t.batch, h.id AS head_id, "  # noqa: S608
        f"h.{name_column(Head, 'best')} AS before_id, "
        f"v.{name_column(Version, 'number')} AS number, "
        f"v.{name_column(Version, 'content')} AS content_id, "
        f"v.{name_column(Version, 'checksum')} AS checksum, "
        f"e.{name_column(Entity, 'code')} AS code, {version_key} AS version_id "
        f"FROM {TARGETS} t JOIN {entity} e ON e.id = t.entity_id "
        f"JOIN {head} h ON h.{name_column(Head, 'entity')} = t.entity_id "
        f"AND h.{name_column(Head, 'slot')} = '{DEFINITION}' "
        f"JOIN {version} v ON v.id = h.{name_column(Head, 'latest')}"
    )


def _select_moved(targets: str) -> str:
    """Select the references of the targets to what moves, with the version to consume."""
    names = ("source", "role", "label", "position", "attributes")
    source, *rest = (name_column(AssetReference, name) for name in names)
    others = ", ".join(f"r.{column}" for column in rest)
    return (
        f"SELECT r.id AS reference_id, t.version_id, r.{source}, {others}, "  # noqa: S608
        f"coalesce(s.version_id, %(source_version)s) AS source_version FROM {targets} t "
        f"JOIN {name_table(AssetReference)} r "
        f"ON r.{name_column(AssetReference, 'target')} = t.entity_id "
        f"LEFT JOIN {targets} s ON s.entity_id = r.{source} "
        f"WHERE s.entity_id IS NOT NULL OR r.{source} = %(source)s"
    )


def _update_heads(targets: str) -> str:
    best, latest = name_column(Head, "best"), name_column(Head, "latest")
    table = name_table(Head)
    return (
        f"UPDATE {table} SET {best} = t.version_id, {latest} = t.version_id "  # noqa: S608
        f"FROM {targets} t WHERE {table}.id = t.head_id"
    )


def _update_consumptions(moved: str) -> str:
    table = name_table(Consumption)
    return (
        f"UPDATE {table} SET {name_column(Consumption, 'version')} = m.source_version "  # noqa: S608
        f"FROM {moved} m WHERE {table}.{name_column(Consumption, 'reference')} = m.reference_id"
    )
