"""Create assets, shots and sequences, each with its first version."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from assets.models import Entity, Project, Role
from assets.services.access import check_role
from assets.services.locking import advance_graph_revision, lock_project
from assets.setwise import select_ids, select_texts
from propagation.audit.trail import Trace, id_of
from propagation.exceptions import EntityExistsError
from propagation.interchange.production import RecordedEntity
from propagation.live.events import News, record_events
from propagation.services.import_rows import create_entities
from versions.canonical import JsonObject, hash_text
from versions.models import Origin
from versions.services.drafting import Edits, draft_versions
from versions.services.publish import Stamp, find_time, publish_versions, store_contents

TOLD = 100
"""Ids that an event names; more are counted only."""


@transaction.atomic
def add_entities(
    *,
    project: Project,
    entities: Sequence[RecordedEntity],
    actor: User | None,
    at: datetime,
    note: str = "",
) -> list[Entity]:
    """Create the entities and publish v1 of each; return them in order.

    A constant number of statements. EntityExistsError, and nothing is created, when the project
    has one of the ids; RoleTooLowError.
    """
    check_role(actor=actor, project_id=project.pk, needed=Role.ARTIST)
    project = lock_project(project_id=project.pk)
    codes = [one.code for one in entities]
    taken = Entity.objects.filter(project=project, code__in=select_texts(codes))
    if found := sorted(taken.values_list("code", flat=True)):
        raise EntityExistsError(found)
    ids = create_entities(project, entities, actor, at, note)
    advance_graph_revision(project=project)
    content_ids = store_contents(one.body for one in entities)
    hashes = {ids[one.code]: hash_text(one.body) for one in entities}
    edits = Edits(
        codes={pk: code for code, pk in ids.items()},
        contents={pk: (content_ids[sha256], sha256) for pk, sha256 in hashes.items()},
        inputs={},
        note=note,
    )
    stamp = Stamp(origin=Origin.AUTHORED, at=at, author=actor)
    sealed = draft_versions(edits=edits, order=[ids[code] for code in codes], heads={}, stamp=stamp)
    publish_versions(sealed)
    told: JsonObject = {"ids": [*codes[:TOLD]], "count": len(codes)}
    trace = Trace(actor_id=id_of(actor), reason=note, after=told)
    news = News(type="entities_created", payload=told, trace=trace)
    record_events(project_id=project.pk, news=[news], at=find_time(sealed, at))
    rows: dict[int, Entity] = Entity.objects.filter(pk__in=select_ids(ids.values())).in_bulk()
    return [rows[ids[code]] for code in codes]
