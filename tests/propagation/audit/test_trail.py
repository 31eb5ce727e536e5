"""The audit trail: whatever is written leaves an entry, and nobody takes one back."""

import ast
import csv
import json
from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from assets.models import Membership, Priority, Project, Role
from assets.services.priority import set_priority
from config.environment import PROJECT_ROOT
from propagation.models import AuditEntry, PropagationRun
from tests.builders import change, drive, get_entity, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import Answer, post, read_problem, send
from versions.models import FieldFacet

pytestmark = pytest.mark.django_db
WHY = "as agreed at dailies"
EDGE = {"source": "hero", "target": "shot-00000", "role": "seen_in", "note": WHY}
PIN = {"source": "hero", "reason": WHY}
POSTER = {"slot": "poster", "type": "image", "urls": ["https://cdn.example/1.png"], "note": WHY}
CHANGE = {"change_data": {"colour": "blue"}, "note": WHY}
STALE = {"change_data": {"colour": "green"}, "base_version": 1, "note": WHY}
HOOK = {"url": "https://hooks.example.com/in"}
SEVERAL = {"asset_changes": [{"asset_id": "hero", "changes": {"hat": "tall"}}], "note": WHY}


@pytest.fixture
def film() -> PropagationRun:
    """Have three shots with the hero, one of them with a rule that holds; return a change's run."""
    load(star(3))
    rule = {"action": "hold", "expression": 'target_code == "shot-00001"'}
    project = Project.objects.get()
    ask(
        sign_in(make_user("boss", is_superuser=True)),
        "PUT",
        f"projects/{project.code}/rules/wait",
        rule,
    )
    run = change("hero", colour="red").run
    assert run
    return run


