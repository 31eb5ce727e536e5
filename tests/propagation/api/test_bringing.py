"""New projects, entities and references, one at a time and many at once."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.graph.cache import load_graph
from assets.models import Membership, Project, Role
from propagation.models import PropagationRun
from propagation.recovery.consistency import check_project
from tests.builders import drive, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import (
    list_pointers,
    nothing_written,
    post,
    read_problem,
    send,
)
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db
MARA = {"id": "mara", "type": "character", "content": {"name": "Mara", "coat": "red"}}


def sign_in(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def make_new(amount: int) -> dict[str, Any]:
    return {
        "entities": [
            {"id": f"new-{number}", "type": "prop", "content": {"colour": "red"}}
            for number in range(amount)
        ]
    }


def test_a_film_is_made_from_nothing(api: APIClient) -> None:
    made = post(api, "projects", {"id": "film", "name": "Film", "details": {"style": "noir"}})
    assert made.status_code == 201
    assert made["Location"] == "/api/v1/projects/film"
    assert made.json()["details"] == {"style": "noir"}
    assert post(api, "projects/film/assets", {"entities": [MARA]}).status_code == 201
    shots = {"entities": [{"id": "s1", "content": {"lens": "35mm"}}, {"id": "s2"}]}
    assert [row["version"] for row in post(api, "projects/film/shots", shots).json()["data"]] == [
        "s1_v1",
        "s2_v1",
    ]
    assert post(api, "projects/film/sequences", {"entities": [{"id": "q"}]}).status_code == 201
    edges = [
        {"source": "mara", "target": "s1", "role": "character"},
        {"source": "s1", "target": "q", "role": "contains"},
    ]
    linked = post(api, "projects/film/edges", {"add": edges})
    assert linked.status_code in (200, 202), linked.content
    for run in PropagationRun.objects.all():
        drive(run)
    changed = send(api, "PATCH", "assets/mara", '{"coat": "blue"}', HTTP_IF_MATCH='"mara_v1"')
    assert changed.status_code == 202
    assert changed.json()["affected_entities"] == 2
    drive(PropagationRun.objects.get(pk=changed.json()["run_id"]))
    project = Project.objects.get()
    assert not check_project(project=project).exceptions
    assert not list(verify_history(project=project, done=Verification()))
    assert Membership.objects.get().role == Role.ADMIN


def test_a_merge_patch_changes_what_it_names(api: APIClient) -> None:
    load({"assets": [{"id": "mara", "type": "character", "coat": "red", "hat": "tall"}]})
    patch = '{"coat": {"colour": "blue"}, "hat": null}'
    merge = "application/merge-patch+json"
    with nothing_written(besides=["propagation_storedplan"]):
        dry = send(api, "PATCH", "assets/mara?dry_run=true", patch, HTTP_IF_MATCH="*")
        assert [one["field"] for one in dry.json()["fields"]] == ["coat", "hat"]
    done = send(api, "PATCH", "assets/mara", patch, CONTENT_TYPE=merge, HTTP_IF_MATCH="*")
    assert done.json()["version"] == "mara_v2"
    assert api.get("/api/v1/assets/mara").json()["content"] == {"coat": {"colour": "blue"}}
    stale = send(api, "PATCH", "assets/mara", '{"coat": "green"}', HTTP_IF_MATCH='"mara_v1"')
    assert stale.json()["status"] == "conflict"


def test_what_exists_is_not_created_again(api: APIClient) -> None:
    load(star(1))
    with nothing_written():
        taken = {"entities": [MARA, {"id": "hero", "type": "character"}]}
        problem = read_problem(post(api, "projects/film/assets", taken), 409, "entity-exists")
        assert problem["ids"] == ["hero"]
        read_problem(post(api, "projects", {"id": "film"}), 409, "project-exists")


@pytest.mark.parametrize(
    ("kind", "entity", "pointers"),
    [
        ("assets", {"id": "a"}, ["/entities/0/type"]),
        ("assets", {"id": "a", "type": "shot"}, ["/entities/0/type"]),
        ("shots", {"id": "a", "type": "shot"}, ["/entities/0/type"]),
        ("shots", {"id": "a:b\0"}, None),
        ("shots", {"id": ""}, None),
        (
            "assets",
            {"id": "a", "type": "prop", "content": {"name": 5}},
            ["/entities/0/content/name"],
        ),
        ("shots", {"id": "a", "content": {"depends_on": ["hero"]}}, None),
        ("shots", {"id": "a", "colour": "red"}, None),
    ],
)
def test_a_wrong_entity_is_refused_where_it_is_wrong(
    api: APIClient, kind: str, entity: dict[str, Any], pointers: list[str] | None
) -> None:
    load(star(1))
    with nothing_written():
        answer = post(api, f"projects/film/{kind}", {"entities": [entity]})
    assert answer.status_code in (400, 422), answer.content
    if pointers is not None:
        assert list_pointers(answer.json()) == pointers


@pytest.mark.parametrize(
    ("role", "status"), [(None, 404), (Role.VIEWER, 403), (Role.ARTIST, 201), (Role.ADMIN, 201)]
)
def test_artists_create_entities(role: Role | None, status: int) -> None:
    load(star(1))
    client = sign_in(make_user("somebody", roles={"film": role} if role else {}))
    assert post(client, "projects/film/assets", {"entities": [MARA]}).status_code == status


def test_whoever_may_add_projects_does_so_and_is_their_admin() -> None:
    user = make_user("ana")
    with nothing_written():
        read_problem(post(sign_in(user), "projects", {"id": "film"}), 403, "forbidden")
    user.user_permissions.add(Permission.objects.get(codename="add_project"))
    client = sign_in(User.objects.get(pk=user.pk))
    assert post(client, "projects", {"id": "film"}).status_code == 201
    assert post(client, "projects/film/assets", {"entities": [MARA]}).status_code == 201
    assert (
        send(client, "PATCH", "projects/film/settings", '{"strict_writes": true}').status_code
        == 200
    )


def test_the_number_of_statements_does_not_depend_on_how_much_is_new(api: APIClient) -> None:
    load(star(1))
    counts = []
    for amount, kind in ((2, "assets"), (40, "assets")):
        body = {
            "entities": [
                {**one, "id": f"{amount}-{one['id']}"} for one in make_new(amount)["entities"]
            ]
        }
        with CaptureQueriesContext(connection) as queries:
            assert post(api, f"projects/film/{kind}", body).status_code == 201
        counts.append(len(queries))
    load_graph(project_id=Project.objects.get().pk)  # whoever asks first reads it
    for amount in (2, 40):
        edges = [{"source": "hero", "target": f"{amount}-new-{n}"} for n in range(amount)]
        with CaptureQueriesContext(connection) as queries:
            assert post(api, "projects/film/edges", {"add": edges}).status_code in (200, 202)
        counts.append(len(queries))
    assert counts[0] == counts[1], counts
    assert counts[2] == counts[3], counts


def test_references_are_added_and_removed_in_one_run_or_not_at_all(api: APIClient) -> None:
    load(star(2))
    shots = ("shot-00000", "shot-00001")
    gone = [{"source": "hero", "target": one, "role": "character"} for one in shots]
    with nothing_written():
        bad = {"remove": gone, "add": [{"source": "shot-00000", "target": "nobody"}]}
        read_problem(post(api, "projects/film/edges", bad), 404, "not-found")
        cycle = {
            "add": [
                {"source": "shot-00000", "target": "shot-00001"},
                {"source": "shot-00001", "target": "shot-00000"},
            ]
        }
    assert post(api, "projects/film/edges", cycle).status_code == 409
    done = post(api, "projects/film/edges", {"remove": gone})
    assert done.status_code in (200, 202)
    assert api.get("/api/v1/projects/film/edges").json()["data"] == []
    assert post(api, "projects/film/edges", {}).json()["run_id"] is None


def test_references_are_listed_from_both_ends(api: APIClient) -> None:
    load(star(2))
    (used,) = api.get("/api/v1/assets/shot-00001/uses").json()["data"]
    assert (used["source"], used["consumed"], used["follow"]) == ("hero", "hero_v1", "best")
    users = api.get("/api/v1/assets/hero/usages?role=character&fields=target").json()["data"]
    assert users == [{"target": "shot-00000"}, {"target": "shot-00001"}]
    assert api.get("/api/v1/assets/hero/uses").json()["data"] == []
    table = api.get(
        "/api/v1/projects/film/edges?fields=source,target", headers={"Accept": "text/csv"}
    )
    assert table.content.decode().splitlines()[1] == '"hero","shot-00000"'


def test_a_production_is_imported_after_it_was_looked_at(api: APIClient) -> None:
    load(star(1))
    document = {**star(3), "more": 1}
    with nothing_written():
        dry = post(api, "projects/film/import?dry_run=true", document).json()
    assert (dry["created"], dry["references_added"], dry["ignored"]) == (2, 2, ["more"])
    done = post(api, "projects/film/import", document)
    assert {**done.json(), "dry_run": True}.items() >= dry.items()
    assert api.get("/api/v1/projects/film/shots?count=true").json()["total"] == 3


def test_a_defective_production_changes_nothing_and_every_defect_is_named(api: APIClient) -> None:
    load(star(1))
    document = {"assets": [{"id": "a"}], "shots": [{"shot_id": 5}]}
    with nothing_written():
        answer = post(api, "projects/film/import", document)
    problem = read_problem(answer, 422, "defective-production")
    assert problem["total"] == len(problem["errors"]) == 2
    assert json.dumps(problem["errors"])
