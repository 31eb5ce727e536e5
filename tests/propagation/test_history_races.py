"""Many write and read the history of one slot at once: nothing lost, nothing stale, no way round.

PostgreSQL runs them side by side; SQLite queues its writers, so there the bounds are smaller.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from assets.models import Entity, Project
from propagation.models import Event, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.annotate_version import annotate_version
from propagation.services.create_media import MediaEntry, MediaItem, create_media
from propagation.services.roll_back import roll_back
from tests.builders import (
    change,
    choose_best,
    drive,
    get_entity,
    load,
    make_cause,
    make_media,
    make_user,
    star,
)
from tests.properties import scale
from versions.exceptions import EntityLockedError
from versions.media import MediaDocument
from versions.models import BestChoice, Head, Status, Version
from versions.scope import read_scope
from versions.services import registry
from versions.services.annotate import Remark
from versions.services.as_of import find_definitions_at
from versions.services.entity_lock import set_entity_locks
from versions.services.registry import get_best, get_url
from versions.services.verify import Verification, verify_history

pytestmark = pytest.mark.django_db(transaction=True)

IS_POSTGRESQL = "postgresql" in connection.settings_dict["ENGINE"]
WRITERS = 50
"""Threads that create versions of one slot at once."""
ROUNDS = scale(10 if IS_POSTGRESQL else 4)
"""How often a race of a few is run; SQLite has one writer at a time."""
WRITES, LOOK_UPS = (scale(400), scale(4000)) if IS_POSTGRESQL else (300, 3000)
"""What is committed, and looked up meanwhile; on SQLite each look-up waits for the disk as well."""
READERS = 4
MOST = 20
"""Writes that one thread does before it gives way to a lock."""


@pytest.fixture(autouse=True)
def empty_memory() -> Iterator[None]:
    """Begin and end with nothing in memory."""
    registry._cache.clear()
    yield
    registry._cache.clear()


@pytest.fixture
def user() -> User:
    """Have a hero that two shots use, and somebody who may do everything."""
    load(star(2))
    return make_user("director", is_superuser=True)


def race(*jobs: Callable[[], Any]) -> list[Any]:
    """Do the jobs at the same moment, each on a connection of its own; return what they return."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:  # noqa: ANN401 (what the job returns)
        try:
            barrier.wait()
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def add_image(user: User, codes: Sequence[str] = ("hero",), slot: str = "image") -> list[int]:
    """Create one version per code in one call; return their numbers."""
    entries = [
        MediaEntry(
            scope=read_scope(
                {"type": "project", "project_id": "film"}
                if code == "film:"
                else {"type": "assets", "project_id": "film", "asset_ids": [code]}
            ),
            slot=slot,
            items=[MediaItem(document=MediaDocument(type="image", url="https://files.test/a"))],
        )
        for code in codes
    ]
    outcome = create_media(entries=entries, is_atomic=True, actor=user, at=timezone.now())
    assert not outcome.errors
    return [one.number for made in outcome.created.values() for one in made]


def check_all() -> None:
    """Let the workers finish, and check that all is consistent and whole."""
    project = Project.objects.get()
    for run in project.runs.order_by("pk"):
        drive(run)
    found = check_project(project=project)
    assert (found.exceptions, found.excused) == ((), 0)
    assert not list(verify_history(project=project, done=Verification()))
    seqs = Event.objects.order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == list(range(1, len(seqs) + 1))


def list_numbers(slot: str, code: str = "hero") -> list[int]:
    """Return the numbers in a slot, ascending."""
    rows = Version.objects.filter(entity__code=code, slot=slot).order_by("number")
    return list(rows.values_list("number", flat=True))


def test_fifty_that_create_media_in_one_slot_get_fifty_numbers(user: User) -> None:
    add_image(user)
    numbers = race(*[partial(add_image, user)] * WRITERS)
    assert sorted(number for (number,) in numbers) == list(range(2, WRITERS + 2))
    assert list_numbers("image") == list(range(1, WRITERS + 2))
    head = Head.objects.get(slot="image")
    assert (head.best.number, head.latest.number) == (1, WRITERS + 1)
    check_all()


