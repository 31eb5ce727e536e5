"""Publish new content of entities and start the run that brings their dependents up to date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity
from assets.services.history import record_history
from assets.setwise import select_ids, update_rows
from propagation.execution.start import Cause, start_run
from propagation.live.events import News
from propagation.models import PropagationRun
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.models import Content, Origin
from versions.services.heads import HeadState
from versions.services.publish import Draft, Stamp, publish_versions, store_contents


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a change did. run None: it changed nothing, and nothing was written.

    version_numbers: the current version of each entity that was named, by entity id. changed:
    those of them that got a new one.
    """

    run: PropagationRun | None
    version_numbers: Mapping[int, int]
    changed: frozenset[int] = frozenset()

    @property
    def affected(self) -> int:
        """How many dependents the run contains."""
        return self.run.total if self.run else 0


def publish_contents(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    contents: Mapping[int, JsonObject],
    origin: Origin,
    cause: Cause,
    at: datetime,
) -> Outcome:
    """Publish the contents that differ from what the heads carry, and start one run for them.

    contents: by entity id. The caller holds the locks on the heads, in the same transaction.
    """
    bodies = {entity_id: write_canonical(content) for entity_id, content in contents.items()}
    changed = {
        entity_id: body
        for entity_id, body in bodies.items()
        if hash_text(body) != heads[entity_id].content_sha256
    }
    if not changed:
        return Outcome(run=None, version_numbers={pk: heads[pk].best_number for pk in contents})
    content_ids = store_contents(changed.values())
    drafts = [
        Draft(
            entity_id=entity_id,
            entity_code=heads[entity_id].entity_code,
            parent=heads[entity_id].best,
            latest_number=heads[entity_id].latest_number,
            content_id=content_ids[hash_text(body)],
            content_sha256=hash_text(body),
            note=cause.note,
        )
        for entity_id, body in changed.items()
    ]
    return publish_drafts(
        project_id=project_id,
        heads=heads,
        drafts=drafts,
        names={pk: contents[pk].get("name") for pk in changed},
        origin=origin,
        cause=cause,
        at=at,
    )


def publish_drafts(
    *,
    project_id: int,
    heads: Mapping[int, HeadState],
    drafts: Sequence[Draft],
    names: Mapping[int, object],
    origin: Origin,
    cause: Cause,
    at: datetime,
) -> Outcome:
    """Publish the drafts, keep the entities' names in step, and start one run for all of them."""
    stamp = Stamp(origin=origin, at=at, author=cause.actor)
    version_ids = publish_versions([draft.seal(stamp) for draft in drafts])
    rename_entities(names=names, actor=cause.actor, at=at)
    numbers = {draft.entity_id: draft.latest_number + 1 for draft in drafts}
    news = [
        News(
            type="version_created",
            payload={"asset_id": draft.entity_code, "number": numbers[draft.entity_id]},
        )
        for draft in drafts
    ]
    run = start_run(project_id=project_id, sources=version_ids, cause=cause, at=at, news=news)
    unchanged = {pk: head.best_number for pk, head in heads.items() if pk not in numbers}
    return Outcome(run=run, version_numbers=unchanged | numbers, changed=frozenset(numbers))


def rename_entities(*, names: Mapping[int, object], actor: User | None, at: datetime) -> None:
    """Write the names that differ from the entities', with their history."""
    wanted = {pk: name if isinstance(name, str) else "" for pk, name in names.items()}
    present = dict(Entity.objects.filter(pk__in=select_ids(wanted)).values_list("pk", "name"))
    renamed = [(pk, name) for pk, name in wanted.items() if present[pk] != name]
    update_rows(model=Entity, key="id", columns=["name"], rows=renamed)
    record_history(
        model=Entity,
        ids=[pk for pk, _ in renamed],
        change="~",
        actor=actor,
        reason="name of a new version",
        at=at,
    )


def load_contents(*, heads: Mapping[int, HeadState]) -> dict[int, JsonObject]:
    """Return the content that each head's best version carries, by entity id; one statement."""
    stored = Content.objects.in_bulk([head.content_id for head in heads.values()])
    return {entity_id: stored[head.content_id].data for entity_id, head in heads.items()}
