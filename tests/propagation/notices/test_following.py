"""Who edits something watches it from then on, unless they said otherwise."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from propagation.models import RunKind, Subscription, SubscriptionMode
from propagation.services.change_references import Edge, change_references
from propagation.services.edit_subscriptions import save_subscription
from propagation.services.roll_back import roll_back
from propagation.services.topics import find_subject
from tests.builders import choose_best, get_entity, make_cause
from tests.client import APIClient
from tests.propagation.api.asking import post
from tests.propagation.notices.conftest import Hire
from tests.propagation.notices.telling import edit, list_told, run_to_end, subscribe, tell
from versions.models import Head

pytestmark = pytest.mark.django_db


def list_watched(user: User) -> list[tuple[str, str, str]]:
    """Return what the person has a row about, with its mode and origin."""
    rows = Subscription.objects.filter(user=user).order_by("entity__code")
    return list(rows.values_list("entity__code", "mode", "origin"))


WATCHED = [("hero", "watch", "edited")]


def test_who_changes_something_watches_it(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    run_to_end(edit(actor=ana))
    run_to_end(edit(actor=ana))
    assert list_watched(ana) == WATCHED
    run_to_end(edit(actor=ben))
    assert list_told() == {"ana": "source"}


def test_who_edits_a_dependent_hears_of_what_it_uses(hire: Hire) -> None:
    """The owner of a shot is told of a change of the character in it."""
    ana = hire("ana")
    run_to_end(edit("shot-0", actor=ana))
    run_to_end(edit())
    assert list_told() == {"ana": "target"}


def test_rolling_back_choosing_the_best_and_linking_are_edits(hire: Hire) -> None:
    run_to_end(edit())
    hero, at = get_entity("hero"), timezone.now()
    number = Head.objects.get(entity=hero, slot="definition").best.number
    sue, tom, uma = (hire(name) for name in ("sue", "tom", "uma"))
    for one in (sue, tom, uma):
        one.memberships.update(role="supervisor")
    roll_back(
        entity=hero,
        to_version=number - 1,
        cause=make_cause(sue, kind=RunKind.ROLLBACK),
        at=at,
    )
    choose_best("hero", number, actor=tom)
    edge = Edge(source=get_entity("lamp"), target=hero)
    change_references(added=[edge], cause=make_cause(uma, kind=RunKind.RELINK), at=at)
    tell()
    assert list_watched(sue) == list_watched(tom) == list_watched(uma) == WATCHED


def test_publishing_and_choosing_media_are_edits(hire: Hire) -> None:
    ana, ben = hire("ana"), hire("ben")
    api = APIClient()
    api.force_authenticate(ana)
    poster = {"slot": "poster", "type": "image", "urls": ["https://cdn.example/1.png"]}
    for _ in range(2):
        assert post(api, "assets/hero/versions", poster).status_code == 201
    best = Head.objects.get(entity=get_entity("hero"), slot="poster").best.number
    assert choose_best("hero", 3 - best, "poster", actor=ben).changed
    tell()
    assert list_watched(ana) == list_watched(ben) == WATCHED


@pytest.mark.parametrize("kind", [RunKind.UNDO, RunKind.IMPORT, RunKind.REPAIR, RunKind.RELEASE])
def test_what_touches_whole_films_is_no_edit_of_theirs(hire: Hire, kind: RunKind) -> None:
    ana = hire("ana")
    run_to_end(edit(actor=ana, kind=kind))
    assert list_watched(ana) == []


def test_who_edits_the_definition_of_the_project_does_not_watch_all_of_it(hire: Hire) -> None:
    ana = hire("ana")
    run_to_end(edit("film:", actor=ana))
    assert list_watched(ana) == []


@pytest.mark.parametrize("mode", SubscriptionMode.values)
def test_what_somebody_said_is_not_changed_by_their_edits(hire: Hire, mode: str) -> None:
    ana = hire("ana")
    subscribe(ana, "hero", mode)
    run_to_end(edit(actor=ana))
    assert list_watched(ana) == [("hero", mode, "chosen")]


def test_who_stopped_watching_is_not_subscribed_by_the_next_edit(hire: Hire) -> None:
    ana = hire("ana")
    run_to_end(edit(actor=ana))
    hero = find_subject(topic="asset:hero", user=ana).subject
    save_subscription(user=ana, subject=hero, mode=SubscriptionMode.NONE, at=timezone.now())
    run_to_end(edit(actor=ana))
    run_to_end(edit())
    assert list_watched(ana) == [("hero", "none", "chosen")]
    assert list_told() == {}
