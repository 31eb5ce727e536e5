"""Write a mail: plain text, what happened, why one is told, where to look, how to mute it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from propagation.notices.wording import flatten

NOTE_LENGTH = 300


@dataclass(frozen=True, kw_only=True)
class Item:
    """One notification of a mail. topic: what to mute for it not to come again."""

    project: str
    what: str
    why: str
    note: str
    run_id: int | None
    conflict_id: int | None
    topic: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail to one person. The subject is one line, whatever people called things."""

    subject: str
    body: str


def write_letter(*, items: Sequence[Item], total: int, url: str) -> Letter:
    """Return the mail that tells of these. total: how many there are, with those left out here.

    url: where the web server is reached, without a slash at the end.
    """
    projects = ", ".join(dict.fromkeys(item.project for item in items))
    news = items[0].what if total == 1 else f"{total} notifications; {items[0].what}"
    parts = [_write_item(item, url) for item in items]
    if total > len(items):
        parts.append(f"And {total - len(items)} more: {url}/api/v1/notifications?state=unread")
    parts.append(
        'To hear nothing more of something, PUT {"mode": "mute"} to the address behind "mute".\n'
        f'To get no mail, PATCH {{"mail": "none"}} to {url}/api/v1/me'
    )
    return Letter(subject=flatten(f"[{projects}] {news}"), body="\n\n".join(parts) + "\n")


def _write_item(item: Item, url: str) -> str:
    if item.run_id is not None:
        name, api, admin = "run", f"runs/{item.run_id}", f"propagationrun/{item.run_id}"
    else:
        name, api = "conflict", f"conflicts/{item.conflict_id}"
        admin = f"conflict/{item.conflict_id}"
    lines = {
        "why": flatten(item.why),
        "note": flatten(item.note, length=NOTE_LENGTH),
        name: f"{url}/api/v1/{api}",
        "admin": f"{url}/admin/propagation/{admin}/change/",
        "mute": f"{url}/api/v1/subscriptions/{quote(item.topic, safe='')}",
    }
    told = [f"  {name + ':':<10}{line}" for name, line in lines.items() if line]
    return "\n".join([flatten(f"[{item.project}] {item.what}"), *told])
