"""Media of many scopes and slots are made in one call: each entry as a whole, or all, or none."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.exceptions import RoleTooLowError
from assets.models import Entity, Project, Role
from propagation.models import Event, PropagationRun
from propagation.services.create_media import (
    EntryError,
    MediaEntry,
    MediaItem,
    MediaOutcome,
    create_media,
)
from tests.builders import change, get_entity, load, make_user, star
from tests.propagation.interchange.stored import count_rows
from tests.staging import once
from versions.canonical import JsonObject
from versions.exceptions import (
    BadScopeError,
    EntityLockedError,
    InvalidMediaError,
    InvalidMetadataError,
    VersionNotFoundError,
)
from versions.media import MediaDocument
from versions.models import Head, Media, StoredFile, Version
from versions.scope import read_scope
from versions.services.registry import get_url
from versions.services.verify import Verification, verify_history

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("productions")]
IMAGE = MediaDocument(type="image", url="https://files.test/a.png")


@once
def productions() -> None:
    """Have a film with a hero and three shots, and another project with the same codes."""
    for code in ("film", "other"):
        load(star(3), code=code)


def enter(
    type_: str = "assets",
    ids: Sequence[str] = ("hero",),
    *,
    project: str = "film",
    slot: str = "image",
    items: Sequence[MediaItem] = (MediaItem(document=IMAGE),),
    **how: Any,  # noqa: ANN401 (fields of MediaEntry)
) -> MediaEntry:
    """Return an entry for what the scope names."""
    member: dict[str, JsonObject] = {
        "assets": {"asset_ids": list(ids)},
        "scenes": {"scene_ids": list(ids)},
        "scene": {"scene_id": ids[0]},
        "characters": {"character_ids": list(ids)},
        "locations": {"location_ids": list(ids)},
        "project": {},
    }
    scope = read_scope({"type": type_, "project_id": project, **member[type_]})
    return MediaEntry(scope=scope, slot=slot, items=items, **how)


def create(
    *entries: MediaEntry | EntryError, is_atomic: bool = True, actor: User | None = None
) -> MediaOutcome:
    """Create what the entries say."""
    somebody = actor or User.objects.filter(is_superuser=True).first()
    return create_media(
        entries=entries,
        is_atomic=is_atomic,
        actor=somebody or make_user("director", is_superuser=True),
        at=timezone.now(),
    )


def list_made(outcome: MediaOutcome) -> dict[int, list[tuple[str, str, int, bool]]]:
    """Return code, slot, number and is_best of what each entry made."""
    return {
        index: [(one.draft.entity.code, one.draft.slot, one.number, one.is_best) for one in made]
        for index, made in outcome.created.items()
    }


def test_entries_of_all_scopes_are_made_in_order() -> None:
    items = [MediaItem(document=IMAGE, id=code) for code in ("shot-00002", "shot-00000")]
    outcome = create(
        enter("project"),
        enter("scenes", ("shot-00000", "shot-00001", "shot-00002"), items=items),
        enter("scene", ("shot-00000",), is_best=True),
        enter("characters", slot="portrait"),
        enter(project="other"),
    )
    assert (outcome.errors, outcome.is_refused) == ({}, False)
    assert list_made(outcome) == {
        0: [("film:", "image", 1, True)],
        1: [("shot-00002", "image", 1, True), ("shot-00000", "image", 1, False)],
        2: [("shot-00000", "image", 2, True)],
        3: [("hero", "portrait", 1, True)],
        4: [("hero", "image", 1, True)],
    }
    assert get_url(entity_id=get_entity("hero", "other").pk, slot="image") == IMAGE.url
    for project in Project.objects.all():
        assert not list(verify_history(project=project, done=Verification()))


def test_media_start_no_run_and_move_no_definition() -> None:
    create(enter(), enter("project"))
    assert not PropagationRun.objects.exists()
    assert set(Version.objects.filter(slot="definition").values_list("number", flat=True)) == {1}


def test_each_project_is_told_in_its_own_order() -> None:
    create(enter(project="other"), enter(), enter(is_best=True), enter(project="other"))
    for project in ("film", "other"):
        events = Event.objects.filter(project__code=project).order_by("seq")
        told = [
            (event.type, event.payload["number"])
            for event in events
            if event.type in {"version_created", "best_changed"}
        ]
        best = 2 if project == "film" else 1
        assert [one for one in told if one[0] == "version_created"] == [
            ("version_created", 1), ("version_created", 2)
        ]  # fmt: skip
        assert [one for one in told if one[0] == "best_changed"] == [("best_changed", best)]
        seqs = list(events.values_list("seq", flat=True))
        assert seqs == sorted(set(seqs))


def list_wrong() -> list[tuple[MediaEntry | EntryError, type[Exception], str | None]]:
    """Return entries that cannot be made, how they are refused, and at which place."""
    two = ("hero", "shot-00000")
    return [
        (enter(project="nothing"), BadScopeError, "/project_id"),
        (enter(ids=("hero", "nobody")), BadScopeError, "/asset_ids/1"),
        (enter("scenes", ("shot-00000", "hero")), BadScopeError, "/scene_ids/1"),
        (enter("scene", ("hero",)), BadScopeError, "/scene_id"),
        (enter("locations"), BadScopeError, "/location_ids/0"),
        (enter("assets", ("film:",)), BadScopeError, "/asset_ids/0"),
        (enter(ids=two), InvalidMediaError, "/media/0/id"),
        (
            enter(items=[MediaItem(document=IMAGE), MediaItem(document=IMAGE, id="shot-00000")]),
            InvalidMediaError,
            "/media/1/id",
        ),
        (
            enter(items=[MediaItem(document=IMAGE, file_key="missing")]),
            InvalidMediaError,
            "/media/0/file",
        ),
        (enter(metadata={"tags": [5]}), InvalidMetadataError, None),
        (enter(made_from=9), VersionNotFoundError, None),
        (enter(made_from=2**31 - 1), VersionNotFoundError, None),
        (enter(ids=("shot-00001",)), EntityLockedError, None),
        (BadScopeError("/type", "It was wrong before."), BadScopeError, "/type"),
    ]


@pytest.mark.parametrize("index", range(14))
def test_a_wrong_entry_spoils_only_itself(index: int) -> None:
    Entity.objects.filter(code="shot-00001").update(is_locked=True)
    wrong, error, pointer = list_wrong()[index]
    make_user("director", is_superuser=True)
    before = count_rows()
    for entries in ([wrong], [enter(), wrong, enter()]):
        refused = create(*entries)
        assert (refused.is_refused, refused.created) == (True, {})
        assert list(refused.errors) == [entries.index(wrong)]
        assert count_rows() == before
    outcome = create(enter(), wrong, enter(), is_atomic=False)
    assert not outcome.is_refused
    assert list_made(outcome) == {
        0: [("hero", "image", 1, True)], 2: [("hero", "image", 2, False)]
    }  # fmt: skip
    assert list(outcome.errors) == [1]
    assert type(outcome.errors[1]) is error
    assert getattr(outcome.errors[1], "pointer", None) == pointer
    assert create(wrong, is_atomic=False).is_refused


def test_of_an_entry_all_items_are_made_or_none() -> None:
    items = [
        MediaItem(document=IMAGE, id="shot-00000"),
        MediaItem(document=IMAGE, id="shot-00001"),
    ]
    Entity.objects.filter(project__code="film", code="shot-00001").update(is_locked=True)
    entry = enter("scenes", ("shot-00000", "shot-00001"), items=items)
    outcome = create(enter(), entry, is_atomic=False)
    assert (list(outcome.created), list(outcome.errors)) == ([0], [1])
    assert set(Version.objects.filter(slot="image").values_list("entity__code", flat=True)) == {
        "hero"
    }


def test_who_may_write_in_one_project_only_writes_there() -> None:
    ana = make_user("ana", roles={"film": Role.ARTIST, "other": Role.VIEWER})
    outcome = create(enter(), enter(project="other"), is_atomic=False, actor=ana)
    assert list(outcome.created) == [0]
    assert isinstance(outcome.errors[1], RoleTooLowError)
    assert Version.objects.get(slot="image").author == ana
    stranger = make_user("stranger")
    refused = create(enter(), actor=stranger)
    assert isinstance(refused.errors[0], BadScopeError)
    assert refused.errors[0].pointer == "/project_id"


def test_an_uploaded_file_is_described_by_what_was_stored() -> None:
    for code, key in (("film", "one"), ("other", "two")):
        StoredFile.objects.create(
            project=Project.objects.get(code=code),
            key=key,
            name="a.png",
            content_type="image/png",
            size=7,
            sha256="0" * 64,
            created_at=timezone.now(),
        )
    (mine, others) = (
        enter(items=[MediaItem(document=MediaDocument(type="image"), file_key=key)])
        for key in ("one", "two")
    )
    outcome = create(mine, others, is_atomic=False)
    assert isinstance(outcome.errors[1], InvalidMediaError)
    version = Version.objects.get(slot="image")
    assert version.content.data["file"] == {
        "key": "one", "name": "a.png", "content_type": "image/png", "size": 7, "sha256": "0" * 64
    }  # fmt: skip
    assert Media.objects.get(version=version).file == StoredFile.objects.get(key="one")
    url = get_url(entity_id=version.entity_id, slot="image")
    assert url is not None
    assert url.endswith("one")


def test_media_show_the_best_definition_or_the_one_that_is_named() -> None:
    change("hero", colour="blue")
    create(enter(), enter(made_from=1))
    rows = Version.objects.filter(slot="image").order_by("number")
    assert list(rows.values_list("inputs__source_version__number", flat=True)) == [2, 1]
    head = Head.objects.get(slot="image")
    assert (head.best.number, head.latest.number) == (1, 2)


def test_a_call_takes_as_many_statements_for_many_as_for_one() -> None:
    counts = []
    director = make_user("director", is_superuser=True)
    load(star(200), code="large")
    shots = [f"shot-{index:05}" for index in range(200)]
    for ids in (shots[:1], shots):
        items = [MediaItem(document=IMAGE, id=code) for code in ids]
        entries = [
            enter("scenes", ids, project="large", items=items, slot=slot, metadata={"tags": ["a"]})
            for slot in ("image", "scene_video")
        ]
        with CaptureQueriesContext(connection) as queries:
            assert not create(*entries, actor=director).errors
        counts.append(len(queries))
    assert counts[0] == counts[1]
