"""Notices are made after the commit: what goes wrong with them touches nothing else."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DataError, connection
from django.utils import timezone

from propagation.live.reading import read_on
from propagation.models import Inbox, Notification, PropagationRun, RunStatus
from propagation.notices.making import make_notices
from tests.builders import drive
from tests.propagation.notices.conftest import Hire
from tests.propagation.notices.telling import edit, list_told, run_to_end, subscribe, tell

pytestmark = pytest.mark.django_db


class Obstacle:
    """Lets no statement through that writes the table, for as long as it stands."""

    def __init__(self, table: str) -> None:
        self.start = f'INSERT INTO "{table}"'
        self.met = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        """Raise for what it does not let through."""
        if sql.startswith(self.start):
            self.met += 1
            raise DataError(self.start)
        return execute(sql, params, many, context)


@pytest.fixture
def obstacle() -> Iterator[Obstacle]:
    """Have no notification written."""
    found = Obstacle(Notification._meta.db_table)
    with connection.execute_wrapper(found):
        yield found


def test_what_cannot_be_told_fails_no_run_and_is_told_later(hire: Hire, obstacle: Obstacle) -> None:
    subscribe(hire("ana"), "hero")
    run = drive(edit())
    now = timezone.now()
    assert make_notices(at=now) == 0
    assert obstacle.met == 1
    assert PropagationRun.objects.get(pk=run.pk).status == RunStatus.SUCCESS
    assert not Inbox.objects.exists(), "what was written with it is taken back"
    make_notices(at=now)  # one at a time, up to the one that cannot be told
    assert obstacle.met == 2
    obstacle.start = "nothing"
    assert make_notices(at=now) == 0, "not before its time"
    tell(now + timedelta(seconds=2))
    assert list_told() == {"ana": "source"}


def test_a_courier_that_died_in_the_middle_tells_nobody_twice(hire: Hire) -> None:
    """Its transaction is taken back as a whole, with its place in the log."""
    subscribe(hire("ana"), "hero")
    drive(edit())

    def die(events: object) -> None:
        make_notices(at=timezone.now())
        raise SystemExit

    with pytest.raises(SystemExit):
        read_on(name="other", handle=die, at=timezone.now())
    assert list_told() == {}
    tell()
    tell()
    assert list_told() == {"ana": "source"}
    assert Inbox.objects.get().unread == 1


def test_two_ends_in_one_page_are_one_row(hire: Hire) -> None:
    ana = hire("ana")
    subscribe(ana, "hero")
    drive(edit())
    run_to_end(edit())
    assert Notification.objects.filter(user=ana).count() == 2
    assert Inbox.objects.get(user=ana).unread == 2
