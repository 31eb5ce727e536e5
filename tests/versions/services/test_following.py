"""A reference is outdated when its target consumed another version than it follows."""

import pytest

from assets.models import AssetReference, Follow
from tests.builders import change, edges_production, load
from versions.models import Consumption, Head, Version
from versions.services.following import find_outdated, read_states, with_followed

pytestmark = pytest.mark.django_db


def make_reference(follow: Follow = Follow.BEST) -> AssetReference:
    """Make b that uses a, whose best version is v2 of three; b consumed v1."""
    load(edges_production([("a", "b")]))
    change("a", value=2)
    change("a", value=3)
    Head.objects.filter(entity__code="a").update(
        best=Version.objects.get(entity__code="a", number=2)
    )
    AssetReference.objects.update(follow=follow)
    reference: AssetReference = AssetReference.objects.get()
    return reference


def get_followed() -> int:
    """Return the number of the version that the reference follows."""
    (reference,) = with_followed(AssetReference.objects.all())
    number: int = Version.objects.get(pk=vars(reference)["followed_id"]).number
    return number


def consume(number: int) -> None:
    Consumption.objects.update(version=Version.objects.get(entity__code="a", number=number))


@pytest.mark.parametrize(
    ("follow", "number"),
    [(Follow.BEST, 2), (Follow.LATEST, 3), (Follow.LATEST_APPROVED, 1), (Follow.FROZEN, 1)],
)
def test_each_way_to_follow_names_its_version(follow: Follow, number: int) -> None:
    make_reference(follow)
    assert get_followed() == number


@pytest.mark.parametrize(
    ("follow", "consumed"), [(Follow.BEST, 2), (Follow.LATEST, 3), (Follow.FROZEN, 1)]
)
def test_only_the_followed_version_is_up_to_date(follow: Follow, consumed: int) -> None:
    reference = make_reference(follow)
    for number in (1, 2, 3):
        consume(number)
        is_outdated = follow != Follow.FROZEN and number != consumed
        found = list(find_outdated(AssetReference.objects.all()))
        assert found == ([reference] if is_outdated else [])


@pytest.mark.parametrize("approved", [1, 2, 3])
def test_the_latest_approved_is_followed_once_there_is_one(approved: int) -> None:
    reference = make_reference(Follow.LATEST_APPROVED)
    version = Version.objects.get(entity__code="a", number=approved)
    Head.objects.filter(entity__code="a").update(approved=version)
    assert get_followed() == approved
    (state,) = read_states(with_followed(AssetReference.objects.all()))
    assert (state.followed_id, state.followed_checksum) == (version.pk, version.checksum)
    found = list(find_outdated(AssetReference.objects.all()))
    assert found == ([] if approved == 1 else [reference])


@pytest.mark.parametrize("follow", Follow)
def test_what_was_never_consumed_is_outdated(follow: Follow) -> None:
    reference = make_reference(follow)
    Consumption.objects.all().delete()
    assert list(find_outdated(AssetReference.objects.all())) == [reference]


@pytest.mark.parametrize(
    ("follow", "number"), [(Follow.BEST, 2), (Follow.LATEST, 3), (Follow.LATEST_APPROVED, 1)]
)
def test_a_state_names_the_same_version_as_the_query(follow: Follow, number: int) -> None:
    reference = make_reference(follow)
    (state,) = read_states(with_followed(AssetReference.objects.all()))
    followed = Version.objects.get(entity__code="a", number=number)
    assert (state.id, state.followed_id) == (reference.pk, followed.pk)
    assert state.followed_checksum == followed.checksum
    assert (state.source_code, state.role, state.is_frozen) == ("a", "depends_on", False)
    assert state.consumed_id == Version.objects.get(entity__code="a", number=1).pk


def test_a_frozen_state_moves_only_when_nothing_was_consumed() -> None:
    make_reference(Follow.FROZEN)
    (state,) = read_states(with_followed(AssetReference.objects.all()))
    assert state.is_frozen
    Consumption.objects.all().delete()
    (state,) = read_states(with_followed(AssetReference.objects.all()))
    assert not state.is_frozen
