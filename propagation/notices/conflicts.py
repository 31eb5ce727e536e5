"""Tell people of conflicts: those whose edits met, and who watches what they are about."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from assets.setwise import select_ids
from propagation.models import Conflict, ConflictStatus, Reason, Subscription, SubscriptionMode
from propagation.notices.audience import find_allowed
from propagation.notices.wording import NOTE_LENGTH
from propagation.notices.writing import About, Draft, write_notices
from versions.canonical import JsonObject

DECIDED = (ConflictStatus.RESOLVED, ConflictStatus.DISMISSED)


def tell_conflicts_on(
    *, project_id: int, opened: Collection[int], closed: Collection[int], at: datetime
) -> None:
    """Tell of conflicts that were opened or closed, in a constant number of statements.

    One that is open: those whose edit it met, and the watchers of its entity, but not its author,
    who has it as the answer to the edit. One that somebody else decided: its author. All who were
    told before see in their row what became of it.
    """
    # What was opened and is closed by now is told of by the event that says so.
    is_news = Q(pk__in=select_ids(opened), status=ConflictStatus.OPEN) | Q(
        ~Q(status=ConflictStatus.OPEN), pk__in=select_ids(closed)
    )
    rows = Conflict.objects.filter(is_news, project=project_id)
    conflicts = {
        one.pk: one for one in rows.select_related("entity", "author", "closed_by").order_by("pk")
    }
    if not conflicts:
        return
    told = _find_concerned(conflicts) | _find_authors(conflicts.values())
    deaf = _find_deaf(project_id)
    told = {(pk, user_id) for pk, user_id in told if user_id not in deaf}
    allowed = find_allowed(project_id=project_id, user_ids={user_id for _, user_id in told})
    write_notices(
        project_id=project_id,
        drafts=[
            Draft(
                user_id=user_id,
                about=About(conflict_id=pk),
                reason=Reason.CONFLICT,
                entity_id=conflicts[pk].entity_id,
            )
            for pk, user_id in sorted(told)
            if user_id in allowed
        ],
        facts={About(conflict_id=pk): _describe(one) for pk, one in conflicts.items()},
        at=at,
    )


def _find_concerned(conflicts: Mapping[int, Conflict]) -> set[tuple[int, int]]:
    """Return (conflict id, user id) of whoever an open conflict concerns but its author."""
    waiting = {pk: one for pk, one in conflicts.items() if one.status == ConflictStatus.OPEN}
    met = Conflict.affected_users.through.objects.filter(conflict_id__in=select_ids(waiting))
    said = Subscription.objects.filter(
        entity_id__in=select_ids(one.entity_id for one in waiting.values())
    )
    modes: defaultdict[int, dict[int, str]] = defaultdict(dict)
    for entity_id, user_id, mode in said.values_list("entity_id", "user_id", "mode"):
        modes[entity_id][user_id] = mode
    found = set(met.values_list("conflict_id", "user_id"))
    for pk, one in waiting.items():
        said_of_it = modes[one.entity_id].items()
        found |= {(pk, user_id) for user_id, mode in said_of_it if mode == SubscriptionMode.WATCH}
        found -= {(pk, user_id) for user_id, mode in said_of_it if mode == SubscriptionMode.MUTE}
        found.discard((pk, one.author_id))
    return found


def _find_authors(conflicts: Iterable[Conflict]) -> set[tuple[int, int]]:
    """Return (conflict id, user id) of authors whose edit somebody else decided about."""
    return {
        (one.pk, one.author_id)
        for one in conflicts
        if one.status in DECIDED and one.author_id and one.closed_by_id != one.author_id
    }


def _find_deaf(project_id: int) -> set[int]:
    muted = Subscription.objects.filter(project=project_id, mode=SubscriptionMode.MUTE)
    return set(muted.values_list("user_id", flat=True))


def _describe(conflict: Conflict) -> JsonObject:
    """Return what is said of a conflict, in the words of `wording`."""
    return {
        "source": conflict.entity.code,
        "type": conflict.type,
        "severity": conflict.severity,
        "status": conflict.status,
        "author": conflict.author.username if conflict.author else None,
        "closed_by": conflict.closed_by.username if conflict.closed_by else None,
        "note": (conflict.reason or conflict.description)[:NOTE_LENGTH],
    }
