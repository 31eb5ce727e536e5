"""Who may see and do what: every line of matrix.txt, as everybody, here and elsewhere."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, resolve
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from assets.models import Project, Role
from propagation.api.urls import urlpatterns
from propagation.models import ExternalJob, PropagationItem, PropagationRule, RunKind, Scope
from propagation.services.access_tokens import make_token
from propagation.services.annotate_version import annotate_version
from propagation.services.change_references import find_edge
from propagation.services.edit_leases import start_lease
from propagation.services.edit_webhooks import create_webhook
from propagation.services.examine_changes import Change
from propagation.services.pin_references import Terms, pin_reference
from propagation.services.propagate_change import propagate_change
from propagation.services.send_webhooks import send_test
from tests.builders import change, get_entity, load, make_cause, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    Answer,
    nothing_written,
    post,
    read_any_problem,
    read_bytes,
    read_problem,
    send,
)
from versions.services.annotate import Remark

pytestmark = pytest.mark.django_db
REASON = {"reason": "as it was"}
POSTER = {"slot": "poster", "type": "image", "urls": ["https://a.example/poster.png"]}
HOOK = {"url": "https://hooks.example.com/in"}
MULTIPART = "multipart/form-data; boundary=x"
UPLOAD = (
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nbytes\r\n--x--\r\n'
)
SCOPE = {"type": "characters", "project_id": "PROJECT", "character_ids": ["hero"]}
BODIES: dict[str, object] = {
    "EMPTY": {},
    "NEW_PROJECT": {"id": "sequel"},
    "PRODUCTION": {"assets": [{"id": "late", "type": "prop"}]},
    "EDGES": {"add": [{"source": "shot-00000", "target": "shot-00001"}]},
    "NEW_ASSET": {"entities": [{"id": "late", "type": "prop"}]},
    "NEW_SHOT": {"entities": [{"id": "late"}]},
    "PATCH": {"hat": "tall"},
    "ALL": {"all": True},
    "DIGEST": {"digest_hour": 9},
    "TOKEN": {"name": "nightly"},
    "SETTINGS": {"strict_writes": True},
    "MEMBER": {"role": "artist"},
    "EDGE": {"source": "PROJECT:shot-00000", "target": "PROJECT:shot-00001"},
    "OLD_EDGE": {"source": "PROJECT:hero", "target": "PROJECT:shot-00001", "role": "character"},
    "PIN": {"source": "PROJECT:hero", **REASON},
    "UNPIN": {"source": "PROJECT:hero"},
    "LOCK": {"is_locked": True},
    "CHANGE": {"change_data": {"hat": "tall"}},
    "BACK": {"version_number": 1, **REASON},
    "BATCH": {"asset_changes": [{"asset_id": "PROJECT:hero", "changes": {"hat": "tall"}}]},
    "POSTER": POSTER,
    "HIDDEN": {"is_hidden": True},
    "METADATA": {"metadata": {"a": 1}},
    "REVIEW": {"status": "review"},
    "APPROVED": {"status": "approved"},
    "REJECTED": {"status": "rejected"},
    "BEST": {"version": 1},
    "BEST_POSTER": {"version": 2, "slot": "poster"},
    "VERSIONS": {"entries": [{"scope": SCOPE, **POSTER}]},
    "UPLOAD": UPLOAD,
    "SKIP": {"ids": ["shot-00000"]},
    "REASON": REASON,
    "FAILED": {"error": "out of memory"},
    "RULE": {"action": "hold"},
    "PROPOSAL": {"asset_id": "PROJECT:hero", "change_data": {"hat": "tall"}},
    "CHOICE": {"choices": {"colour": "yours"}},
    "PROCEED": {"proceed": True},
    "LEASE": {"fields": ["hat"]},
    "MARK": {"project": "PROJECT"},
    "MARK_SOURCE": {"project": "PROJECT", "reason": "source"},
    "WATCH": {"mode": "watch"},
    "HOOK": HOOK,
    "HOOK_TYPES": {"types": ["edge.changed"]},
}
ANYBODY, STAFF, NOBODY = "anybody", "staff", "nobody"
BATCHES = ("propagation/batch", "assets:batch_versions")
"""Paths that tell what is refused of each part, in a 422 problem."""
ABSENT = {
    "RUN": 123_456,
    "FILE": "1/none.png",
    "CONFLICT": 123_456,
    "OBSTACLE": 123_456,
    "WEBHOOK": 123_456,
    "MESSAGE": "msg_none",
    "PLAN": "pl_none",
    "JOB": "job_none",
    "LEASE": "el_none",
    "TOKEN": "tok_none",
}
WORDS = re.compile("|".join(sorted({*ABSENT, "PROJECT"})))
Ids = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table."""

    who: str
    scope: Scope
    method: str
    path: str
    body: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body or ''}"

    @property
    def url(self) -> str:
        """The path from the root."""
        return self.path if self.path.startswith("/") else f"/api/v1/{self.path}"

    @property
    def route(self) -> str:
        """The name of the route that answers."""
        path = WORDS.sub("1", self.url.partition("?")[0])
        name = resolve(path).url_name
        assert name
        return name

    def send(self, client: APIClient, ids: Ids, *, project: str = "film") -> Answer:
        """Send it, with the project's code and the ids of what lies in it filled in."""
        known = {**ids, "PROJECT": project}
        path = WORDS.sub(lambda found: str(known[found[0]]), self.url)
        body = BODIES[self.body] if self.body else None
        raw = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        raw = raw.replace("PROJECT", project)
        content_type = MULTIPART if body is UPLOAD else "application/json"
        answer = client.generic(self.method, path, data=raw, content_type=content_type)
        if answer.streaming:
            read_bytes(answer)
        return answer