def sign_in(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def ask(api: APIClient, method: str, path: str, body: object = None) -> Answer:
    """Send the value as JSON; it has to be taken."""
    answer = send(api, method, path, json.dumps(body if body is not None else {}))
    assert answer.status_code < 300 or answer.json().get("status") == "conflict", answer.content
    return answer


def meet(api: APIClient) -> str:
    """Have a conflict; return its path."""
    return f"conflicts/{ask(api, 'POST', 'assets/hero/propagate', STALE).json()['conflict_id']}"


def finish() -> PropagationRun:
    return drive(PropagationRun.objects.get(kind="change"))


def undo(api: APIClient) -> Answer:
    return ask(api, "POST", f"runs/{finish().pk}/undo", {"reason": WHY})


def retry(api: APIClient) -> Answer:
    run = PropagationRun.objects.get(kind="change")
    ask(api, "POST", f"runs/{run.pk}/cancel")
    return ask(api, "POST", f"runs/{run.pk}/retry")


def steer(how: str, body: object = None) -> Callable[[APIClient], object]:
    def do(api: APIClient) -> object:
        run = PropagationRun.objects.get(kind="change")
        return ask(api, "POST", f"runs/{run.pk}/{how}", body)

    return do


def request(method: str, path: str, body: object = None) -> Callable[[APIClient], object]:
    return lambda api: ask(api, method, path, body)


def in_turn(*steps: Callable[[APIClient], object]) -> Callable[[APIClient], object]:
    return lambda api: [step(api) for step in steps]


def prioritise(api: APIClient) -> object:
    return set_priority(
        project_id=get_entity("hero").project_id,
        entity_ids=[get_entity("hero").pk],
        priority=Priority.CRITICAL,
        actor=User.objects.get(username="ana"),
        at=timezone.now(),
    )


def on_hook(method: str, path: str, body: object = None) -> Callable[[APIClient], object]:
    def do(api: APIClient) -> object:
        owner = sign_in(make_user("owner", is_superuser=True))
        pk = ask(owner, "POST", "projects/film/webhooks", HOOK).json()["id"]
        return ask(api, method, f"webhooks/{pk}{path}", body)

    return do


def join(api: APIClient) -> Answer:
    return ask(api, "PUT", "projects/film/members/boss", {"role": "artist", "reason": WHY})


def revoke(api: APIClient) -> Answer:
    made = ask(api, "POST", "me/tokens", {"name": "nightly"}).json()
    return ask(api, "DELETE", f"me/tokens/{made['id']}")


SCENARIOS: dict[str, tuple[Callable[[APIClient], object], set[str]]] = {
    "propagate_changes": (
        request("POST", "assets/hero/propagate", CHANGE),
        {"version_created", "run_state"},
    ),
    "propagate_batch": (
        request("POST", "propagation/batch", SEVERAL),
        {"version_created", "run_state"},
    ),
    "add_entities": (
        request("POST", "projects/film/shots", {"entities": [{"id": "s9"}], "note": WHY}),
        {"entity_created", "entities_created"},
    ),
    "create_project": (
        request("POST", "projects", {"id": "sequel"}),
        {"membership_created", "entity_created", "production_imported", "project_created"},
    ),
    "roll_back": (
        request("POST", "assets/hero/rollback", {"version_number": 1, "reason": WHY}),
        {"version_created", "run_state"},
    ),
    "set_best": (
        request("PUT", "assets/hero/best", {"version": 1, "note": WHY}),
        {"best_changed", "run_state"},
    ),
    "annotate_version": (
        request("PATCH", "assets/hero/versions/2", {"status": "approved", "note": WHY}),
        {"annotation_created"},
    ),
    "create_media": (
        request("POST", "assets/hero/versions", POSTER),
        {"version_created", "best_changed"},
    ),
    "change_references": (
        request("POST", "edges", EDGE),
        {"reference_created", "version_created", "run_state"},
    ),
    "pin_reference": (
        request("PUT", "assets/shot-00000/pins", PIN),
        {"pin_set", "reference_changed", "version_created", "run_state"},
    ),
    "unpin_reference": (
        in_turn(
            request("PUT", "assets/shot-00000/pins", PIN),
            request("DELETE", "assets/shot-00000/pins", {"source": "hero"}),
        ),
        {"pin_set", "reference_changed", "version_created", "run_state"},
    ),
    "approve_holds": (
        request("POST", "projects/film/holds/approve", {"all": True, "note": WHY}),
        {"hold_closed", "run_state"},
    ),
    "reject_holds": (
        request("POST", "projects/film/holds/reject", {"all": True, "note": WHY}),
        {"hold_closed"},
    ),
    "save_rule": (request("PUT", "projects/film/rules/keep", {"action": "hold"}), {"rule_created"}),
    "delete_rule": (request("DELETE", "projects/film/rules/wait"), {"rule_deleted"}),
    "resolve_conflict": (
        lambda api: ask(
            api, "PUT", f"{meet(api)}/resolution", {"choices": {"colour": "yours"}, "note": WHY}
        ),
        {"conflict_opened", "conflict_resolved", "version_created", "run_state"},
    ),
    "dismiss_conflict": (
        lambda api: ask(api, "POST", f"{meet(api)}/dismiss", {"reason": WHY}),
        {"conflict_opened", "conflict_resolved"},
    ),
    "withdraw_edit": (
        lambda api: ask(api, "POST", f"{meet(api)}/withdraw", {"reason": WHY}),
        {"conflict_opened", "conflict_resolved"},
    ),
    "pause_run": (steer("pause"), {"run_state"}),
    "resume_run": (in_turn(steer("pause"), steer("resume")), {"run_state"}),
    "cancel_run": (steer("cancel"), {"run_cancelled"}),
    "retry_run": (retry, {"run_cancelled", "run_state"}),
    "skip_items": (steer("skip", {"ids": ["shot-00000"]}), {"run_state"}),
    "undo_run": (undo, {"version_created", "run_state"}),
    "edit_settings": (
        request("PATCH", "projects/film/settings", {"strict_writes": True, "reason": WHY}),
        {"project_changed"},
    ),
    "edit_project": (
        request("PATCH", "projects/film/settings", {"leases_lock": True, "reason": WHY}),
        {"project_changed"},
    ),
    "set_entity_locks": (
        request("PUT", "assets/hero/lock", {"is_locked": True, "reason": WHY}),
        {"entity_changed"},
    ),
    "lock_entities": (
        request("PUT", "assets/shot-00000/lock", {"is_locked": True, "reason": WHY}),
        {"entity_changed"},
    ),
    "set_priority": (prioritise, {"entity_changed"}),
    "create_webhook": (request("POST", "projects/film/webhooks", HOOK), {"webhook_created"}),
    "change_webhook": (on_hook("PATCH", "", {"types": ["edge.changed"]}), {"webhook_changed"}),
    "rotate_secret": (on_hook("POST", "/rotate"), {"webhook_changed"}),
    "delete_webhook": (on_hook("DELETE", ""), {"webhook_deleted"}),
    "make_token": (request("POST", "me/tokens", {"name": "nightly"}), {"token_created"}),
    "revoke_tokens": (revoke, {"token_created", "token_revoked"}),
    "save_member": (join, {"membership_created"}),
    "remove_member": (
        in_turn(join, request("DELETE", "projects/film/members/boss")),
        {"membership_created", "membership_deleted"},
    ),
}
WITHOUT = {
    "send_test": "changes nothing; the log of deliveries has it",
    "replay_delivery": "as send_test",
    "save_subscription": "what one wants to hear is nobody else's affair",
    "save_preference": "as save_subscription",
    "mark_notices": "as save_subscription",
    "start_lease": "who is at something is no change, and over in 30 seconds",
    "renew_lease": "as start_lease",
    "issue_ticket": "lets somebody connect who may anyhow",
    "import_production": "test_an_import_leaves_an_entry_for_all_that_it_wrote",
    "complete_job": "test_handlers.py: its entries are checked there",
    "fail_job": "as complete_job",
    "retry_runs": "as retry_run, of several",
    "repair_project": "starts a run, as the others do; the run tells",
}


def find_writers() -> set[str]:
    """Return the names of all public functions of services that open a transaction."""
    found = set()
    for room in ("assets", "versions", "propagation"):
        for path in (PROJECT_ROOT / room / "services").glob("*.py"):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    marks = [ast.unparse(one) for one in node.decorator_list]
                    if "transaction.atomic" in marks:
                        found.add(node.name)
    return found


def test_every_writing_service_has_a_scenario_or_a_reason() -> None:
    assert find_writers() == SCENARIOS.keys() | WITHOUT.keys()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_service_writes_leaves_its_entries(film: PropagationRun, name: str) -> None:
    del film
    do, actions = SCENARIOS[name]
    ana = make_user("ana", is_superuser=True)
    newest = AuditEntry.objects.latest("pk").pk
    do(sign_in(ana))
    entries = AuditEntry.objects.filter(pk__gt=newest, actor=ana)
    found = set(entries.values_list("action", flat=True))
    assert found - {"conflict_merged"} == actions  # the film's run is under way
    assert entries.exclude(before=None, after=None).count() == entries.count()


@pytest.mark.usefixtures("film")
def test_an_entry_says_who_what_why_and_from_what_to_what() -> None:
    ana = make_user("ana", is_superuser=True)
    body = ask(sign_in(ana), "POST", "assets/hero/propagate", CHANGE).json()
    entry = AuditEntry.objects.filter(action="version_created").latest("pk")
    assert (entry.actor, entry.reason, entry.entity) == (ana, WHY, get_entity("hero"))
    assert entry.before == {"version": 2, "fields": {"colour": "red"}}
    assert entry.after == {"version": 3, "fields": {"colour": "blue"}}
    started = AuditEntry.objects.filter(action="run_state", run_id=body["run_id"]).get()
    assert (started.actor, started.reason, started.after["status"]) == (ana, WHY, "accepted")


@pytest.mark.usefixtures("film")
def test_a_decision_about_a_hold_names_its_rule_and_run() -> None:
    ana = make_user("ana", is_superuser=True)
    run = PropagationRun.objects.get(kind="change")
    ask(sign_in(ana), "POST", "projects/film/holds/reject", {"all": True, "note": WHY})
    entry = AuditEntry.objects.get(action="hold_closed")
    assert (entry.rule, entry.run_id, entry.reason) == ("wait", run.pk, WHY)
    assert entry.entity == get_entity("shot-00001")


def test_an_import_leaves_an_entry_for_all_that_it_wrote() -> None:
    load(star(2))
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions.count("entity_created") == 4
    assert actions.count("reference_created") == 2
    assert actions[-1] == "production_imported"


def test_a_large_import_leaves_one_entry_for_each_table() -> None:
    load(star(1500))
    counted = AuditEntry.objects.get(action="reference_created")
    assert counted.after == {"rows": 1500}


@pytest.mark.usefixtures("film")
def test_what_the_admin_saves_leaves_entries_too() -> None:
    project, kim = Project.objects.get(), make_user("kim")
    membership = Membership.objects.create(project=project, user=kim, role=Role.VIEWER)
    membership.role = Role.ADMIN
    membership.save()
    FieldFacet.objects.create(project=project, field="mood", facet="metadata")
    membership.delete()
    rows = AuditEntry.objects.order_by("-pk").values_list("action", "name", "before", "after")[:4]
    assert list(rows) == [
        ("membership_deleted", "kim", {"user": "kim", "role": "admin"}, None),
        (
            "field_facet_created",
            "mood",
            None,
            {"entity_type": "", "field": "mood", "facet": "metadata"},
        ),
        ("membership_changed", "kim", {"role": "viewer"}, {"role": "admin"}),
        ("membership_created", "kim", None, {"user": "kim", "role": "viewer"}),
    ]


@pytest.mark.usefixtures("film")
def test_the_trail_does_not_give_away_where_webhooks_lead() -> None:
    ask(sign_in(make_user("ana", is_superuser=True)), "POST", "projects/film/webhooks", HOOK)
    entry = AuditEntry.objects.get(action="webhook_created")
    assert "hooks.example.com" not in f"{entry.name}{entry.before}{entry.after}"


@pytest.mark.usefixtures("film")
def test_what_did_not_happen_leaves_no_entry() -> None:
    before = AuditEntry.objects.count()
    api = sign_in(make_user("ana", is_superuser=True))
    post(api, "assets/hero/propagate?dry_run=true", CHANGE)
    ask(api, "POST", "assets/hero/propagate", {"change_data": {"colour": "red"}})
    read_problem(post(api, "edges", {"source": "hero", "target": "hero"}), 409, "dependency-cycle")
    with transaction.atomic():
        ask(api, "POST", "assets/hero/propagate", CHANGE)
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == before


@pytest.mark.usefixtures("film")
def test_the_database_refuses_to_change_an_entry() -> None:
    with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
        AuditEntry.objects.update(reason="another")
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="append_only"), transaction.atomic():
            AuditEntry.objects.all().delete()


