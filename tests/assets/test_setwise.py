"""Set-wise writes keep every value as it is, in a number of statements that rows do not change."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Entity, Project
from assets.setwise import (
    ROWS_PER_STATEMENT,
    copy_rows,
    delete_rows,
    insert_rows,
    load_rows,
    select_ids,
    update_rows,
    upsert_rows,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD_TEXTS = (
    "",
    " leading and trailing ",
    'it\'s "quoted" and `ticked`',
    "back\\slash, \\n is no newline, \\u0041 is no A",
    "new\nline, carriage\rreturn, tab\t",
    "%s %(name)s %% {0} $1 ?",
    "{1,2}",
    '{"json": [1, null]}',
    "NULL",
    "null",
    "true",
    "1e5",
    "007",
    "e\u0301 is not \u00e9",
    "日本語 \U0001f3ac \u2028\u202e",
    "'; DROP TABLE assets_entity; --",
)
ODD_VALUES: tuple[Any, ...] = (
    *ODD_TEXTS,
    None,
    True,
    False,
    0,
    -1,
    2**53 + 1,
    1.5,
    0.1,
    [],
    {},
    [1, [2, {"three": None}]],
    {"key with 'quotes' and \"more\"": {"": "\\"}},
)
PROJECT_COLUMNS = ("code", "name", "details", "graph_revision", "created_at")
USER_COLUMNS = (
    "username", "password", "first_name", "last_name", "email",
    "is_superuser", "is_staff", "is_active", "last_login", "date_joined",
)  # fmt: skip
ENTITY_COLUMNS = (
    "project", "kind", "type", "code", "name", "priority", "is_locked", "created_at",
)  # fmt: skip

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
big_integers = st.integers(-(2**63), 2**63 - 1)
times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (Hypothesis wants naive bounds)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what the block writes: Hypothesis runs many examples in one test."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def make_project(code: str = "film") -> Project:
    return Project.objects.create(code=code, name=code)


def list_entities(project: Project, amount: int, name: str = "") -> Iterator[tuple[Any, ...]]:
    for index in range(amount):
        yield project.pk, "asset", "prop", f"p{index}", name, "normal", False, NOON


def insert_entities(project: Project, amount: int, name: str = "") -> list[int]:
    rows = list_entities(project, amount, name)
    inserted = insert_rows(model=Entity, columns=ENTITY_COLUMNS, rows=rows, returning=["id"])
    return [pk for (pk,) in inserted]


def list_user_rows(names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return [
        (name, "", "", "", "", index % 2 == 0, False, True, NOON if index % 2 else None, NOON)
        for index, name in enumerate(names)
    ]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_is_inserted_and_updated_as_it_is(text: str) -> None:
    project = make_project()
    (pk,) = insert_entities(project, 1, text)
    assert Entity.objects.get(pk=pk).name == text
    update_rows(model=Entity, key="id", columns=["name"], rows=[(pk, "other")])
    update_rows(model=Entity, key="id", columns=["name"], rows=[(pk, text)])
    assert Entity.objects.get(pk=pk).name == text


@pytest.mark.parametrize("many", [1, 3])
def test_what_is_loaded_comes_back_as_it_is(many: int) -> None:
    rows = [
        (f"p{at}-{which}", text, {"is": value, "in": text}, at, NOON)
        for at, (text, value) in enumerate(product(ODD_TEXTS, ODD_VALUES))
        for which in range(many)  # several of a kind: what is the same in all rows is sent once
    ]
    load_rows(model=Project, columns=PROJECT_COLUMNS, rows=rows)
    stored = {code: tuple(row) for code, *row in Project.objects.values_list(*PROJECT_COLUMNS)}
    assert stored == {code: tuple(row) for code, *row in rows}
    load_rows(model=User, columns=USER_COLUMNS, rows=list_user_rows(("ana", "bo")))
    ana, bo = User.objects.order_by("username")
    assert (ana.is_superuser, ana.last_login, bo.last_login) == (True, None, NOON)
    load_rows(model=Project, columns=PROJECT_COLUMNS, rows=[])


def test_a_constraint_refuses_what_is_loaded() -> None:
    project = make_project()
    with pytest.raises(IntegrityError), transaction.atomic():
        load_rows(model=Entity, columns=ENTITY_COLUMNS, rows=[*list_entities(project, 2)] * 2)
    assert not Entity.objects.exists()


@pytest.mark.parametrize("value", ODD_VALUES)
def test_json_is_inserted_and_updated_as_it_is(value: object) -> None:
    row = ("a", "A", {"is": value}, 1, NOON)
    ((pk,),) = insert_rows(model=Project, columns=PROJECT_COLUMNS, rows=[row], returning=["id"])
    stored = Project.objects.get(pk=pk).details
    assert stored == {"is": value}
    assert type(stored["is"]) is type(value)
    update_rows(model=Project, key="id", columns=["details"], rows=[(pk, [value])])
    assert Project.objects.get(pk=pk).details == [value]


def test_booleans_times_and_null_come_back_in_their_types() -> None:
    insert_rows(model=User, columns=USER_COLUMNS, rows=list_user_rows(("ana", "bo")))
    ana, bo = User.objects.order_by("username")
    assert (ana.is_superuser, ana.is_staff, ana.is_active) == (True, False, True)
    assert (bo.is_superuser, bo.last_login) == (False, NOON)
    assert ana.last_login is None
    update_rows(
        model=User,
        key="username",
        columns=["last_login", "is_active"],
        rows=[("ana", NOON, False), ("bo", None, True)],
    )
    ana, bo = User.objects.order_by("username")
    assert (ana.last_login, ana.is_active) == (NOON, False)
    assert (bo.last_login, bo.is_active) == (None, True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text("abc-é🎬'\\\"", min_size=1, max_size=8),
        st.tuples(texts, documents, big_integers, times),
        max_size=5,
    ),
    st.dictionaries(
        st.text("abc-é🎬'\\\"", min_size=1, max_size=8),
        st.tuples(texts, documents, big_integers, times),
        max_size=5,
    ),
)
def test_inserts_and_upserts_agree_with_a_dict(
    first: dict[str, tuple[object, ...]], second: dict[str, tuple[object, ...]]
) -> None:
    with rolled_back():
        insert_rows(
            model=Project, columns=PROJECT_COLUMNS, rows=[(key, *row) for key, row in first.items()]
        )
        upsert_rows(
            model=Project,
            key=["code"],
            columns=PROJECT_COLUMNS[1:],
            rows=[(key, *row) for key, row in second.items()],
        )
        stored = {code: tuple(row) for code, *row in Project.objects.values_list(*PROJECT_COLUMNS)}
    assert stored == first | second


def test_an_upsert_leaves_alone_the_columns_that_it_does_not_name() -> None:
    project = make_project()
    insert_entities(project, 1, "Lamp")
    upsert_rows(
        model=Entity,
        key=["project", "code"],
        columns=["kind", "type", "priority", "is_locked", "created_at", "name"],
        rows=[(project.pk, "p0", "asset", "style", "critical", False, NOON, "Look")],
    )
    entity = Entity.objects.get()
    assert (entity.code, entity.type, entity.name) == ("p0", "style", "Look")
    upsert_rows(
        model=Project,
        key=["code"],
        columns=["name", "details", "graph_revision", "created_at"],
        rows=[("film", "Film", {"a": 1}, 5, NOON)],
    )
    project.refresh_from_db()
    assert (project.pk, project.name, project.graph_revision) == (entity.project_id, "Film", 5)


def test_an_insert_returns_what_was_asked_of_each_row() -> None:
    project = make_project()
    returned = insert_rows(
        model=Entity,
        columns=ENTITY_COLUMNS,
        rows=list_entities(project, 3),
        returning=["code", "id", "project"],
    )
    assert sorted(returned) == sorted(Entity.objects.values_list("code", "id", "project"))
    assert insert_rows(model=Entity, columns=ENTITY_COLUMNS, rows=[], returning=["id"]) == []


def test_a_refused_row_is_an_integrity_error() -> None:
    project = make_project()
    rows = [*list_entities(project, 2), *list_entities(project, 1)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(model=Entity, columns=ENTITY_COLUMNS, rows=rows)
    assert not Entity.objects.exists()


def test_an_update_counts_the_rows_that_exist() -> None:
    pks = insert_entities(make_project(), 3)
    rows = [(pk, "new") for pk in [*pks[:2], max(pks) + 1]]
    assert update_rows(model=Entity, key="id", columns=["name"], rows=rows) == 2
    assert list(Entity.objects.order_by("pk").values_list("name", flat=True)) == ["new", "new", ""]


def test_a_delete_takes_the_rows_named_and_counts_them() -> None:
    pks = sorted(insert_entities(make_project(), 3))
    assert delete_rows(model=Entity, ids=[*pks[:2], pks[-1] + 1]) == 2
    assert list(Entity.objects.values_list("pk", flat=True)) == pks[2:]
    assert delete_rows(model=Entity, ids=[]) == 0


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_copy_carries_columns_over_and_adds_the_extras(text: str) -> None:
    historical = Entity.history.model
    user = User.objects.create_user("director")
    kept, left_out = insert_entities(make_project(), 2, text)
    copy_rows(
        source=Entity,
        target=historical,
        columns=[field.name for field in historical.tracked_fields],
        extra={
            "history_date": NOON + timedelta(microseconds=1),
            "history_type": "~",
            "history_user": user.pk,
            "history_change_reason": text,
        },
        ids=[kept],
    )
    assert not historical.objects.filter(id=left_out).exists()
    copied, original = historical.objects.get(id=kept), Entity.objects.get(pk=kept)
    for field in historical.tracked_fields:
        assert getattr(copied, field.attname) == getattr(original, field.attname)
    assert copied.history_date == NOON + timedelta(microseconds=1)
    assert (copied.history_type, copied.history_user) == ("~", user)
    assert copied.history_change_reason == text


def test_a_copy_writes_null_where_an_extra_is_none() -> None:
    historical = Entity.history.model
    pks = insert_entities(make_project(), 1)
    copy_rows(
        source=Entity,
        target=historical,
        columns=[field.name for field in historical.tracked_fields],
        extra={"history_date": NOON, "history_type": "+", "history_user": None},
        ids=pks,
    )
    assert historical.objects.get().history_user is None


@pytest.mark.parametrize("amount", [1, 1_000])
def test_each_write_is_one_statement_for_any_number_of_rows(amount: int) -> None:
    historical = Entity.history.model
    project = make_project()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        pks = insert_entities(project, amount)
        update_rows(model=Entity, key="id", columns=["name"], rows=[(pk, "n") for pk in pks])
        upsert_rows(
            model=Entity,
            key=["project", "code"],
            columns=ENTITY_COLUMNS[1:3] + ENTITY_COLUMNS[4:],
            rows=(
                (project.pk, code, kind, type_, *rest)
                for _, kind, type_, code, *rest in list_entities(project, amount)
            ),
        )
        copy_rows(
            source=Entity,
            target=historical,
            columns=[field.name for field in historical.tracked_fields],
            extra={"history_date": NOON, "history_type": "+"},
            ids=pks,
        )
        delete_rows(model=Entity, ids=pks)
    assert len(queries) == 5
    assert historical.objects.count() == amount
    assert not Entity.objects.exists()


def test_no_rows_need_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        insert_rows(model=Entity, columns=ENTITY_COLUMNS, rows=[])
        update_rows(model=Entity, key="id", columns=["name"], rows=[])
        upsert_rows(model=Project, key=["code"], columns=["name"], rows=[])
        delete_rows(model=Entity, ids=[])
    assert len(queries) == 0


def test_more_rows_than_a_statement_takes_are_split() -> None:
    amount = ROWS_PER_STATEMENT + 1
    project = make_project()
    with CaptureQueriesContext(connection) as queries:
        pks = insert_entities(project, amount)
        updated = update_rows(
            model=Entity, key="id", columns=["name"], rows=((pk, "new") for pk in pks)
        )
    assert len(queries) == 4
    assert (len(set(pks)), updated) == (amount, amount)
    assert Entity.objects.filter(name="new").count() == amount
    assert delete_rows(model=Entity, ids=pks) == amount


@pytest.mark.django_db
def test_any_number_of_ids_is_one_parameter() -> None:
    """SQLite refuses more than 32 766 or 250 000 parameters, by how it was built."""
    project = Project.objects.create(code="film", name="Film")
    with CaptureQueriesContext(connection) as captured:
        found = list(Project.objects.filter(pk__in=select_ids(range(project.pk, 400_000))))
    assert (found, len(captured)) == ([project], 1)
    assert not Project.objects.filter(pk__in=select_ids([])).exists()
