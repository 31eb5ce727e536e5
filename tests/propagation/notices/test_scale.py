"""However many watch however much, telling of a run takes the same few statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Entity, Role
from propagation.models import Inbox, Notification, Subscription
from tests.builders import change, drive, load, make_user, star
from tests.propagation.notices.telling import tell

pytestmark = pytest.mark.django_db


def count_statements_of_a_run(shots: int, watchers: int) -> int:
    """Return how many statements it takes to tell all that they watch, each in one row."""
    code = f"film-{shots}-{watchers}"
    load(star(shots), code=code)
    tell()
    people = [make_user(f"{code}-{n}", roles={code: Role.VIEWER}) for n in range(watchers)]
    shots_of_it = Entity.objects.filter(project__code=code, kind="shot")
    shot_ids = list(shots_of_it.values_list("pk", flat=True))
    now = timezone.now()
    Subscription.objects.bulk_create(
        Subscription(user=user, entity_id=pk, mode="watch", origin="chosen", created_at=now)
        for user in people
        for pk in shot_ids
    )
    run = change("hero", code, colour="red").run
    assert run is not None
    drive(run)
    with CaptureQueriesContext(connection) as queries:
        tell()
    assert Inbox.objects.filter(user__in=people, unread=1).count() == watchers
    assert Notification.objects.filter(run=run, also=shots - 1).count() == watchers
    return len(queries)


def test_1000_watched_targets_are_one_row_and_as_many_statements_as_one() -> None:
    few = count_statements_of_a_run(shots=2, watchers=1)
    many = count_statements_of_a_run(shots=1000, watchers=3)
    crowd = count_statements_of_a_run(shots=2, watchers=60)
    assert few == many == crowd