def test_fifty_that_create_the_first_version_of_a_slot_get_fifty_numbers(user: User) -> None:
    """There is no head to lock yet, and exactly one is the first and best."""
    numbers = race(*[partial(add_image, user)] * WRITERS)
    assert sorted(number for (number,) in numbers) == list(range(1, WRITERS + 1))
    head = Head.objects.get(slot="image")
    assert (head.best.number, head.latest.number) == (1, WRITERS)
    assert BestChoice.objects.count() == 1
    check_all()


def test_fifty_that_change_a_definition_get_fifty_numbers(user: User) -> None:
    hero = get_entity("hero").pk

    def edit(index: int) -> int:
        return change("hero", fields={str(index): index}).version_numbers[hero]

    numbers = race(*(partial(edit, index) for index in range(WRITERS)))
    assert sorted(numbers) == list(range(2, WRITERS + 2))
    best = Head.objects.get(entity=hero, slot="definition").best
    assert best.content.data["fields"] == {str(index): index for index in range(WRITERS)}
    check_all()


def test_calls_that_name_the_same_entities_in_different_orders_wait_for_each_other(
    user: User,
) -> None:
    codes = ("hero", "shot-00000", "shot-00001")
    orders = [codes[turn:] + codes[:turn] for turn in range(3)] + [codes[::-1]]
    slots = ("image", "scene_video")
    made = race(*(partial(add_image, user, order, slot) for order in orders for slot in slots))
    for code in codes:
        for slot in slots:
            assert list_numbers(slot, code) == [1, 2, 3, 4]
    assert sum(map(len, made)) == 24
    check_all()


def test_choosing_publishing_approving_and_going_back_at_once_leave_all_up_to_date(
    user: User,
) -> None:
    for index in range(3):
        change("hero", value=index)

    def say(number: int) -> object:
        return annotate_version(
            entity=get_entity("hero"),
            slot="definition",
            number=number,
            remark=Remark(status=Status.APPROVED),
            cause=make_cause(user, kind=RunKind.APPROVAL),
            at=timezone.now(),
        )

    def go_back(number: int) -> object:
        return roll_back(
            entity=get_entity("hero"),
            to_version=number,
            cause=make_cause(user, kind=RunKind.ROLLBACK),
            at=timezone.now(),
        )

    for turn in range(ROUNDS):
        race(
            partial(change, "hero", value=10 + turn, name=f"Hero {turn}"),
            partial(change, "film:", name=f"Film {turn}"),
            partial(choose_best, "film:", max(turn, 1)),
            partial(add_image, user, ("shot-00000", "hero", "film:"), "image"),
            partial(choose_best, "hero", turn % 4 + 1),
            partial(choose_best, "hero", (turn + 1) % 4 + 1),
            partial(say, turn % 4 + 1),
            partial(go_back, turn % 4 + 1),
            partial(change, "shot-00000", value=turn),
        )
    numbers = list_numbers("definition")
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4 + ROUNDS
    check_all()


def test_after_choosing_and_publishing_at_once_the_past_ends_where_the_present_is(
    user: User,
) -> None:
    """What was best a moment ago is what the head says, whoever of the two came last."""
    hero = get_entity("hero").pk
    change("hero", value=-1)
    for turn in range(ROUNDS * 3):
        race(
            partial(change, "hero", value=turn),
            partial(choose_best, "hero", 1),
            partial(choose_best, "hero", 2),
        )
        then = find_definitions_at(entity_ids=[hero], at=timezone.now())[hero]
        assert then.version_id == Head.objects.get(entity=hero, slot="definition").best_id


@transaction.atomic
def lock_hero(user: User, *, is_locked: bool = True) -> tuple[int, int]:
    """Lock or unlock the hero, and return its newest version and the newest choice by then."""
    hero = get_entity("hero")
    set_entity_locks(
        project_id=hero.project_id,
        entity_ids=[hero.pk],
        is_locked=is_locked,
        reason="",
        actor=user,
        at=timezone.now(),
    )
    return find_newest()


def find_newest() -> tuple[int, int]:
    """Return the ids of the hero's newest version and of the newest choice."""
    version = Version.objects.filter(entity__code="hero").order_by("-pk")[0]
    return version.pk, BestChoice.objects.order_by("-pk")[0].pk


def repeat(job: Callable[[int], object]) -> bool:
    """Do the job over and over; return whether a lock ended it."""
    for number in range(MOST):
        try:
            job(number)
        except EntityLockedError:
            return True
    return False


