"""Builders: small productions, in the database as a person would have put them there."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from assets.models import Entity, Membership, Project, Role
from propagation.execution.advance import continue_run
from propagation.execution.apply import apply_batch
from propagation.execution.cause import Cause
from propagation.execution.ready import select_ready
from propagation.interchange.defects import DefectList
from propagation.interchange.reading import read_production
from propagation.models import PropagationRun, RunKind, RunMode
from propagation.services.change_content import Outcome
from propagation.services.examine_changes import Change
from propagation.services.import_production import ImportReport, import_production
from propagation.services.propagate_change import propagate_change
from propagation.services.set_best import set_best
from versions.canonical import JsonObject
from versions.media import MediaDocument
from versions.models import DEFINITION, Head
from versions.services.media import MediaDraft, PublishedMedia, find_fault, publish_media
from versions.services.slots import open_slots


def make_user(
    name: str, *, is_superuser: bool = False, roles: Mapping[str, Role] | None = None
) -> User:
    """Make a user with roles in projects, by project code."""
    user = User.objects.create_user(name, is_superuser=is_superuser, is_staff=is_superuser)
    for code, role in (roles or {}).items():
        Membership.objects.create(project=Project.objects.get(code=code), user=user, role=role)
    return user


def load(document: Mapping[str, Any], *, code: str = "film") -> ImportReport:
    """Import a production document."""
    defects = DefectList()
    production = read_production(document, defects)
    assert production is not None, defects.listed
    return import_production(
        production=production, project_code=code, actor=None, at=timezone.now()
    )


def star(shots: int, *, kind: str = "character") -> dict[str, Any]:
    """Return a production of one asset, `hero`, that so many shots use."""
    key = "prop_references" if kind == "prop" else f"{kind}_references"
    use = "hero" if kind == "prop" else {"asset_id": "hero"}
    return {
        "assets": [{"id": "hero", "type": kind, "name": "Hero", "description": "as cast"}],
        "shots": [
            {"shot_id": f"shot-{index:05}", "visual_prompt": {key: [use]}} for index in range(shots)
        ],
    }


def chain(length: int) -> dict[str, Any]:
    """Return a production of assets a0 → a1 → … of that many."""
    return {
        "assets": [
            {"id": f"a{index}", "type": "prop", "depends_on": [f"a{index - 1}"] if index else []}
            for index in range(length)
        ],
    }


def edges_production(edges: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a production of props with these (source, target) edges."""
    uses: dict[str, list[str]] = {}
    for source, target in edges:
        uses.setdefault(source, [])
        uses.setdefault(target, []).append(source)
    return {
        "assets": [
            {"id": code, "type": "prop", "depends_on": sources} for code, sources in uses.items()
        ],
    }


def get_entity(code: str, project: str = "film") -> Entity:
    """Return an entity by its code."""
    entity: Entity = Entity.objects.select_related("project").get(project__code=project, code=code)
    return entity


def get_content(code: str, project: str = "film") -> JsonObject:
    """Return what the best definition of an entity carries."""
    head = Head.objects.get(entity=get_entity(code, project), slot=DEFINITION)
    content: JsonObject = head.best.content.data
    return content


def make_cause(
    actor: User | None = None,
    *,
    mode: RunMode = RunMode.AUTO,
    note: str = "",
    kind: RunKind = RunKind.CHANGE,
) -> Cause:
    """Return a cause; without an actor the operator's."""
    return Cause(kind=kind, actor=actor, mode=mode, note=note)


def change(
    code: str,
    project: str = "film",
    *,
    mode: RunMode = RunMode.AUTO,
    **fields: Any,  # noqa: ANN401 (any JSON value)
) -> Outcome:
    """Change fields of an entity and start the run."""
    entity = get_entity(code, project)
    return propagate_change(
        change=Change(entity=entity, data=fields), cause=make_cause(mode=mode), at=timezone.now()
    )


def drive(run: PropagationRun) -> PropagationRun:
    """Do what the workers would do for the run, step by step, in this process.

    Workers that an earlier test started may be at it as well.
    """
    run.refresh_from_db()
    while run.is_active:
        generation = run.generation
        continue_run(run_id=run.pk, generation=run.generation, at=timezone.now())
        run.refresh_from_db()
        if run.is_active:
            ready = select_ready(run.batches.filter(done_at=None, step=run.step))
            numbers = list(ready.values_list("number", flat=True))
            is_moving = numbers or run.generation > generation
            assert is_moving, f"run {run.pk} is {run.status}, and nobody can go on with it"
            for number in numbers:
                apply_batch(run_id=run.pk, number=number, at=timezone.now())
    return run


@transaction.atomic
def make_media(
    code: str,
    slot: str = "image",
    *,
    count: int = 1,
    project: str = "film",
    author: User | None = None,
    at: datetime | None = None,
    **how: Any,  # noqa: ANN401 (fields of MediaDraft of different types)
) -> list[PublishedMedia]:
    """Publish that many versions in one slot of media; how: fields of their drafts."""
    entity = get_entity(code, project)
    made_from = how.get("made_from")
    slots = open_slots(
        slots=[(entity.pk, slot)],
        definitions=[(entity.pk, made_from)] if made_from is not None else [],
    )
    how.setdefault("document", MediaDocument(type="image", url=f"https://files.test/{code}.png"))
    drafts = [MediaDraft(entity=entity, slot=slot, **how) for _ in range(count)]
    assert find_fault(drafts[0], slots) is None
    return publish_media(drafts=drafts, slots=slots, author=author, at=at or timezone.now())


def choose_best(
    code: str,
    number: int,
    slot: str = DEFINITION,
    *,
    project: str = "film",
    actor: User | None = None,
    at: datetime | None = None,
) -> Outcome:
    """Make a version the best of its slot and start the run."""
    return set_best(
        entity=get_entity(code, project),
        slot=slot,
        number=number,
        cause=make_cause(actor, kind=RunKind.BEST),
        at=at or timezone.now(),
    )
