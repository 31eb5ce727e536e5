"""What the hub reads from the database, in threads beside the event loop."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Q

from assets.models import Membership
from assets.setwise import select_ids, select_texts
from propagation.live.events import read_seqs
from propagation.models import AccessToken, EditLease, Event
from propagation.services.edit_leases import list_leases
from propagation.services.messages import Message, make_messages
from propagation.services.read_events import read_events
from propagation.services.topics import Topic
from propagation.sockets.guest import Guest
from propagation.sockets.live_log import merge_members
from versions.canonical import JsonObject

AT_ONCE = 500
"""Events that are read at once."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a log is read on from. asked: the entities that somebody wants to hear of."""

    seq: int
    asked: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A part of a log as messages. seq: where to read on; is_last: there is nothing more by now."""

    messages: Sequence[Message]
    seq: int
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Who may be connected, and hear what: by ids of users, (user, project), and keys."""

    hashes: Mapping[int, str]
    staff: frozenset[int]
    supers: frozenset[int]
    memberships: frozenset[tuple[int, int]]
    sessions: frozenset[str]
    tokens: frozenset[str]

    def may_stay(self, guest: Guest) -> bool:
        """Tell whether the user is active, and what let them in holds still."""
        auth_hash = self.hashes.get(guest.user.pk)
        if auth_hash is None:
            return False
        if guest.token_digest is not None:
            return guest.token_digest in self.tokens
        is_signed_in = guest.session_key in self.sessions and guest.auth_hash == auth_hash
        return guest.session_key is None or is_signed_in

    def may_hear(self, user_id: int, project_id: int) -> bool:
        """Tell whether the user may see the project."""
        return user_id in self.supers or (user_id, project_id) in self.memberships


def read_on(places: Mapping[int, Place]) -> tuple[dict[int, list[Message]], set[int]]:
    """Return what came after these places, by project, and the projects whose logs are behind.

    A log is behind when the database was restored from a backup. One statement, and two to four
    for each project with news.
    """
    seqs = read_seqs(places)
    found = {}
    for pk, place in places.items():
        if seqs[pk] > place.seq:
            after = Event.objects.filter(project=pk, seq__gt=place.seq).select_related("project")
            events = list(after.order_by("seq")[:AT_ONCE])
            found[pk] = make_messages(events=events, asked=place.asked)
    behind = {pk for pk, place in places.items() if seqs[pk] < place.seq}
    return {pk: messages for pk, messages in found.items() if messages}, behind


def read_page(*, topics: Sequence[Topic], since: int) -> Page:
    """Return what the topics' log, of one project, has after `since`; EventsTrimmedError."""
    page = read_events(project_id=topics[0].project_id, since=since, limit=AT_ONCE)
    messages = make_messages(events=page.events, asked=merge_members(topics))
    return Page(messages=messages, seq=page.seq, is_last=page.is_last)


def find_allowed(*, guests: Collection[Guest], at: datetime) -> Allowed:
    """Return who of the guests may still be connected, and hear what; four statements."""
    users = {guest.user.pk for guest in guests}
    active = list(User.objects.filter(pk__in=select_ids(users), is_active=True))
    members = Membership.objects.filter(user__in=select_ids(users))
    sessions = Session.objects.filter(
        session_key__in=select_texts({one.session_key for one in guests if one.session_key}),
        expire_date__gt=at,
    )
    tokens = AccessToken.objects.filter(
        Q(expiry=None) | Q(expiry__gt=at),
        digest__in=select_texts({one.token_digest for one in guests if one.token_digest}),
    )
    return Allowed(
        hashes={user.pk: user.get_session_auth_hash() for user in active},
        staff=frozenset(user.pk for user in active if user.is_staff),
        supers=frozenset(user.pk for user in active if user.is_superuser),
        memberships=frozenset(members.values_list("user_id", "project_id")),
        sessions=frozenset(sessions.values_list("pk", flat=True)),
        tokens=frozenset(tokens.values_list("pk", flat=True)),
    )


def read_presence(topics: Mapping[str, Topic], *, at: datetime) -> dict[str, JsonObject]:
    """Return who is editing or looking at what each topic is about, by its name; one statement."""
    projects = {topic.project_id for topic in topics.values()}
    by_project: dict[int, list[EditLease]] = {pk: [] for pk in projects}
    for lease in list_leases(at=at).filter(entity__project__in=projects):
        by_project[lease.entity.project_id].append(lease)
    return {
        name: {
            "topic": name,
            "users": [
                {
                    "user": lease.user.username,
                    "asset_id": lease.entity.code,
                    "mode": lease.mode,
                    "fields": lease.fields,
                }
                for lease in by_project[topic.project_id]
                if topic.is_all or lease.entity.code in topic.members
            ],
        }
        for name, topic in topics.items()
    }
