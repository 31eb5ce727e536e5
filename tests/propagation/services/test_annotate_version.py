"""People say what they may say of a version, and what follows approvals follows at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from assets.exceptions import RoleTooLowError
from assets.models import AssetReference, Entity, Follow, Project, Role
from propagation.models import Event, PropagationRun, RunKind
from propagation.recovery.consistency import check_project
from propagation.services.annotate_version import Annotated, annotate_version
from tests.builders import (
    change,
    drive,
    edges_production,
    get_entity,
    load,
    make_cause,
    make_media,
    make_user,
)
from tests.propagation.interchange.stored import count_rows, count_versions
from tests.staging import kept_for_a_module
from versions.exceptions import (
    InvalidMetadataError,
    RemarkMovedError,
    SlotNotFoundError,
    VersionNotFoundError,
)
from versions.models import Annotation, Consumption, Head, Status
from versions.services.annotate import Remark

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def production(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have an a in its third version; b follows what is approved of it, c what is best."""
    del django_db_setup
    with kept_for_a_module(django_db_blocker):
        load(edges_production([("a", "b"), ("a", "c"), ("b", "d")]))
        AssetReference.objects.filter(target__code="b").update(follow=Follow.LATEST_APPROVED)
        for value in (2, 3):
            run = change("a", value=value).run
            assert run is not None
            drive(run)
        make_media("a", count=2)
        yield


def say(
    number: int,
    slot: str = "definition",
    *,
    code: str = "a",
    actor: Any = None,  # noqa: ANN401 (a user, or none)
    **said: Any,  # noqa: ANN401 (fields of Remark)
) -> Annotated:
    """Say something about a version, and do the run that follows."""
    done = annotate_version(
        entity=get_entity(code),
        slot=slot,
        number=number,
        remark=Remark(**said),
        cause=make_cause(actor, kind=RunKind.APPROVAL),
        at=timezone.now(),
    )
    if done.run is not None:
        drive(done.run)
    assert not check_project(project=Project.objects.get()).exceptions
    return done


def get_consumed(target: str = "b") -> int:
    """Return which version of its source a target was made from."""
    consumption = Consumption.objects.get(reference__target__code=target)
    return consumption.version.number


def test_what_follows_approvals_follows_each_of_them_and_back() -> None:
    assert (get_consumed("b"), get_consumed("c")) == (1, 3)
    done = say(2, status=Status.APPROVED)
    assert done.run is not None
    assert (done.run.kind, done.run.sources.get().version.number) == ("approval", 2)
    assert get_consumed("b") == 2
    assert say(1, status=Status.APPROVED).run is None  # an older one is not the newest
    assert get_consumed("b") == 2
    say(3, status=Status.APPROVED)
    assert get_consumed("b") == 3
    say(3, status=Status.REJECTED)
    assert get_consumed("b") == 2
    assert get_consumed("c") == 3
    assert count_versions()["d"] == count_versions()["b"] == 4


def test_when_no_approval_is_left_what_followed_it_stays_where_it_is() -> None:
    say(2, status=Status.APPROVED)
    assert say(2, status=Status.REVIEW).run is None
    assert Head.objects.get(entity__code="a", slot="definition").approved is None
    assert get_consumed("b") == 2


def test_an_approval_that_nothing_follows_starts_no_run() -> None:
    runs = PropagationRun.objects.count()
    assert say(1, code="c", status=Status.APPROVED).run is None
    assert say(1, "image", status=Status.APPROVED).run is None
    assert say(3, is_hidden=True).run is None
    assert PropagationRun.objects.count() == runs
    approved = Head.objects.exclude(approved=None).order_by("slot")
    assert list(approved.values_list("entity__code", "slot", "approved__number")) == [
        ("c", "definition", 2 if get_consumed("c") < 3 else 1), ("a", "image", 1)
    ]  # fmt: skip


def test_each_remark_is_told_once() -> None:
    say(2, "image", status=Status.REVIEW, is_hidden=True)
    rows = count_rows()
    done = say(2, "image", status=Status.REVIEW)
    assert (done.is_changed, done.run, count_rows()) == (False, None, rows)
    (event,) = Event.objects.filter(type="version_annotated")
    assert event.payload == {
        "asset_id": "a", "slot": "image", "number": 2, "status": "review", "is_hidden": True
    }  # fmt: skip


def test_the_answer_is_the_version_with_what_is_said_of_it_now() -> None:
    say(2, metadata={"tags": ["x"]})
    done = say(2, status=Status.APPROVED)
    assert (done.version.number, done.is_changed) == (2, True)
    assert (done.version.annotation.status, done.version.annotation.revision) == ("approved", 2)


ARTISTS: list[dict[str, Any]] = [
    {"is_hidden": True},
    {"metadata": {"mood": "calm"}},
    {"status": Status.REVIEW},
]
SUPERVISORS: list[dict[str, Any]] = [{"status": Status.APPROVED}, {"status": Status.REJECTED}]


@pytest.mark.parametrize("slot", ["definition", "image"])
@pytest.mark.parametrize(
    ("role", "said", "is_allowed"),
    [
        *((Role.ARTIST, said, True) for said in ARTISTS),
        *((Role.VIEWER, said, False) for said in ARTISTS),
        *((Role.ARTIST, said, False) for said in SUPERVISORS),
        *((Role.SUPERVISOR, said, True) for said in SUPERVISORS),
    ],
)
def test_each_role_says_what_it_may(
    slot: str,
    role: Role,
    said: dict[str, Any],
    is_allowed: bool,  # noqa: FBT001 (a case of a table)
) -> None:
    somebody = make_user("somebody", roles={"film": role})
    if is_allowed:
        assert say(2, slot, actor=somebody, **said).is_changed
        assert Annotation.history.get().history_user == somebody
        return
    rows = count_rows()
    with pytest.raises(RoleTooLowError):
        say(2, slot, actor=somebody, **said)
    assert count_rows() == rows


@pytest.mark.parametrize("decided", [Status.APPROVED, Status.REJECTED])
def test_only_a_supervisor_takes_a_decision_back(decided: Status) -> None:
    say(2, status=decided)
    artist = make_user("artist", roles={"film": Role.ARTIST})
    for status in (Status.DRAFT, Status.REVIEW):
        with pytest.raises(RoleTooLowError):
            say(2, actor=artist, status=status)
    assert say(2, actor=artist, status=decided, is_hidden=True).is_changed
    assert Annotation.objects.get().status == decided
    supervisor = make_user("supervisor", roles={"film": Role.SUPERVISOR})
    assert say(2, actor=supervisor, status=Status.REVIEW).is_changed


@pytest.mark.parametrize(
    ("number", "slot", "said", "error"),
    [
        (9, "definition", {"is_hidden": True}, VersionNotFoundError),
        (2**40, "image", {"is_hidden": True}, VersionNotFoundError),
        (1, "missing", {"is_hidden": True}, SlotNotFoundError),
        (1, "image", {"metadata": {"tags": [5]}}, InvalidMetadataError),
        (1, "image", {"is_hidden": True, "base_revision": 3}, RemarkMovedError),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_written(
    number: int, slot: str, said: dict[str, Any], error: type[Exception]
) -> None:
    rows = count_rows()
    with pytest.raises(error):
        say(number, slot, **said)
    assert count_rows() == rows


def test_a_locked_entity_is_approved_all_the_same() -> None:
    Entity.objects.filter(code="a").update(is_locked=True)
    assert say(2, status=Status.APPROVED).is_changed
    assert get_consumed("b") == 2