def _read_table() -> Iterator[Line]:
    for line in Path(__file__).with_name("matrix.txt").read_text().splitlines():
        cells = line.split()
        if cells and not line.startswith("#"):
            who, scope, method, path, *body = cells
            yield Line(
                who=who,
                scope=Scope(scope),
                method=method,
                path=path,
                body=body[0] if body else None,
            )


TABLE = list(_read_table())
OF_PROJECTS = [line for line in TABLE if line.who in (*Role.values, NOBODY)]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody who asks. role: in the film; scope: of their token, if they have one."""

    client: APIClient
    role: Role | None = None
    scope: Scope | None = None
    is_staff: bool = False


@pytest.fixture(scope="module")
def ids(shared_director: User, django_db_blocker: DjangoDbBlocker) -> Ids:
    """Have in the film what the table names; return its ids."""
    with django_db_blocker.unblock():
        return _prepare(shared_director)


def _prepare(director: User) -> Ids:
    api, at = sign_in(director), timezone.now()
    project = Project.objects.get(code="film")
    PropagationRule.objects.create(project=project, name="keep", action="hold", fields=["colour"])
    run = change("hero", colour="red").run
    assert run
    for _ in "ab":
        assert post(api, "assets/film:hero/versions", POSTER).status_code == 201
    file = send(api, "POST", "projects/film/files", UPLOAD, CONTENT_TYPE=MULTIPART).json()
    hero = get_entity("hero")
    edge = find_edge(source=hero, target=get_entity("shot-00002"), role=None, label=None)
    pin_reference(edge=edge, terms=Terms(number=2), cause=make_cause(kind=RunKind.PIN), at=at)
    stale = Change(entity=hero, data={"colour": "green"}, base_version=1)
    clash = propagate_change(change=stale, cause=make_cause(director), at=at).open_conflicts[0]
    hidden = annotate_version(
        entity=hero,
        slot="definition",
        number=2,
        remark=Remark(is_hidden=True),
        cause=make_cause(kind=RunKind.APPROVAL),
        at=at,
    ).conflicts[0]
    webhook = create_webhook(project=project, values=HOOK, actor=None, at=at)
    lease = start_lease(entity=hero, user=director, fields=["coat"], base_version=None, at=at)
    mine = make_token(user=director, name="mine", scope=Scope.READ, actor=None, at=at).token
    dry_run = post(api, "assets/film:hero/propagate?dry_run=true", BODIES["CHANGE"]).json()
    make_user("kim", roles={"film": Role.VIEWER})
    return {
        "RUN": run.pk,
        "FILE": file["file"],
        "CONFLICT": clash.pk,
        "OBSTACLE": hidden.pk,
        "WEBHOOK": webhook.pk,
        "MESSAGE": send_test(pk=webhook.pk, actor=None, at=at).message_id,
        "PLAN": dry_run["plan_token"],
        "JOB": _make_job(project),
        "LEASE": lease.token,
        "TOKEN": mine.code,
    }


def _make_job(project: Project) -> str:
    """Have an item of another run that somebody outside makes; return the job's token."""
    run = change("hero", shoes="red").run
    assert run
    item = PropagationItem.objects.get(run=run, entity=get_entity("shot-00000"))
    item.state = "waiting"
    item.save()
    at = timezone.now()
    job = ExternalJob.objects.create(
        token="job_of_the_film",  # noqa: S106 (it is no secret here)
        project=project,
        item=item,
        created_at=at,
        due_at=at + timedelta(hours=1),
    )
    return job.token