def read(api: APIClient, path: str) -> list[dict[str, object]]:
    """Return all pages of an activity, three rows each."""
    rows: list[dict[str, object]] = []
    cursor = ""
    while True:
        glue = "&" if "?" in path else "?"
        page = api.get(f"/api/v1/{path}{glue}limit=3&cursor={cursor}").json()
        rows += page["data"]
        cursor = page["next"]
        if not cursor:
            return rows


def test_the_activity_of_an_entity_has_what_runs_made_of_it(film: PropagationRun) -> None:
    drive(film)
    ana = make_user("ana", is_superuser=True)
    api = sign_in(ana)
    ask(api, "POST", "assets/shot-00000/propagate", {"change_data": {"mood": "calm"}, "note": WHY})
    rows = read(api, "assets/shot-00000/activity")
    assert [row["action"] for row in rows] == [
        "version_created",
        "version_propagated",
        "reference_created",
        "entity_created",
    ]
    made = rows[1]
    assert (made["run_id"], made["rule"], made["after"]) == (film.pk, "all-else", {"version": 2})
    assert read(api, "assets/shot-00000/activity?actor=ana") == rows[:1]
    assert read(api, f"assets/shot-00000/activity?run={film.pk}") == rows[1:2]
    assert read(api, "assets/shot-00000/activity?action=version_propagated") == rows[1:2]
    assert read(api, "projects/film/activity?asset_id=shot-00000") == rows


