"""What all ways of writing have in common: a new version of the source, and the run's row."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from propagation.management.benchmark.loading import Film
from propagation.models import PropagationRun, RunKind, RunMode, RunSource, RunStatus
from versions.canonical import hash_text, write_canonical
from versions.facets import Facet
from versions.models import Head, Origin
from versions.services.heads import lock_heads
from versions.services.publish import Draft, Stamp, publish_versions, store_contents


@dataclass(frozen=True, kw_only=True)
class Take:
    """A change of the source that was published, and that nothing has followed yet."""

    film: Film
    version_id: int
    before_id: int
    at: datetime


@transaction.atomic
def publish_source(film: Film) -> Take:
    """Publish a new version of what is changed, as the product does; no run."""
    at = timezone.now()
    heads = lock_heads(Head.objects.filter(entity=film.first_id))
    head = heads[film.first_id]
    body = write_canonical({"name": head.entity_code, "description": f"changed at {at}"})
    draft = Draft(
        entity_id=film.first_id,
        entity_code=head.entity_code,
        head=head,
        content_id=store_contents([body])[hash_text(body)],
        content_sha256=hash_text(body),
        changed=Facet.VISUAL,
    )
    sealed = draft.seal(Stamp(origin=Origin.AUTHORED, at=at))
    version_id = publish_versions([sealed])[film.first_id]
    return Take(film=film, version_id=version_id, before_id=head.best.id or 0, at=sealed.at)


def create_run(take: Take, *, total: int) -> PropagationRun:
    """Insert the row of a run that is over, and of its source."""
    run = PropagationRun.objects.create(
        project_id=take.film.project_id,
        kind=RunKind.CHANGE,
        mode=RunMode.AUTO,
        status=RunStatus.SUCCESS,
        graph_revision=0,
        total=total,
        steps=1,
        source_types=["character"],
        fields=["description"],
        created_at=take.at,
        dispatched_at=take.at,
        finished_at=take.at,
    )
    RunSource.objects.create(
        run=run, entity_id=take.film.first_id, version_id=take.version_id, before_id=take.before_id
    )
    return run