@pytest.fixture(scope="module")
def callers(ids: Ids, django_db_blocker: DjangoDbBlocker) -> dict[str, Caller]:
    """Have people of all roles, and tokens of all scopes of the film's admin."""
    del ids
    with django_db_blocker.unblock():
        users = {role: make_user(role.value, roles={"film": role}) for role in Role}
        boss = make_user("boss", is_superuser=True)
        admin = users[Role.ADMIN]
        return {
            **{role.value: Caller(client=sign_in(user), role=role) for role, user in users.items()},
            "superuser": Caller(client=sign_in(boss), role=Role.ADMIN, is_staff=True),
            **{
                f"token to {scope}": Caller(
                    client=_give_token(admin, scope), role=Role.ADMIN, scope=scope
                )
                for scope in Scope
            },
        }


@pytest.fixture(scope="module")
def strangers(ids: Ids, django_db_blocker: DjangoDbBlocker) -> dict[str, APIClient]:
    """Have whoever may see nothing of the film: the last one is its admin, with a token."""
    del ids
    with django_db_blocker.unblock():
        load(star(1), code="other")
        away = make_user("away", roles={"film": Role.ADMIN, "other": Role.ADMIN})
        return {
            "of no project": sign_in(make_user("new")),
            "of another project": sign_in(make_user("stranger", roles={"other": Role.ADMIN})),
            "with a token for another project": _give_token(away, Scope.ADMIN, only="other"),
        }


