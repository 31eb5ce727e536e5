"""Write notifications: one row per person and run, or conflict, made or renewed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from assets.setwise import insert_rows, select_ids, update_rows
from propagation.models import Mail, NoticePreference, Notification, Reason
from propagation.notices.due import find_due
from propagation.notices.inbox import bump_inboxes, lock_inboxes
from versions.canonical import JsonObject

RENEWED = (
    "reason",
    "entity",
    "also",
    "facts",
    "updated_at",
    "read_at",
    "mail_due_at",
    "mail_attempts",
    "mail_sent_at",
)
"""What is written anew of a row that is told once more: it is unread again."""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a notification is about: one of the two."""

    run_id: int | None = None
    conflict_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A notification before it is written."""

    user_id: int
    about: About
    reason: Reason
    entity_id: int | None
    also: int = 0


def write_notices(
    *,
    project_id: int,
    drafts: Sequence[Draft],
    facts: Mapping[About, JsonObject],
    at: datetime,
) -> None:
    """Tell the people of the drafts: a new row each, or the one that they have, unread again.

    facts: of all that there is news of. Whoever was told of it before, and is not told now, has the
    new facts in the row that they have; that does not make it unread. A constant number of
    statements.
    """
    known = _find_rows(facts)
    concerned = {draft.user_id for draft in drafts} | {user_id for user_id, _ in known}
    if not concerned:
        return
    lock_inboxes(user_ids=concerned, at=at)
    known = {key: pk for key, pk in _find_rows(facts).items() if key[0] in concerned}
    due = _find_dues({draft.user_id for draft in drafts}, at)
    values = {
        (draft.user_id, draft.about): (
            *(draft.reason, draft.entity_id, draft.also, facts[draft.about], at),
            *(None, due.get(draft.user_id), 0, None),
        )
        for draft in drafts
    }
    told = [(known[key], *row) for key, row in values.items() if key in known]
    update_rows(model=Notification, key="id", columns=RENEWED, rows=told)
    left = [
        (pk, facts[about]) for (user, about), pk in known.items() if (user, about) not in values
    ]
    update_rows(model=Notification, key="id", columns=["facts"], rows=left)
    insert_rows(
        model=Notification,
        columns=["user", "project", "run", "conflict", "created_at", *RENEWED],
        rows=[
            (user_id, project_id, about.run_id, about.conflict_id, at, *row)
            for (user_id, about), row in values.items()
            if (user_id, about) not in known
        ],
    )
    bump_inboxes(user_ids=concerned, at=at)


def _find_rows(about: Collection[About]) -> dict[tuple[int, About], int]:
    """Return the ids of the rows that there are, by user id and what they are about."""
    run_ids = [one.run_id for one in about if one.run_id is not None]
    conflict_ids = [one.conflict_id for one in about if one.conflict_id is not None]
    rows = Notification.objects.filter(
        Q(run_id__in=select_ids(run_ids)) | Q(conflict_id__in=select_ids(conflict_ids))
    ).order_by()
    return {
        (user_id, About(run_id=run_id, conflict_id=conflict_id)): pk
        for pk, user_id, run_id, conflict_id in rows.values_list(
            "pk", "user_id", "run_id", "conflict_id"
        )
    }


def _find_dues(user_ids: Collection[int], at: datetime) -> dict[int, datetime | None]:
    rows = NoticePreference.objects.filter(pk__in=select_ids(user_ids)).exclude(mail=Mail.NONE)
    return {
        pk: find_due(mail=Mail(mail), digest_hour=hour, at=at)
        for pk, mail, hour in rows.values_list("pk", "mail", "digest_hour")
    }