def test_the_activity_of_a_project_comes_in_pages_newest_first(film: PropagationRun) -> None:
    drive(film)
    api = sign_in(make_user("ana", is_superuser=True))
    rows = read(api, "projects/film/activity")
    assert len(rows) == AuditEntry.objects.count()
    assert [row["at"] for row in rows] == sorted((str(row["at"]) for row in rows), reverse=True)
    since = str(rows[2]["at"]).replace("+", "%2B")
    later = read(api, f"projects/film/activity?since={since}")
    assert later == [row for row in rows if str(row["at"]) >= str(rows[2]["at"])]
    for cursor in ("x", "MTIz", "MjAyNiAwIDE="):
        answer = api.get(f"/api/v1/projects/film/activity?cursor={cursor}")
        read_problem(answer, 400, "bad-cursor")


@pytest.mark.usefixtures("film")
def test_the_activity_is_also_a_table_that_no_spreadsheet_executes() -> None:
    api = sign_in(make_user("ana", is_superuser=True))
    body = {"change_data": {"colour": "blue"}, "note": '=HYPERLINK("https://evil.example")'}
    ask(api, "POST", "assets/hero/propagate", body)
    answer = api.get("/api/v1/projects/film/activity?limit=3", HTTP_ACCEPT="text/csv")
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert len(rows) == 3
    assert {row["reason"] for row in rows} >= {'\'=HYPERLINK("https://evil.example")'}
    assert json.loads(rows[-1]["after"])
    assert "Link" in answer
    wrong = api.get("/api/v1/projects/film/activity?colour=1", HTTP_ACCEPT="text/csv")
    read_problem(wrong, 400, "unknown-parameter")