def sign_in(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def _give_token(user: User, scope: Scope, *, only: str | None = None) -> APIClient:
    projects = [Project.objects.get(code=only)] if only else None
    made = make_token(
        user=user, name="x", scope=scope, projects=projects, actor=None, at=timezone.now()
    )
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {made.text}")


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what the block writes, so that the next one finds all as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def list_methods(view: Callable[..., Any]) -> set[str]:
    """Return the methods that the view of a route answers, but for HEAD and OPTIONS."""
    cls = view.cls  # type: ignore[attr-defined]
    return {
        name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(cls, name)
    }


def test_the_table_has_every_method_of_every_route() -> None:
    routes = {
        (route.name, method)
        for route in urlpatterns
        if isinstance(route, URLPattern)
        for method in list_methods(route.callback)
    }
    assert {(line.route, line.method) for line in TABLE} == {*routes, ("metrics", "GET")}


@pytest.mark.parametrize("line", TABLE, ids=str)
def test_everybody_may_do_what_their_role_and_token_say(
    line: Line, ids: Ids, callers: Mapping[str, Caller]
) -> None:
    with nothing_written():
        read_problem(line.send(APIClient(), ids), 401, "unauthenticated")
    for name, caller in callers.items():
        with taken_back():
            if _is_allowed(line, caller):
                answer = line.send(caller.client, ids)
                is_done = answer.status_code in (200, 201, 202, 204)
                # A run can be steered in some states only.
                assert is_done or answer.json()["code"] == "invalid-run-state", (
                    name,
                    answer.json(),
                )
            else:
                with nothing_written():
                    _check_refused(line, caller, line.send(caller.client, ids))


def _is_allowed(line: Line, caller: Caller) -> bool:
    if caller.scope and not caller.scope.includes(line.scope):
        return False
    if line.who == STAFF:
        return caller.is_staff
    if line.who == NOBODY:
        return False
    return line.who == ANYBODY or bool(caller.role and caller.role.includes(Role(line.who)))


def _check_refused(line: Line, caller: Caller, answer: Answer) -> None:
    """Check that it is refused, and says for which reason."""
    if caller.scope and not caller.scope.includes(line.scope):
        read_problem(answer, 403, "insufficient-scope")
    elif line.who == NOBODY:
        read_problem(answer, 404, "not-found")
    elif line.path.startswith(BATCHES):
        problem = read_problem(answer, 422, "batch-invalid")
        assert '"forbidden"' in json.dumps(problem)
    else:
        problem = read_problem(answer, 403, "forbidden")
        assert line.who == STAFF or repr(line.who) in problem["detail"]


@pytest.mark.parametrize("line", OF_PROJECTS, ids=str)
def test_a_project_of_others_answers_as_one_that_does_not_exist(
    line: Line, ids: Ids, strangers: Mapping[str, APIClient]
) -> None:
    for client in strangers.values():
        with taken_back(), nothing_written():
            present = read_any_problem(line.send(client, ids))
            absent = read_any_problem(line.send(client, ABSENT, project="none"))
        is_batch = line.path.startswith(BATCHES)
        assert (present["status"], present["code"]) == (
            (422, "batch-invalid") if is_batch else (404, "not-found")
        )
        told = _forget_names(line, present, {**ids, "PROJECT": "film"})
        assert told == _forget_names(line, absent, {**ABSENT, "PROJECT": "none"})


def _forget_names(line: Line, problem: dict[str, Any], ids: Ids) -> str:
    """Return the problem without the names and the path that were asked for."""
    text = json.dumps({**problem, "request_id": "", "instance": ""})
    for word in {*WORDS.findall(line.path), "PROJECT"}:
        text = re.sub(rf"\b{re.escape(str(ids[word]))}\b", word, text)
    return text


@pytest.mark.parametrize("line", [line for line in TABLE if line.who == ANYBODY], ids=str)
def test_what_is_for_anybody_tells_nobody_of_a_project_of_others(
    line: Line, ids: Ids, strangers: Mapping[str, APIClient]
) -> None:
    for client in strangers.values():
        with taken_back():
            answer = line.send(client, ids)
            assert answer.status_code in (200, 201), answer.content
            assert "film" not in answer.content.decode()


BASELINES = Path(__file__).with_name("statements.txt")
"""How many SQL statements each line takes. CONTINUITY_WRITE_BASELINES=1 writes it anew."""


def _count(line: Line, caller: Caller, ids: Ids) -> int:
    """Return how many statements the line takes for who asks a second time; caches are warm then.

    Without savepoints: here they stand for what is BEGIN and COMMIT elsewhere.
    """
    for _ in "ab":
        with taken_back(), CaptureQueriesContext(connection) as captured:
            line.send(caller.client, ids)
    return sum("SAVEPOINT" not in one["sql"] for one in captured.captured_queries)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the baselines are those of SQLite")
def test_every_line_takes_as_many_statements_as_are_written_down(
    ids: Ids, callers: Mapping[str, Caller]
) -> None:
    found = [f"{_count(line, callers['superuser'], ids):4}  {line}" for line in TABLE]
    if os.environ.get("CONTINUITY_WRITE_BASELINES"):
        BASELINES.write_text("\n".join(found) + "\n")
    assert found == BASELINES.read_text().splitlines()
