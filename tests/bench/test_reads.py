"""How long people wait for large lists: `make test ARGS="-m bench -s -k large_project"`."""

import time
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from django.db import transaction
from django.utils import timezone

from assets.models import Entity
from bench.speed.graphs import make_star
from propagation.management.benchmark.loading import Film, load_film, refresh
from tests.builders import make_user
from tests.client import APIClient
from versions.models import DEFINITION, Head, Origin
from versions.services.heads import lock_heads
from versions.services.publish import Draft, SealedDraft, Stamp, insert_versions, move_heads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.bench]
REFERENCES, VERSIONS, TARGETS = 100_000, 10_000, 5_000
ROUNDS = 5
LIMITS_MS = {
    "outdated shots of a project of 100 000 references": 100,
    "1 000 shots with what they are now": 100,
    "50 of 10 000 versions": 100,
    "preview of 5 000 targets": 1_000,
}


@transaction.atomic
def publish_many(entity: Entity, count: int) -> None:
    """Publish so many versions with the content that it has."""
    head = lock_heads(Head.objects.filter(entity=entity))[entity.pk]
    draft = Draft(
        entity_id=entity.pk,
        entity_code=entity.code,
        head=head,
        content_id=head.content_id,
        content_sha256=head.content_sha256,
    )
    stamp = Stamp(origin=Origin.AUTHORED, at=timezone.now())
    made: list[SealedDraft] = [draft.seal(stamp)]
    while len(made) < count:
        made.append(draft.seal(stamp, after=made[-1]))
    ids = insert_versions(made)
    newest = ids[made[-1].key]
    move_heads([(entity.pk, DEFINITION, newest, newest)])


def load(code: str, targets: int) -> Film:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return load_film(code=code, nodes=make_star(targets), at=at)


def test_a_large_project_is_read_in_a_moment() -> None:
    load("large", REFERENCES)
    load("small", TARGETS)
    publish_many(Entity.objects.get(project__code="small", code="shot-0000007"), VERSIONS)
    refresh()
    client = APIClient()
    client.force_authenticate(make_user("boss", is_superuser=True))
    changed = {"change_data": {"description": "soaked"}}
    asked = dict(
        zip(
            LIMITS_MS,
            (
                ("get", "projects/large/shots?state=outdated&limit=1000", None),
                ("get", "projects/large/shots?limit=1000&expand=best_version", None),
                ("get", "assets/small:shot-0000007/versions?limit=50", None),
                ("post", "assets/small:hero/propagate?dry_run=true", changed),
            ),
            strict=True,
        )
    )
    for name, (method, path, body) in asked.items():
        taken = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            answer = getattr(client, method)(f"/api/v1/{path}", body, format="json")
            taken.append(time.perf_counter() - begun)
            assert answer.status_code == HTTPStatus.OK, answer.content[:500]
        milliseconds = 1000 * sorted(taken)[ROUNDS // 2]
        print(f"{milliseconds:6.0f} ms  {name}")  # noqa: T201 (the measurement)
        assert milliseconds <= LIMITS_MS[name], name
