"""Versions of media are numbered per slot, chained, and the first or the chosen one is best."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from assets.models import Project
from tests.builders import change, get_entity, load, make_media, make_user, star
from tests.properties import tried_on
from tests.staging import once
from versions.exceptions import EntityLockedError, VersionNotFoundError
from versions.media import MediaDocument, read_media
from versions.models import (
    Annotation,
    BestChoice,
    Content,
    Head,
    Media,
    Tag,
    Version,
    VersionInput,
)
from versions.services.as_of import find_media_at
from versions.services.media import MediaDraft, find_fault, publish_media
from versions.services.slots import open_slots
from versions.services.verify import Verification, verify_history

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("production")]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODES = ("hero", "shot-00000")
SLOTS = ("image", "scene_video")


@once
def production() -> None:
    """Have a hero that one shot uses."""
    load(star(1))


def find(number: int, slot: str = "image", code: str = "hero") -> Version:
    """Return a version of media."""
    version: Version = Version.objects.get(entity__code=code, slot=slot, number=number)
    return version


def get_head(slot: str = "image", code: str = "hero") -> Head:
    """Return the head of a slot."""
    head: Head = Head.objects.get(entity__code=code, slot=slot)
    return head


def list_flaws() -> list[tuple[str, str, int]]:
    """Return code, slot and number of each version that is named."""
    flaws = verify_history(project=Project.objects.get(), done=Verification())
    return [(flaw.entity_code, flaw.slot, flaw.number) for flaw in flaws]


def test_a_version_is_what_was_published() -> None:
    author = make_user("ana")
    document = MediaDocument(
        type="video",
        url="s3://takes/1.mp4",
        thumbnail_url="https://files.test/1.jpg",
        provenance={"model": "m-1", "parameters": {"seed": 7}},
    )
    (made,) = make_media(
        "hero", "scene_video", document=document, author=author, note="first go", at=NOON
    )
    version = find(1, "scene_video")
    assert (made.id, made.number, made.is_best) == (version.pk, 1, True)
    assert read_media(version.content.data) == document
    assert (version.origin, version.author, version.note) == ("authored", author, "first go")
    assert (version.created_at, Media.objects.get(version=version).type) == (NOON, "video")


def test_each_slot_of_each_entity_counts_from_1() -> None:
    for code in CODES:
        for slot in SLOTS:
            assert [one.number for one in make_media(code, slot, count=2)] == [1, 2]
            assert [one.number for one in make_media(code, slot)] == [3]
    change("hero", colour="blue")
    assert find(2, "definition").content.data["colour"] == "blue"


def test_the_first_version_of_a_slot_is_its_best_and_a_later_one_is_not() -> None:
    first, second = make_media("hero", count=2)
    assert (first.is_best, second.is_best) == (True, False)
    assert [one.is_best for one in make_media("hero")] == [False]
    assert (get_head().best_id, get_head().latest.number) == (first.id, 3)


def test_of_several_that_shall_be_the_best_the_last_one_is() -> None:
    made = make_media("hero", count=3, is_best=True)
    assert [one.is_best for one in made] == [False, False, True]
    later = make_media("hero", count=2, is_best=True)
    assert [one.is_best for one in later] == [False, True]
    assert get_head().best.number == get_head().latest.number == 5
    assert list(BestChoice.objects.order_by("pk").values_list("version__number", flat=True)) == [
        3, 5
    ]  # fmt: skip


@tried_on(15)
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(CODES), st.sampled_from(SLOTS), st.booleans()),
            min_size=1,
            max_size=5,
        ),
        max_size=4,
    )
)
def test_any_calls_number_and_choose_as_a_list_of_versions_would(
    calls: list[list[tuple[str, str, bool]]],
) -> None:
    model: dict[tuple[str, str], tuple[int, int]] = {}  # number of the best, of the latest
    with transaction.atomic():
        for call in calls:
            drafts = [
                MediaDraft(
                    entity=get_entity(code),
                    slot=slot,
                    document=MediaDocument(type="image", url=f"https://files.test/{index}.png"),
                    is_best=is_best,
                )
                for index, (code, slot, is_best) in enumerate(call)
            ]
            slots = open_slots(slots={draft.key for draft in drafts})
            made = publish_media(drafts=drafts, slots=slots, author=None, at=NOON)
            for (code, slot, is_best), one in zip(call, made, strict=True):
                best, latest = model.get((code, slot), (1, 0))
                assert one.number == latest + 1
                model[code, slot] = (latest + 1 if is_best else best, latest + 1)
            for (code, slot, _), one in zip(call, made, strict=True):
                was_made_last = [n for c, s, n in told(call, made) if (c, s) == (code, slot)]
                is_best = model[code, slot][0] == one.number
                assert one.is_best == is_best
                assert one.number in was_made_last
        heads = Head.objects.exclude(slot="definition")
        assert {
            (head.entity.code, head.slot): (head.best.number, head.latest.number)
            for head in heads.select_related("entity", "best", "latest")
        } == model
        assert list_flaws() == []
        transaction.set_rollback(True)


def told(call: list[tuple[str, str, bool]], made: list[Any]) -> list[tuple[str, str, int]]:
    """Return code, slot and number of what a call made."""
    return [(code, slot, one.number) for (code, slot, _), one in zip(call, made, strict=True)]


def test_a_version_is_never_older_than_the_one_before_it() -> None:
    make_media("hero", at=NOON)
    make_media("hero", count=2, at=NOON - timedelta(hours=1))
    assert [find(number).created_at for number in (1, 2, 3)] == [NOON, NOON, NOON]


def test_nothing_was_best_before_it_was_made() -> None:
    """The clock of the host that made the second one goes behind."""
    make_media("hero", at=NOON)
    make_media("hero", is_best=True, at=NOON - timedelta(hours=1))
    for minutes in (-90, -60, -30, 0, 30):
        at = NOON + timedelta(minutes=minutes)
        for best in find_media_at(entity_ids=[get_entity("hero").pk], at=at).values():
            assert all(find(one.number).created_at <= at for one in best)


def test_media_remember_the_definition_that_they_show() -> None:
    change("hero", colour="blue")
    make_media("hero")
    make_media("hero", made_from=1)
    assert [VersionInput.objects.get(version=find(number)).source_version for number in (1, 2)] == [
        find(2, "definition"),
        find(1, "definition"),
    ]


def test_a_definition_that_does_not_exist_is_a_fault() -> None:
    hero = get_entity("hero")
    slots = open_slots(slots=[(hero.pk, "image")], definitions=[(hero.pk, 9)])
    document = MediaDocument(type="image", url="https://files.test/a.png")
    fault = find_fault(MediaDraft(entity=hero, slot="image", document=document, made_from=9), slots)
    assert isinstance(fault, VersionNotFoundError)


def test_a_locked_entity_is_a_fault() -> None:
    hero = get_entity("hero")
    hero.is_locked = True
    hero.save()
    slots = open_slots(slots=[(hero.pk, "image")])
    document = MediaDocument(type="image", url="https://files.test/a.png")
    fault = find_fault(MediaDraft(entity=hero, slot="image", document=document), slots)
    assert isinstance(fault, EntityLockedError)


def test_first_metadata_are_an_annotation_with_score_and_tags() -> None:
    metadata = {"evaluation": {"qualityScore": 0.75}, "tags": ["wide", "night", "wide"]}
    make_media("hero", count=2, metadata=metadata, author=make_user("ana"), at=NOON)
    for number in (1, 2):
        said = Annotation.objects.get(version=find(number))
        assert (said.metadata, said.score, said.revision) == (metadata, 0.75, 1)
        assert set(Tag.objects.filter(annotation=said).values_list("name", flat=True)) == {
            "wide", "night"
        }  # fmt: skip
        (row,) = Annotation.history.filter(version=find(number))
        assert (row.history_type, row.history_user.username) == ("+", "ana")
        assert (row.history_date, row.metadata) == (NOON, metadata)


def test_media_without_metadata_have_no_annotation() -> None:
    make_media("hero")
    assert not Annotation.objects.exists()


@pytest.mark.parametrize("amount", [1, 300])
def test_publishing_takes_as_many_statements_for_many_as_for_one(amount: int) -> None:
    metadata = {"evaluation": {"qualityScore": 1}, "tags": ["a", "b"]}
    with CaptureQueriesContext(connection) as queries:
        make_media("hero", count=amount, metadata=metadata, made_from=1)
    publishing = [one for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(publishing) == 13 + 3  # of the trail of the remarks
    assert Version.objects.filter(slot="image").count() == amount


ALTERATIONS: dict[str, Callable[[Version], object]] = {
    "content": lambda v: Content.objects.filter(pk=v.content_id).update(
        body=v.content.body.replace("files", "filez")
    ),
    "content exchanged": lambda v: Version.objects.filter(pk=v.pk).update(
        content=find(1, "definition").content_id
    ),
    "made from another": lambda v: VersionInput.objects.filter(version=v).update(
        source_version=find(1, "definition")
    ),
    "made from nothing": lambda v: VersionInput.objects.filter(version=v).delete(),
    "time": lambda v: Version.objects.filter(pk=v.pk).update(created_at=NOON),
    "author": lambda v: Version.objects.filter(pk=v.pk).update(author=make_user("eve")),
    "checksum": lambda v: Version.objects.filter(pk=v.pk).update(checksum="0" * 64),
}


@pytest.fixture
def takes() -> None:
    """Have four takes of the hero as it is in its second version, each of its own content."""
    change("hero", colour="blue")
    for take in range(4):
        document = MediaDocument(type="image", url=f"https://files.test/{take}.png")
        make_media("hero", document=document, metadata={"tags": ["wip"]})
    make_media("hero", "scene_video")


@pytest.mark.usefixtures("takes")
def test_media_that_nobody_touched_are_whole() -> None:
    done = Verification()
    assert list(verify_history(project=Project.objects.get(), done=done)) == []
    assert done.versions == Version.objects.count()


@pytest.mark.usefixtures("takes")
@pytest.mark.parametrize("name", ALTERATIONS)
def test_altered_media_are_named(name: str) -> None:
    ALTERATIONS[name](find(2))
    flaws = list_flaws()
    assert ("hero", "image", 2) in flaws
    assert {(code, slot) for code, slot, _ in flaws} == {("hero", "image")}


@pytest.mark.usefixtures("takes")
def test_what_is_said_of_a_version_is_no_part_of_it() -> None:
    Annotation.objects.update(status="approved", metadata={"tags": ["other"]}, is_hidden=True)
    Tag.objects.all().delete()
    Head.objects.filter(slot="image").update(best=find(3))
    assert list_flaws() == []


@pytest.mark.usefixtures("takes")
@pytest.mark.parametrize("number", [2, 4])
def test_missing_media_are_named(number: int) -> None:
    gone = find(number)
    Tag.objects.filter(annotation=gone.pk).delete()
    Annotation.objects.filter(version=gone).delete()
    VersionInput.objects.filter(version=gone).delete()
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("DELETE FROM versions_bestchoice WHERE version_id = %s", [gone.pk])
        cursor.execute("DELETE FROM versions_media WHERE version_id = %s", [gone.pk])
        if number == 4:
            Head.objects.filter(slot="image").update(latest=find(3))
        cursor.execute("DELETE FROM versions_version WHERE id = %s", [gone.pk])
    # Of the last one nothing is left that tells of it, when the head was set back as well.
    assert list_flaws() == ([("hero", "image", 2)] if number == 2 else [])


@pytest.mark.usefixtures("takes")
def test_a_head_of_media_that_was_set_back_is_named() -> None:
    Head.objects.filter(entity__code="hero", slot="image").update(latest=find(2))
    assert list_flaws() == [("hero", "image", 4)]
