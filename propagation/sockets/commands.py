"""Carry out what a client asked over its line."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from operator import attrgetter

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from assets.exceptions import AssetsError
from assets.models import Entity
from assets.services.access import is_house_staff
from assets.services.lookup import find_entity
from propagation.exceptions import LeaseNotFoundError, PropagationError
from propagation.models import EditLease, LeaseMode
from propagation.services.edit_leases import end_leases, list_leases, renew_lease, start_lease
from propagation.services.topics import Topic, find_topics
from propagation.sockets import asking
from propagation.sockets.database import in_database
from propagation.sockets.hub import HUB, STATE_PERIODS
from propagation.sockets.line import Line

logger = logging.getLogger(__name__)

MOST_LEASES = 50
"""Of one line: what somebody has open at a time."""


class RefusedError(Exception):
    """What was asked cannot be done on this line; code and message say why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


async def carry_out(line: Line, asked: asking.Asked) -> None:
    """Do it, and answer; what cannot be done is answered with an error, and changes nothing."""
    try:
        match asked:
            case asking.Subscribe():
                await _subscribe(line, asked)
            case asking.Unsubscribe():
                _unsubscribe(line, asked)
            case asking.Presence():
                await _tell_presence(line, asked)
    except (AssetsError, PropagationError, RefusedError) as error:
        line.tell("error", id=asked.reference, code=error.code, detail=str(error))
    except (OperationalError, InterfaceError):
        logger.exception("line_not_served user=%s", line.user.pk)
        line.tell("error", id=asked.reference, code="busy", detail="The database is busy.")
    except Exception:  # a fault of ours: the others on this line are served all the same
        logger.exception("line_not_served user=%s", line.user.pk)
        line.tell("error", id=asked.reference, code="internal", detail="This is a fault of ours.")


async def _subscribe(line: Line, asked: asking.Subscribe) -> None:
    states = [name for name in asked.topics if name in STATE_PERIODS]
    logged = [name for name in asked.topics if name not in STATE_PERIODS]
    if "queues" in states and not is_house_staff(line.user):
        raise RefusedError("forbidden", "The queues are for staff.")
    topics = await in_database(partial(find_topics, names=logged, user=line.user))
    parts = _group(topics)
    since = _spread(asked.since, parts)
    for project_id, some in parts.items():
        if since[project_id] is not None and HUB.logs.is_listening(line, project_id):
            raise RefusedError(
                "already-subscribed",
                f"project:{some[0].project_code} is heard already: its past would come after its"
                " present. Leave `since` out, or unsubscribe first.",
            )
    known = {*HUB.logs.list_topics(line), *(topic.name for topic in topics)}
    if len(known) > asking.MOST_TOPICS:
        raise RefusedError("limit-exceeded", f"A line has {asking.MOST_TOPICS} topics at most.")
    for name in states:
        HUB.watch_state(line, name)
    if not parts:
        line.tell("ready", id=asked.reference, topics=states)
    for project_id, some in parts.items():
        await HUB.subscribe(
            line=line, topics=some, since=since[project_id], reference=asked.reference
        )


def _unsubscribe(line: Line, asked: asking.Unsubscribe) -> None:
    states = [name for name in asked.topics if name in STATE_PERIODS]
    left = [name for name in states if HUB.forget_state(line, name)]
    left += HUB.logs.leave(line, asked.topics)
    line.tell("unsubscribed", id=asked.reference, topics=sorted(left))


def _group(topics: Sequence[Topic]) -> dict[int, list[Topic]]:
    key = attrgetter("project_id")
    return {pk: list(some) for pk, some in groupby(sorted(topics, key=key), key=key)}


def _spread(
    since: int | Mapping[str, int] | None, parts: Mapping[int, Sequence[Topic]]
) -> dict[int, int | None]:
    """Return where each project's log is told from."""
    if isinstance(since, Mapping):
        return {pk: since.get(some[0].project_code) for pk, some in parts.items()}
    if since is not None and len(parts) > 1:
        detail = "The topics are of several projects: give `since` by project."
        raise RefusedError("ambiguous-since", detail)
    return dict.fromkeys(parts, since)


async def _tell_presence(line: Line, asked: asking.Presence) -> None:
    if asked.mode == LeaseMode.EDIT and not line.guest.may_write:
        raise RefusedError("insufficient-scope", "This token is for reading.")
    entity = await in_database(partial(find_entity, identifier=asked.entity, user=line.user))
    key = entity.qualified_code
    if asked.mode == "leave":
        token = line.leases.pop(key, None)
        if token:
            await in_database(partial(end_leases, tokens=[token]))
        line.tell("left", id=asked.reference, asset_id=entity.code)
        return
    if key not in line.leases and len(line.leases) >= MOST_LEASES:
        raise RefusedError("limit-exceeded", f"A line holds {MOST_LEASES} leases at most.")
    lease = await in_database(partial(_hold, line, entity, asked, line.leases.get(key)))
    line.leases[key] = lease.token
    line.tell(
        "lease",
        id=asked.reference,
        asset_id=entity.code,
        mode=lease.mode,
        token=lease.token,
        expires_at=lease.expires_at,
    )


def _hold(line: Line, entity: Entity, asked: asking.Presence, token: str | None) -> EditLease:
    """Go on with the lease of this line on the entity, or begin one."""
    at, mode = timezone.now(), LeaseMode(asked.mode)
    held = list_leases(at=at).filter(token=token, user=line.user).first() if token else None
    if held and held.mode == mode:
        with suppress(LeaseNotFoundError):  # over since then
            return renew_lease(token=held.token, user=line.user, at=at, fields=asked.fields)
    lease = start_lease(
        entity=entity, user=line.user, fields=asked.fields, base_version=None, mode=mode, at=at
    )
    if held:
        end_leases(tokens=[held.token])
    return lease
