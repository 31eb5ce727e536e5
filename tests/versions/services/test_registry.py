"""Look-ups answer where slots stand now, in one statement, whatever is kept in memory."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Entity
from tests.builders import change, choose_best, get_entity, load, make_media, make_user, star
from tests.properties import tried_on
from versions.media import MediaDocument
from versions.models import Annotation, Head, Status, Version, VersionInput
from versions.services import registry
from versions.services.annotate import Remark, annotate_version, move_approved
from versions.services.media import MediaDraft, publish_media
from versions.services.registry import (
    Pointer,
    get_all_best,
    get_best,
    get_url,
    get_urls,
    load_versions,
    look_up,
)
from versions.services.slots import open_slots

SLOTS = ("image", "scene_video")
committed = pytest.mark.django_db(transaction=True)
in_transaction = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_memory() -> Iterator[None]:
    """Begin and end with nothing in memory."""
    registry._cache.clear()
    yield
    registry._cache.clear()


def make_document(name: str) -> MediaDocument:
    """Return an image at a URL."""
    return MediaDocument(type="image", url=f"https://files.test/{name}.png")


def find(number: int, slot: str = "image", code: str = "hero") -> Version:
    """Return a version."""
    version: Version = Version.objects.get(entity__code=code, slot=slot, number=number)
    return version


def say(number: int, slot: str = "image", **said: Any) -> None:  # noqa: ANN401
    """Say something about a version of the hero."""
    version = find(number, slot)
    annotate_version(
        version=version, remark=Remark(**said), actor=None, at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    move_approved(version=version)


def fill(amount: int) -> list[int]:
    """Have so many shots with two slots of media each; return their ids."""
    load(star(amount))
    shots = list(Entity.objects.filter(kind="shot").select_related("project").order_by("pk"))
    drafts = [
        MediaDraft(entity=shot, slot=slot, document=make_document(f"{shot.code}-{slot}"))
        for shot in shots
        for slot in SLOTS
    ]
    with transaction.atomic():
        slots = open_slots(slots={draft.key for draft in drafts})
        publish_media(drafts=drafts, slots=slots, author=None, at=timezone.now())
    return [shot.pk for shot in shots]


LOOK_UPS: dict[str, Callable[[list[int]], object]] = {
    "all best": lambda ids: get_all_best(entity_ids=ids),
    "best": lambda ids: get_best(entity_ids=ids, slot="image"),
    "urls": lambda ids: get_urls(entity_ids=ids, slots=SLOTS),
    "url": lambda ids: get_url(entity_id=ids[-1], slot="image"),
    "latest": lambda ids: look_up(entity_ids=ids, pointer=Pointer.LATEST),
    "number": lambda ids: look_up(entity_ids=ids, number=1),
}


@committed
@pytest.mark.parametrize("amount", [10, 100, 1000])
def test_a_look_up_takes_two_statements_and_one_when_it_finds_all_in_memory(amount: int) -> None:
    ids = fill(amount)
    for name, ask in LOOK_UPS.items():
        registry._cache.clear()
        statements = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                ask(ids)
            statements.append(len(queries))
        assert statements == [2, 1, 1], name


@committed
def test_a_look_up_answers_for_each_that_was_asked_for() -> None:
    ids = fill(3)
    assert get_urls(entity_ids=[*ids[1:], 10**9], slots=["image", "missing"]) == {
        ids[1]: {"image": "https://files.test/shot-00001-image.png", "missing": None},
        ids[2]: {"image": "https://files.test/shot-00002-image.png", "missing": None},
        10**9: {"image": None, "missing": None},
    }
    best = get_all_best(entity_ids=ids)
    assert {pk: set(slots) for pk, slots in best.items()} == {
        pk: {"definition", *SLOTS} for pk in ids
    }
    assert set(get_best(entity_ids=ids, slot="scene_video")) == set(ids)
    assert get_best(entity_ids=ids, slot="missing") == {}
    assert get_all_best(entity_ids=[]) == {}
    assert get_urls(entity_ids=[], slots=SLOTS) == {}


@in_transaction
def test_a_version_is_told_as_it_was_published() -> None:
    load(star(0))
    change("hero", colour="blue")
    author = make_user("ana")
    make_media(
        "hero", author=author, note="first", made_from=1, metadata={"tags": ["wip"]}, count=2
    )
    hero = get_entity("hero")
    found = get_best(entity_ids=[hero.pk], slot="image")[hero.pk]
    stored = find(1)
    assert (found.version.id, found.version.number, found.version.checksum) == (
        stored.pk, 1, stored.checksum
    )  # fmt: skip
    assert (found.version.author_id, found.author, found.version.note) == (
        author.pk,
        "ana",
        "first",
    )
    assert found.version.created_at == stored.created_at
    assert found.version.media == MediaDocument(type="image", url="https://files.test/hero.png")
    assert found.version.made_from == (find(1, "definition").pk, 1)
    assert (found.metadata, found.status) == ({"tags": ["wip"]}, Status.DRAFT)
    assert (found.best_id, found.latest_id, found.approved_id) == (stored.pk, find(2).pk, None)
    definition = get_best(entity_ids=[hero.pk], slot="definition")[hero.pk]
    assert (definition.version.number, definition.version.media, definition.url) == (2, None, None)
    assert (definition.is_outdated, definition.author) == (False, None)


@in_transaction
def test_each_pointer_and_each_number_is_found() -> None:
    load(star(0))
    for take in range(1, 5):
        make_media("hero", document=make_document(f"take-{take}"))
    hero = get_entity("hero").pk
    assert look_up(entity_ids=[hero], slots=["image"], pointer=Pointer.APPROVED) == {}
    say(2, status=Status.APPROVED)
    choose_best("hero", 3, "image")
    numbers = {
        pointer: look_up(entity_ids=[hero], slots=["image"], pointer=pointer)[hero][
            "image"
        ].version.number
        for pointer in Pointer
    }
    assert numbers == {"best": 3, "latest": 4, "approved": 2}
    for take in range(1, 5):
        url = get_url(entity_id=hero, slot="image", number=take)
        assert url == f"https://files.test/take-{take}.png"
    for number in (0, 5, 2**31, 2**63, 2**80):
        assert get_url(entity_id=hero, slot="image", number=number) is None


@in_transaction
def test_a_hidden_version_has_no_url_until_it_is_shown_again() -> None:
    load(star(0))
    make_media("hero")
    hero = get_entity("hero").pk
    say(1, is_hidden=True)
    assert get_url(entity_id=hero, slot="image") is None
    assert get_url(entity_id=hero, slot="image", number=1) is None
    assert get_best(entity_ids=[hero], slot="image")[hero].is_hidden
    say(1, is_hidden=False)
    assert get_url(entity_id=hero, slot="image") == "https://files.test/hero.png"


@committed
def test_what_is_said_of_a_version_is_never_answered_from_memory() -> None:
    load(star(0))
    make_media("hero", count=2)
    hero = get_entity("hero").pk
    get_all_best(entity_ids=[hero])
    with transaction.atomic():
        say(1, status=Status.REVIEW, metadata={"tags": ["x"]})
    found = get_best(entity_ids=[hero], slot="image")[hero]
    assert (found.status, found.metadata) == (Status.REVIEW, {"tags": ["x"]})
    choose_best("hero", 2, "image")
    assert get_best(entity_ids=[hero], slot="image")[hero].version.number == 2


@in_transaction
def test_media_are_outdated_while_the_best_definition_is_another_than_they_show() -> None:
    load(star(0))
    make_media("hero")
    hero = get_entity("hero").pk

    def is_outdated(number: int = 1) -> bool:
        found = look_up(entity_ids=[hero], slots=["image"], number=number)
        return found[hero]["image"].is_outdated

    assert not is_outdated()
    change("hero", colour="blue")
    assert is_outdated()
    make_media("hero")
    assert (is_outdated(1), is_outdated(2)) == (True, False)
    choose_best("hero", 1)
    assert (is_outdated(1), is_outdated(2)) == (False, True)


@in_transaction
def test_a_use_in_a_role_called_definition_is_not_what_media_show() -> None:
    load(star(1))
    make_media("hero")
    VersionInput.objects.filter(version=find(1, "definition", "shot-00000")).update(
        role="definition"
    )
    shot = get_entity("shot-00000").pk
    found = get_best(entity_ids=[shot], slot="definition")[shot]
    assert (found.version.made_from, found.is_outdated) == (None, False)


@committed
def test_memory_is_bounded_and_what_was_used_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CACHED_VERSIONS", 10)
    fill(12)
    ids = list(Version.objects.filter(slot="image").order_by("pk").values_list("pk", flat=True))
    assert set(load_versions(ids=ids)) == set(ids)
    assert len(registry._cache) == 10
    for pk in ids[:8]:
        load_versions(ids=[pk])
    load_versions(ids=ids[:1])
    load_versions(ids=ids[8:])
    assert len(registry._cache) == 10
    assert ids[0] in registry._cache
    assert ids[1] not in registry._cache
    assert load_versions(ids=ids) == load_versions(ids=ids)


@committed
def test_what_is_read_in_a_transaction_that_is_rolled_back_is_not_kept() -> None:
    """SQLite gives the ids of what was rolled back again."""
    load(star(0))
    hero = get_entity("hero").pk
    for take in range(3):
        with transaction.atomic():
            (made,) = make_media("hero", document=make_document(f"undone-{take}"))
            url = get_url(entity_id=hero, slot="image")
            assert url == f"https://files.test/undone-{take}.png"
            transaction.set_rollback(True)
        assert made.id not in registry._cache
        assert get_url(entity_id=hero, slot="image") is None
    make_media("hero", document=make_document("kept"))
    assert get_url(entity_id=hero, slot="image") == "https://files.test/kept.png"


@committed
def test_what_is_read_in_a_savepoint_that_is_rolled_back_is_not_kept() -> None:
    load(star(0))
    hero = get_entity("hero").pk
    with transaction.atomic():
        with transaction.atomic():
            (made,) = make_media("hero", document=make_document("undone"))
            get_url(entity_id=hero, slot="image")
            transaction.set_rollback(True)
        make_media("hero", document=make_document("kept"))
        assert get_url(entity_id=hero, slot="image") == "https://files.test/kept.png"
        assert not registry._cache
    (made_later,) = Version.objects.filter(slot="image")
    assert set(registry._cache) == {made_later.pk}
    assert connection.vendor == "postgresql" or made_later.pk == made.id
    assert get_url(entity_id=hero, slot="image") == "https://files.test/kept.png"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("media"), st.sampled_from(SLOTS), st.integers(1, 3), st.booleans()),
        st.tuples(st.just("best"), st.sampled_from([*SLOTS, "definition"]), st.integers(0, 9)),
        st.tuples(st.just("hide"), st.sampled_from(SLOTS), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("change"), st.integers(0, 3)),
    ),
    max_size=8,
)


def take(step: tuple[Any, ...]) -> None:
    """Do what the step says; numbers count round the versions that there are."""
    verb, slot, *rest = step
    if verb == "change":
        change("hero", value=slot)
    elif verb == "media":
        count, is_best = rest
        make_media("hero", slot, count=count, is_best=is_best)
    elif latest := Version.objects.filter(entity__code="hero", slot=slot).count():
        number = rest[0] % latest + 1
        if verb == "best":
            choose_best("hero", number, slot)
        else:
            say(number, slot, is_hidden=rest[1])


@in_transaction
@tried_on(15)
@given(steps)
def test_after_any_history_look_ups_answer_what_stands_in_the_rows(
    taken: list[tuple[Any, ...]],
) -> None:
    with transaction.atomic():
        load(star(0))
        hero = get_entity("hero").pk
        for step in taken:
            take(step)
        heads = {head.slot: head for head in Head.objects.filter(entity=hero)}
        found = get_all_best(entity_ids=[hero])[hero]
        assert found.keys() == heads.keys()
        for slot, one in found.items():
            assert (one.version.id, one.best_id) == (heads[slot].best_id, heads[slot].best_id)
            hidden = Annotation.objects.filter(version=one.version.id, is_hidden=True).exists()
            assert one.is_hidden == hidden
            made_from = VersionInput.objects.filter(version=one.version.id, role="definition")
            is_outdated = made_from.exclude(source_version=heads["definition"].best_id).exists()
            assert one.is_outdated == is_outdated
            is_file = slot != "definition" and not hidden
            url = "https://files.test/hero.png" if is_file else None
            assert get_url(entity_id=hero, slot=slot) == one.url == url
        transaction.set_rollback(True)
