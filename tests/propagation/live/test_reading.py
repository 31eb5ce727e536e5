"""Acting on events after their commit: each once, in order, whatever fails."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Project
from propagation.live.events import News, record_events
from propagation.live.reading import MOST_FAILURES, read_on
from propagation.models import Event, LogReader
from tests.builders import make_user

NOON = timezone.now()


@pytest.fixture
def project(db: None) -> Project:
    del db
    return Project.objects.create(code="film", name="Film")


def record(project: Project, *types: str) -> None:
    record_events(project_id=project.pk, news=[News(type=one) for one in types], at=NOON)


class Listener:
    """Somebody who writes a user for each time that it hears something."""

    def __init__(self, *, refused: str = "") -> None:
        self.heard: list[str] = []
        self.refused = refused

    def read(self, at: datetime = NOON, name: str = "test") -> int:
        """Read on."""
        return read_on(name=name, handle=self._hear, at=at)

    def _hear(self, events: Sequence[Event]) -> None:
        make_user(f"made-{len(User.objects.all())}")
        if any(event.type == self.refused for event in events):
            raise ValueError(self.refused)
        self.heard += [event.type for event in events]


def test_each_event_is_read_once_and_in_order(project: Project) -> None:
    listener = Listener()
    record(project, "a", "b")
    assert listener.read() == 2
    assert listener.read() == 0
    record(project, "c")
    assert listener.read() == 1
    assert listener.heard == ["a", "b", "c"]


def test_readers_go_on_by_themselves(project: Project) -> None:
    record(project, "a")
    listener = Listener()
    assert listener.read(name="one") == 1
    assert listener.read(name="other") == 1


def test_what_a_failed_reader_wrote_is_taken_back(project: Project) -> None:
    record(project, "a", "bad")
    listener = Listener(refused="bad")
    assert listener.read() == 0
    assert not User.objects.exists()
    assert LogReader.objects.get().seq == 0


def test_one_bad_event_is_left_out_after_its_time_and_the_others_are_not(project: Project) -> None:
    record(project, "a", "bad", "c")
    listener = Listener(refused="bad")
    at = NOON
    for _ in range(MOST_FAILURES + 4):
        listener.read(at)
        at += timedelta(minutes=2)
    assert listener.heard == ["a", "c"]
    assert listener.read(at) == 0


def test_those_before_and_behind_a_bad_event_wait_for_it_once(project: Project) -> None:
    record(project, *["good"] * 30, "bad", *["good"] * 30)
    listener = Listener(refused="bad")
    listener.read()  # all at once: refused
    listener.read()
    assert len(listener.heard) == 30
    at = NOON
    for _ in range(MOST_FAILURES + 1):
        at += timedelta(minutes=2)
        listener.read(at)
    listener.read(at)
    assert len(listener.heard) == 60
