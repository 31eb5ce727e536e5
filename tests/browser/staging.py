"""A production in which each page of the admin has something to show."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assets.models import AssetReference, Project
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch, fail_batch
from propagation.execution.ready import select_ready
from propagation.models import Conflict, PropagationRule, PropagationRun, StoredPlan
from propagation.services.edit_rules import save_rule
from propagation.services.edit_webhooks import create_webhook
from propagation.services.examine_changes import Change
from propagation.services.propagate_change import propagate_change
from propagation.services.send_webhooks import send_test
from propagation.webhooks.sending import Answer
from propagation.webhooks.store import claim_deliveries, record_answer
from tests.builders import change, drive, get_entity, load, make_cause, make_user, star
from versions.models import Version
from versions.services.entity_lock import set_entity_locks

SHOTS = 24
LIST = "changelist"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """Who looks, and the pages by name."""

    director: User
    session: str
    pages: Mapping[str, str]


def stage() -> Staged:
    """Make the production: held, failed and clashing, with a webhook that nobody answers."""
    director = make_user("director", is_superuser=True)
    project = _load()
    at = timezone.now()
    values = {"action": "hold", "target_types": ["sequence"], "fields": ["grade"]}
    rule = save_rule(project=project, name="keep-cuts", values=values, actor=director, at=at)
    other = {"fields": ["grade", "edit"], "position": 3}
    save_rule(project=project, name="keep-cuts", values=other, actor=director, at=at)
    shot = get_entity("shot-00003")
    set_entity_locks(
        project_id=project.pk,
        entity_ids=[shot.pk],
        is_locked=True,
        reason="in review",
        actor=director,
        at=at,
    )
    _run(change("hero", wardrobe="a long red coat").run)
    _run(change("hero", wardrobe="a long blue coat").run)
    stale = Change(entity=get_entity("hero"), data={"wardrobe": "a green coat"}, base_version=1)
    conflict = propagate_change(change=stale, cause=make_cause(director), at=at).conflicts[0]
    _fail_delivery(project)
    client = Client()
    client.force_login(director)
    return Staged(
        director=director,
        session=client.cookies["sessionid"].value,
        pages=_list_pages(client, _fail_run(), conflict, rule),
    )


def _load() -> Project:
    document = star(SHOTS)
    document["sequences"] = [
        {"sequence_id": f"seq-{number}", "shots": [f"shot-{index:05}" for index in shots]}
        for number, shots in enumerate((range(12), range(12, SHOTS)))
    ]
    load(document)
    project: Project = Project.objects.get(code="film")
    return project


def start_run(colour: str) -> PropagationRun:
    """Start a run that nobody works on yet."""
    run = change("hero", colour=colour).run
    assert run is not None
    return run


def go_on(run: PropagationRun) -> PropagationRun:
    """Do the run's next step as its workers would."""
    run.refresh_from_db()
    continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
    run.refresh_from_db()
    ready = select_ready(run.batches.filter(done_at=None, step=run.step))
    for number in list(ready.values_list("number", flat=True)):
        apply_batch(run_id=run.pk, number=number, at=timezone.now())
    return run


def _run(run: PropagationRun | None) -> PropagationRun:
    assert run is not None
    return drive(run)


def _fail_run() -> PropagationRun:
    run = change("shot-00005", framing="closer").run
    assert run is not None
    fail_batch(run_id=run.pk, number=0, error="The storage did not answer.", at=timezone.now())
    return drive(run)


def _fail_delivery(project: Project) -> None:
    at = timezone.now()
    values = {"url": "https://hooks.example.com/in"}
    webhook = create_webhook(project=project, values=values, actor=None, at=at)
    delivery = send_test(pk=webhook.pk, actor=None, at=at)
    (claim,) = claim_deliveries(pks=[delivery.pk], at=at)
    answer = Answer(status=418, error="answered 418", text="teapot")
    record_answer(claim=claim, answer=answer, at=at)


def _list_pages(
    client: Client, failed: PropagationRun, conflict: Conflict, rule: PropagationRule
) -> dict[str, str]:
    hero = get_entity("hero")
    shown = client.post(
        reverse("admin:assets_asset_propagate", args=[hero.pk]),
        {"content": '{"wardrobe": "none"}', "mode": "auto", "note": "", "base_version": 3},
    )
    assert shown["Location"] == _find("propagation_storedplan", StoredPlan.objects.get().pk)
    version = Version.objects.get(entity=hero, slot="definition", number=3)
    reference = AssetReference.objects.filter(source=hero).earliest("pk")
    graph = reverse("admin:assets_asset_graph", args=[hero.pk])
    uses = reverse("admin:assets_shot_uses", args=[reference.target_id])
    return {
        "index": reverse("admin:index"),
        "entities": reverse("admin:assets_shot_changelist"),
        "runs": reverse("admin:propagation_propagationrun_changelist"),
        "items": reverse("admin:propagation_propagationitem_changelist"),
        "versions": reverse("admin:versions_version_changelist"),
        "entity": _find("assets_asset", hero.pk),
        "change": reverse("admin:assets_asset_propagate", args=[hero.pk]),
        "rule": _find("propagation_propagationrule", rule.pk),
        "project": _find("assets_project", hero.project_id),
        "user": _find("auth_user", User.objects.get().pk),
        "history": reverse("admin:propagation_propagationrule_history", args=[rule.pk]),
        "compare": reverse("admin:versions_version_compare", args=[version.pk]),
        "plan": shown["Location"],
        "run": _find("propagation_propagationrun", failed.pk),
        "dead letters": reverse("dead-letters"),
        "queues": reverse("queues-page"),
        "graph": graph,
        "drawn graph": f"{graph}?as=drawing&down=3",
        "uses": f"{uses}?pin={reference.pk}",
        "conflict": _find("propagation_conflict", conflict.pk),
    }


def _find(model: str, pk: int) -> str:
    return reverse(f"admin:{model}_change", args=[pk])