def test_nothing_is_published_or_chosen_after_a_lock_was_committed(user: User) -> None:
    make_media("hero", count=2, is_best=True)
    change("hero", value=-1)
    jobs: list[Callable[[int], object]] = [
        lambda number: change("hero", value=number),
        lambda _: add_locked(user),
        lambda number: choose_best("hero", number % 2 + 1, "image"),
        lambda number: choose_best("hero", number % 2 + 1),
    ]
    for _ in range(ROUNDS):
        then, *_ended = race(partial(lock_hero, user), *(partial(repeat, job) for job in jobs))
        assert find_newest() == then
        assert all(map(repeat, jobs))
        assert find_newest() == then
        lock_hero(user, is_locked=False)
    check_all()


def add_locked(user: User) -> None:
    """Create an image of the hero; EntityLockedError as other services raise it."""
    entry = MediaEntry(
        scope=read_scope({"type": "characters", "project_id": "film", "character_ids": ["hero"]}),
        slot="image",
        items=[MediaItem(document=MediaDocument(type="image", url="https://files.test/a"))],
    )
    outcome = create_media(entries=[entry], is_atomic=True, actor=user, at=timezone.now())
    for error in outcome.errors.values():
        raise error


@dataclass
class Committed:
    """How many writes are committed, as the writer tells after each of them."""

    count: int = 0
    errors: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)


def read_while(committed: Committed, look: Callable[[], int], amount: int) -> int:
    """Look up that often; no answer may be older than what was committed before it was asked."""
    try:
        for _ in range(amount):
            before = committed.count
            found = look()
            after = committed.count
            committed.seen.add(found)
            # One more may be committed that the writer has not told of yet.
            if not before <= found <= after + 1:
                committed.errors.append(f"{found} is not from {before} to {after}")
        return amount
    finally:
        connections.close_all()


def check_look_ups(write: Callable[[int], object], look: Callable[[], int]) -> None:
    """Commit WRITES writes one after the other while READERS threads look up."""
    committed = Committed()
    with ThreadPoolExecutor(READERS) as pool:
        readers = [
            pool.submit(read_while, committed, look, LOOK_UPS // READERS // 2)
            for _ in range(READERS)
        ]
        for number in range(1, WRITES // 2 + 1):
            write(number)
            committed.count = number
        assert sum(reader.result() for reader in readers) == LOOK_UPS // 2
    assert not committed.errors, committed.errors[:5]
    assert len(committed.seen) > 1, "the look-ups were over before the writes began"
    assert look() == WRITES // 2


def test_no_look_up_is_older_than_what_was_published_before_it(user: User) -> None:
    """Each write publishes the best image, whose URL says which write it was."""
    hero = get_entity("hero").pk

    def publish(number: int) -> None:
        url = f"https://files.test/{number}"
        make_media("hero", document=MediaDocument(type="image", url=url), is_best=True)

    def look() -> int:
        url = get_url(entity_id=hero, slot="image")
        return int(url.rpartition("/")[2]) if url else 0

    check_look_ups(publish, look)


def test_no_look_up_is_older_than_what_was_chosen_before_it(user: User) -> None:
    """Each write chooses the next of many versions, all of which are in memory by and by."""
    hero = get_entity("hero").pk
    make_media("hero", count=WRITES // 2 + 1)

    def look() -> int:
        return get_best(entity_ids=[hero], slot="image")[hero].version.number - 1

    check_look_ups(lambda number: choose_best("hero", number + 1, "image", actor=user), look)


def test_what_is_rolled_back_is_never_looked_up(user: User) -> None:
    """Writers undo what others may see for a moment only in the same transaction."""
    hero = get_entity("hero").pk
    make_media("hero", document=MediaDocument(type="image", url="https://files.test/kept"))

    def undo() -> list[Any]:
        seen = []
        for _ in range(ROUNDS):
            with transaction.atomic():
                document = MediaDocument(type="image", url="https://files.test/undone")
                make_media("hero", document=document, is_best=True)
                seen.append(get_url(entity_id=hero, slot="image"))
                transaction.set_rollback(True)
        return seen

    def look() -> list[Any]:
        return [get_url(entity_id=hero, slot="image") for _ in range(ROUNDS * 20)]

    undone, *looked = race(undo, look, look)
    assert set(undone) == {"https://files.test/undone"}
    assert {url for urls in looked for url in urls} == {"https://files.test/kept"}
    assert not Entity.objects.filter(is_locked=True).exists()
