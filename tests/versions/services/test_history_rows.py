"""A history lists the versions that are wanted, in the wanted order, and how each one stands."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import AssetReference, Follow
from propagation.models import RunKind
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
from tests.staging import once
from versions.media import MediaDocument
from versions.models import (
    DEFINITION,
    Annotation,
    Consumption,
    Head,
    Origin,
    Status,
    Version,
)
from versions.services.annotate import Remark, annotate_version, move_approved
from versions.services.heads import read_heads
from versions.services.history import (
    RANKED,
    Hidden,
    HistoryRow,
    Sort,
    Wanted,
    find_history,
    load_rows,
)
from versions.services.publish import Draft, SealedDraft, Stamp, insert_versions

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def find(number: int, slot: str = "image") -> Version:
    """Return a version of the hero."""
    version: Version = Version.objects.get(entity__code="hero", slot=slot, number=number)
    return version


def say(number: int, slot: str = "image", **said: Any) -> None:  # noqa: ANN401
    """Say something about a version of the hero."""
    version = find(number, slot)
    annotate_version(version=version, remark=Remark(**said), actor=None, at=NOON)
    move_approved(version=version)


def ask(**wanted: Any) -> list[int]:  # noqa: ANN401 (fields of Wanted)
    """Return the numbers of the wanted versions of the hero in the wanted order."""
    filters = Wanted(**{"slot": "image"} | wanted)
    versions = find_history(entity=get_entity("hero"), wanted=filters)
    sign = "-" if filters.sort.is_descending else ""
    order = [f"{sign}number"] if filters.sort.is_by_number else [f"{sign}rank", "-number"]
    return list(versions.order_by(*order).values_list("number", flat=True))


def read_rows(slot: str = "image", numbers: Sequence[int] = ()) -> dict[int, HistoryRow]:
    """Return how the versions of a slot stand, by number."""
    hero = get_entity("hero")
    wanted = Wanted(slot=slot, numbers=numbers, hidden=Hidden.INCLUDE)
    versions = find_history(entity=hero, wanted=wanted).select_related(
        "entity", "author", "annotation", "content"
    )
    rows = load_rows(entity=hero, slot=slot, versions=list(versions.order_by("number")))
    return {row.version.number: row for row in rows}


@once
def takes() -> None:
    """Have seven takes: by two people, an hour apart, scored, tagged, hidden, approved."""
    load(star(1))
    ana, ben = make_user("ana"), make_user("ben")
    scores = {1: 0.5, 2: 0.9, 4: -1, 5: 0.5}
    for number in range(1, 8):
        metadata: dict[str, Any] = {"tags": ["wide"] * (number % 2) + ["night"]}
        if number in scores:
            metadata["evaluation"] = {"qualityScore": scores[number]}
        type_ = "video" if number > 5 else "image"
        make_media(
            "hero",
            document=MediaDocument(type=type_, url=f"https://files.test/{number}"),
            metadata=metadata if number < 7 else {},
            author=ana if number < 4 else ben,
            at=NOON + timedelta(hours=number),
        )
    say(3, is_hidden=True)
    say(6, status=Status.APPROVED, is_hidden=True)
    say(2, status=Status.APPROVED)
    say(5, status=Status.REVIEW)
    make_media("hero", "scene_video")


@pytest.mark.usefixtures("takes")
@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [7, 5, 4, 2, 1]),
        ({"hidden": Hidden.INCLUDE}, [7, 6, 5, 4, 3, 2, 1]),
        ({"hidden": Hidden.ONLY}, [6, 3]),
        ({"numbers": [1, 3, 5, 99]}, [5, 1]),
        ({"author": "ana"}, [2, 1]),
        ({"author": "eve"}, []),
        ({"origin": Origin.AUTHORED}, [7, 5, 4, 2, 1]),
        ({"origin": Origin.IMPORTED}, []),
        ({"since": NOON + timedelta(hours=4)}, [7, 5, 4]),
        ({"until": NOON + timedelta(hours=4)}, [2, 1]),
        ({"since": NOON + timedelta(hours=2), "until": NOON + timedelta(hours=5)}, [4, 2]),
        ({"status": Status.DRAFT}, [7, 4, 1]),
        ({"status": Status.REVIEW}, [5]),
        ({"status": Status.APPROVED}, [2]),
        ({"status": Status.APPROVED, "hidden": Hidden.INCLUDE}, [6, 2]),
        ({"status": Status.REJECTED}, []),
        ({"is_best": True}, [1]),
        ({"is_best": False}, [7, 5, 4, 2]),
        ({"media_type": "video"}, [7]),
        ({"tag": "wide"}, [5, 1]),
        ({"tag": "night"}, [5, 4, 2, 1]),
        ({"tag": "Night"}, []),
        ({"min_score": 0.5}, [5, 2, 1]),
        ({"min_score": -5}, [5, 4, 2, 1]),
        ({"tag": "wide", "min_score": 0.5, "author": "ben"}, [5]),
        ({"slot": "scene_video"}, [1]),
        ({"slot": "missing"}, []),
        ({"slot": DEFINITION}, [1]),
        ({"sort": Sort.OLDEST}, [1, 2, 4, 5, 7]),
        ({"sort": Sort.HIGHEST_SCORE}, [2, 5, 1, 4, 7]),
        ({"sort": Sort.LOWEST_SCORE}, [4, 5, 1, 2, 7]),
        ({"sort": Sort.HIGHEST_SCORE, "min_score": 0.5}, [2, 5, 1]),
        ({"sort": Sort.MOST_USED}, [7, 5, 4, 2, 1]),
    ],
)
def test_what_is_wanted_is_listed_in_order(wanted: dict[str, Any], numbers: list[int]) -> None:
    assert ask(**wanted) == numbers


@once
def versions() -> None:
    """Have five definitions of a hero that four shots use; one keeps v1, two keep v2, one v4."""
    load(star(4))
    for number in range(2, 6):
        run = change("hero", value=number).run
        assert run is not None
        drive(run)
        frozen = {2: ["shot-00001", "shot-00002"], 4: ["shot-00003"]}.get(number, [])
        AssetReference.objects.filter(target__code__in=frozen).update(follow=Follow.FROZEN)
        if number == 2:
            first = AssetReference.objects.get(target__code="shot-00000")
            Consumption.objects.filter(reference=first).update(version=find(1, DEFINITION))
            AssetReference.objects.filter(pk=first.pk).update(follow=Follow.FROZEN)


@pytest.mark.usefixtures("versions")
def test_versions_are_counted_and_sorted_by_what_uses_them_now() -> None:
    assert {number: row.used_by for number, row in read_rows(DEFINITION).items()} == {
        1: 1, 2: 2, 3: 0, 4: 1, 5: 0
    }  # fmt: skip
    assert ask(slot=DEFINITION, sort=Sort.MOST_USED) == [2, 4, 1, 5, 3]
    shots = [get_entity(f"shot-0000{index}") for index in range(4)]
    assert [ask(slot=DEFINITION, used_by=shot) for shot in shots] == [[1], [2], [2], [4]]
    assert ask(slot=DEFINITION, used_by=get_entity("film:")) == []


def test_a_version_says_what_it_is_best_latest_and_approved_for() -> None:
    load(star(0))
    make_media("hero", count=4)
    choose_best("hero", 2, "image")
    say(3, status=Status.APPROVED)
    say(1, status=Status.APPROVED)
    rows = read_rows()
    assert [number for number, row in rows.items() if row.is_best] == [2]
    assert [number for number, row in rows.items() if row.is_latest] == [4]
    assert [number for number, row in rows.items() if row.is_approved] == [3]
    assert [row.status for row in rows.values()] == ["approved", "draft", "approved", "draft"]
    assert [row.revision for row in rows.values()] == [1, 0, 1, 0]


def test_a_version_says_what_it_reverts_and_what_reverted_it() -> None:
    load(star(0))
    for value in (2, 3):
        change("hero", value=value)
    cause = make_cause(kind=RunKind.ROLLBACK)
    for to_version in (2, 1):
        roll_back(entity=get_entity("hero"), to_version=to_version, cause=cause, at=timezone.now())
    rows = read_rows(DEFINITION)
    assert {number: row.reverts for number, row in rows.items()} == {
        1: None, 2: None, 3: None, 4: 2, 5: 1
    }  # fmt: skip
    assert {number: row.reverted_by for number, row in rows.items()} == {
        1: None, 2: 5, 3: 4, 4: 5, 5: None
    }  # fmt: skip
    page = read_rows(DEFINITION, numbers=[3, 4])
    assert page == {number: rows[number] for number in (3, 4)}


def test_media_say_what_they_show_and_whether_that_is_outdated() -> None:
    load(star(0))
    change("hero", value=2)
    make_media("hero", made_from=1)
    make_media("hero")
    rows = read_rows()
    assert [(row.made_from, row.is_outdated) for row in rows.values()] == [(1, True), (2, False)]
    assert all(row.media and row.media.url for row in rows.values())
    definitions = read_rows(DEFINITION)
    assert not any(row.media or row.made_from for row in definitions.values())
    assert not any(row.is_outdated for row in definitions.values())


@pytest.mark.parametrize("amount", [1, 50])
def test_rows_take_as_many_statements_for_many_versions_as_for_one(amount: int) -> None:
    load(star(1))
    make_media("hero", count=amount, metadata={"tags": ["a"]})
    hero = get_entity("hero")
    wanted = Wanted(slot="image", sort=Sort.HIGHEST_SCORE)
    versions = find_history(entity=hero, wanted=wanted).select_related(
        "entity", "author", "annotation", "content"
    )
    with CaptureQueriesContext(connection) as queries:
        rows = load_rows(entity=hero, slot="image", versions=list(versions))
    assert (len(rows), len(queries)) == (amount, 5)


def test_sorting_by_use_takes_any_number_of_used_versions() -> None:
    """The one that is used twice comes first, though more are used than are told apart."""
    amount = RANKED + 5
    load(star(amount + 1))
    (head,) = read_heads(Head.objects.filter(entity__code="hero")).values()
    draft = Draft(
        entity_id=head.entity_id,
        entity_code="hero",
        head=head,
        content_id=head.content_id,
        content_sha256=head.content_sha256,
    )
    stamp = Stamp(origin=Origin.AUTHORED, at=timezone.now())
    sealed: list[SealedDraft] = []
    for _ in range(amount):
        sealed.append(draft.seal(stamp, after=sealed[-1] if sealed else None))
    ids = sorted((number, pk) for (_, _, number), pk in insert_versions(sealed).items())
    consumed = [pk for _, pk in ids]
    rows = list(Consumption.objects.filter(reference__source__code="hero").order_by("pk"))
    for row, version_id in zip(rows, [*consumed, consumed[2]], strict=True):
        row.version_id = version_id
    Consumption.objects.bulk_update(rows, ["version_id"])
    numbers = ask(slot=DEFINITION, sort=Sort.MOST_USED)
    assert numbers[0] == sealed[2].number
    assert len(numbers) == amount + 1
    assert numbers[1 : RANKED - 1] == [n for n in numbers[1 : RANKED - 1] if n != numbers[0]]
    assert not Annotation.objects.exists()
