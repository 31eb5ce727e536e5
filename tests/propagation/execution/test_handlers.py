"""Handlers: new content for targets, made here or by somebody outside."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Project, Role
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch
from propagation.execution.attempt import attempt_batch
from propagation.handlers.contract import JsonObject, Material
from propagation.models import ExternalJob, JobState, PropagationRun, RunStatus
from propagation.recovery.consistency import check_project
from propagation.services.complete_jobs import expire_jobs
from propagation.services.steer_run import cancel_run
from tests.builders import chain, change, drive, get_entity, load, make_user, star
from tests.client import APIClient
from tests.propagation.api.asking import nothing_written, post, read_problem
from versions.models import Head

pytestmark = pytest.mark.django_db
PROMPT = {"shot": "propagation.handlers.prompt.rebuild_prompt"}
OUTSIDE = {"shot": "propagation.handlers.external.queue_render"}


def rename_or_fail(material: Material) -> JsonObject:
    """Fail on the second shot, and note the tags of what is used in the others."""
    if material.code == "shot-00001":
        msg = "no such model"
        raise ValueError(msg)
    return {**material.content, "tags": [used.content.get("colour") for used in material.uses]}


def make_film() -> None:
    """Have a hero and a hat that two shots use, and a sequence of the two."""
    document = star(2)
    document["assets"].append({"id": "hat", "type": "prop", "description": "worn at sea"})
    for shot in document["shots"]:
        shot["visual_prompt"]["prop_references"] = ["hat"]
        shot["action"] = "She looks up."
    document["sequences"] = [{"sequence_id": "seq-1", "shots": ["shot-00000", "shot-00001"]}]
    load(document)


def read(code: str = "shot-00000") -> dict[str, Any]:
    content: dict[str, Any] = Head.objects.get(
        entity__code=code, slot="definition"
    ).best.content.data
    return content


def act(code: str = "hero", **fields: Any) -> PropagationRun:  # noqa: ANN401 (any JSON value)
    run = change(code, **fields).run
    assert run is not None
    return run


def work(run: PropagationRun) -> PropagationRun:
    """Do what workers would do until all that is left waits for somebody outside."""
    while True:
        run.refresh_from_db()
        before = run.generation
        continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
        run.refresh_from_db()
        if not run.is_active or run.generation == before:
            return run
        for number in run.batches.filter(done_at=None, step=run.step).values_list(
            "number", flat=True
        ):
            apply_batch(run_id=run.pk, number=number, at=timezone.now())


def is_consistent() -> bool:
    found = check_project(project=Project.objects.get(code="film"))
    return (found.exceptions, found.excused) == ((), 0)


def count_states(run: PropagationRun) -> dict[str, str]:
    return dict(run.items.values_list("entity__code", "state"))


def test_a_prompt_is_rebuilt_from_what_the_shot_uses(settings: Any) -> None:  # noqa: ANN401
    settings.HANDLERS = PROMPT
    make_film()
    run = drive(act(colour="red"))
    assert read()["prompt_text"].splitlines()[-2:] == [
        "character Hero: as cast; colour red",
        "prop hat: worn at sea",
    ]
    item = run.items.get(entity__code="shot-00000")
    assert item.before is not None
    assert "prompt_text" not in item.before.content.data
    drive(act("hat", description="lost"))
    assert read()["prompt_text"].endswith("prop hat: lost")
    assert read()["action"] == "She looks up."
    assert is_consistent()


def test_what_a_handler_changes_beyond_what_was_consumed_goes_on(settings: Any) -> None:  # noqa: ANN401
    """The shots consume notes, and get another prompt: what is behind sees only that."""
    settings.HANDLERS = PROMPT
    make_film()
    project = Project.objects.get()
    project.references.filter(target__kind="shot").update(facets=15)
    project.graph_revision += 1
    project.save()
    run = drive(act(name="Ann"))
    assert count_states(run).keys() == {"shot-00000", "shot-00001"}
    assert "character Ann" in read()["prompt_text"]
    repair = project.runs.get(kind="repair")
    assert count_states(drive(repair)) == {"seq-1": "applied"}
    assert is_consistent()


def test_one_failing_target_fails_alone(settings: Any) -> None:  # noqa: ANN401
    settings.HANDLERS = {"shot": f"{__name__}.rename_or_fail"}
    make_film()
    run = drive(act(colour="red"))
    assert run.status == RunStatus.PARTIAL
    assert count_states(run) == {
        "shot-00000": "applied",
        "shot-00001": "failed",
        "seq-1": "applied",
    }
    failed = run.items.get(entity__code="shot-00001")
    assert failed.error == "ValueError: no such model"
    assert read()["tags"] == ["red", None]


def test_a_handler_costs_as_many_statements_for_100_as_for_10(settings: Any) -> None:  # noqa: ANN401
    settings.HANDLERS = PROMPT
    counts = set()
    for size in (10, 100):
        load(star(size), code=f"film{size}")
        run = change("hero", f"film{size}", colour="red").run
        assert run is not None
        with CaptureQueriesContext(connection) as captured:
            apply_batch(run_id=run.pk, number=0, at=timezone.now())
        counts.add(len(captured))
    assert len(counts) == 1


@pytest.fixture
def waiting(settings: Any) -> PropagationRun:  # noqa: ANN401 (pytest-django's)
    """Have a run whose shots wait for somebody outside."""
    settings.HANDLERS = OUTSIDE
    make_film()
    return work(act(colour="red"))


def list_jobs(api: APIClient) -> dict[str, dict[str, Any]]:
    jobs = api.get("/api/v1/projects/film/jobs").json()["data"]
    return {job["asset_id"]: job for job in jobs}


def complete(api: APIClient, job: dict[str, Any], **body: Any) -> Any:  # noqa: ANN401
    return post(api, job["complete_url"].removeprefix("/api/v1/"), body)


def test_a_job_says_what_to_do_and_its_result_lets_the_run_go_on(
    waiting: PropagationRun, api: APIClient
) -> None:
    assert count_states(waiting) == {
        "shot-00000": "waiting",
        "shot-00001": "waiting",
        "seq-1": "queued",
    }
    assert is_covered()
    jobs = list_jobs(api)
    assert jobs.keys() == {"shot-00000", "shot-00001"}
    uses = jobs["shot-00000"]["payload"]["uses"]
    assert [(use["id"], use["content"].get("colour")) for use in uses] == [
        ("hero", "red"),
        ("hat", None),
    ]
    for code, job in jobs.items():
        answer = complete(api, job, content={"frame": f"https://farm.example/{code}.png"})
        assert (answer.status_code, answer.json()["state"]) == (200, "applied")
    assert work(waiting).status == RunStatus.SUCCESS
    assert read()["frame"] == "https://farm.example/shot-00000.png"
    assert set(count_states(waiting).values()) == {"applied"}
    while run := PropagationRun.objects.filter(finished_at=None).first():
        drive(run)
    assert is_consistent()


def is_covered() -> bool:
    return not check_project(project=Project.objects.get(code="film")).exceptions


def test_a_message_that_comes_again_neither_counts_nor_fails(
    waiting: PropagationRun, api: APIClient
) -> None:
    for _ in range(5):
        attempt_batch(run_id=waiting.pk, number=0, at=timezone.now())
    assert waiting.batches.get(number=0).deliveries == 0
    assert len(list_jobs(api)) == 2


def test_a_job_is_completed_once(waiting: PropagationRun, api: APIClient) -> None:
    job = list_jobs(api)["shot-00000"]
    assert complete(api, job, content={}).status_code == 200
    with nothing_written():
        read_problem(complete(api, job, content={"frame": 2}), 409, "job-over")


def test_a_job_that_failed_outside_fails_its_item(waiting: PropagationRun, api: APIClient) -> None:
    jobs = list_jobs(api)
    assert complete(api, jobs["shot-00000"], error="no licence").json()["state"] == "failed"
    complete(api, jobs["shot-00001"], content={"frame": 1})
    assert work(waiting).status == RunStatus.PARTIAL
    assert waiting.items.get(entity__code="shot-00000").error == "no licence"


def test_nobody_answers_and_the_items_fail(waiting: PropagationRun) -> None:
    assert expire_jobs(at=timezone.now()) == 0
    assert expire_jobs(at=timezone.now() + timedelta(hours=2)) == 2
    assert work(waiting).status == RunStatus.PARTIAL
    assert "nobody answered" in waiting.items.get(entity__code="shot-00000").error
    assert set(ExternalJob.objects.values_list("state", flat=True)) == {JobState.EXPIRED}


def test_to_cancel_the_run_is_to_cancel_its_jobs(waiting: PropagationRun, api: APIClient) -> None:
    job = list_jobs(api)["shot-00000"]
    boss = make_user("boss", is_superuser=True)
    run = cancel_run(run_id=waiting.pk, actor=boss, at=timezone.now())
    assert run.status == RunStatus.CANCELLED
    assert set(count_states(run).values()) == {"cancelled"}
    read_problem(complete(api, job, content={}), 409, "job-over")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "validation-error"),
        ({"content": {}, "error": "x"}, 422, "validation-error"),
        ({"content": 1}, 422, "validation-error"),
        ({"contents": {}}, 422, "unknown-field"),
    ],
)
def test_a_result_that_is_none_is_refused(
    waiting: PropagationRun, api: APIClient, body: dict[str, Any], status: int, code: str
) -> None:
    job = list_jobs(api)["shot-00000"]
    with nothing_written():
        read_problem(complete(api, job, **body), status, code)


def test_jobs_are_for_members_who_may_edit(waiting: PropagationRun, api: APIClient) -> None:
    job = list_jobs(api)["shot-00000"]
    for name, roles, status, code in (
        ("stranger", {}, 404, "not-found"),
        ("viewer", {"film": Role.VIEWER}, 403, "forbidden"),
    ):
        client = APIClient()
        client.force_authenticate(make_user(name, roles=roles))
        with nothing_written():
            read_problem(complete(client, job, content={}), status, code)
    assert get_entity("shot-00000")


def answer_badly(material: Material) -> Any:  # noqa: ANN401 (what no handler may answer)
    """Answer what cannot be stored, by the shot."""
    return {"shot-00000": None, "shot-00001": {**material.content, "name": "Other"}}[material.code]


def test_what_cannot_be_stored_fails_its_item_alone(settings: Any) -> None:  # noqa: ANN401
    settings.HANDLERS = {"shot": f"{__name__}.answer_badly"}
    make_film()
    run = drive(act(colour="red"))
    assert count_states(run) == {
        "shot-00000": "failed",
        "shot-00001": "failed",
        "seq-1": "unchanged",
    }
    assert "cannot rename" in run.items.get(entity__code="shot-00001").error


def test_jobs_that_wait_for_each_other_are_no_failed_attempts(
    settings: Any,  # noqa: ANN401 (pytest-django's)
    api: APIClient,
) -> None:
    """Five links of a chain in one batch: each opens when the one before it is made."""
    settings.HANDLERS = {"prop": OUTSIDE["shot"]}
    load(chain(6))
    run = work(act("a0", colour="red"))
    for index in range(1, 6):
        for _ in range(2):
            attempt_batch(run_id=run.pk, number=0, at=timezone.now())
        (job,) = list_jobs(api).values()
        assert job["asset_id"] == f"a{index}"
        assert complete(api, job, content={"frame": index}).status_code == 200
        attempt_batch(run_id=run.pk, number=0, at=timezone.now())
    assert work(run).status == RunStatus.SUCCESS
    assert set(count_states(run).values()) == {"applied"}


def test_a_newer_run_takes_over_no_job_that_it_does_not_open_itself(
    waiting: PropagationRun, api: APIClient
) -> None:
    newer = change("hat", description="lost").run
    assert newer is not None
    waiting.refresh_from_db()
    assert waiting.is_active
    assert len(list_jobs(api)) == 2


@pytest.mark.parametrize(
    "content", [{"name": "Other"}, {"depends_on": []}, {"visual_prompt": {"prop_references": []}}]
)
def test_a_result_is_checked_as_a_change_is(
    waiting: PropagationRun, api: APIClient, content: dict[str, Any]
) -> None:
    job = list_jobs(api)["shot-00000"]
    with nothing_written():
        read_problem(complete(api, job, content=content), 422, "invalid-change")


def test_a_result_made_from_what_is_so_no_more_is_made_anew(
    waiting: PropagationRun, api: APIClient
) -> None:
    jobs = list_jobs(api)
    change("hat", description="lost")
    answer = complete(api, jobs["shot-00000"], content={"frame": "old"})
    assert answer.json()["state"] == "queued"
    assert "frame" not in read()
    assert ExternalJob.objects.get(token=jobs["shot-00000"]["token"]).state == JobState.OUTDATED
    complete(api, jobs["shot-00001"], content={"frame": "old"})
    work(waiting)
    again = list_jobs(api)["shot-00000"]
    uses = {use["id"]: use["content"] for use in again["payload"]["uses"]}
    assert uses["hat"]["description"] == "lost"
    assert complete(api, again, content={"frame": "new"}).json()["state"] == "applied"
    assert read()["frame"] == "new"
