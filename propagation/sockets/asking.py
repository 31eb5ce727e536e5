"""What a client may say: messages read strictly, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from versions.canonical import check_storable, read_strict

MOST_TOPICS = 100
"""Topics of one message, and of one connection."""
LONGEST_WORD, LONGEST_ID = 600, 200
LARGEST_MESSAGE = 65_536  # bytes
MOST_FIELDS = 100
MODES = ("edit", "view", "leave")
LARGEST_SEQ = 2**62

Json: TypeAlias = Any
"""Any JSON value."""


class BadMessageError(Exception):
    """The message is none that can be understood; code and detail say why."""

    def __init__(self, code: str, detail: str, reference: Json = None) -> None:
        super().__init__(detail)
        self.code, self.reference = code, reference


@dataclass(frozen=True, kw_only=True)
class Subscribe:
    """Hear of the topics; since: the number after which their log is told first, by project."""

    reference: Json
    topics: Sequence[str]
    since: int | Mapping[str, int] | None


@dataclass(frozen=True, kw_only=True)
class Unsubscribe:
    """Hear of the topics no more."""

    reference: Json
    topics: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Presence:
    """Say that one is editing fields of an entity (none: all), looking at it, or gone from it."""

    reference: Json
    entity: str
    mode: str
    fields: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Ping:
    """Ask whether anybody is there."""

    reference: Json


Asked: TypeAlias = Subscribe | Unsubscribe | Presence | Ping

MEMBERS: Mapping[str, frozenset[str]] = {
    "subscribe": frozenset({"topics", "since"}),
    "unsubscribe": frozenset({"topics"}),
    "presence": frozenset({"entity", "mode", "field", "fields"}),
    "ping": frozenset(),
}


def read_message(text: str) -> Asked:
    """Return what a message asks; BadMessageError."""
    try:
        given = read_strict(text)
        check_storable(given)
    except (ValueError, RecursionError) as error:
        raise BadMessageError("malformed-json", str(error)) from error
    if not isinstance(given, dict):
        raise BadMessageError("malformed-json", "A message is a JSON object.")
    reference = given.pop("id", None)
    if not isinstance(reference, str | int | None) or len(str(reference)) > LONGEST_ID:
        raise BadMessageError(
            "validation-error", f"id is a text of at most {LONGEST_ID} characters, or a number."
        )
    try:
        return _read(given, reference)
    except ValueError as error:
        raise BadMessageError("validation-error", str(error), reference) from error


def _read(given: dict[str, Json], reference: Json) -> Asked:
    type_ = given.pop("type", None)
    if not isinstance(type_, str) or type_ not in MEMBERS:
        msg = f"type is one of {', '.join(MEMBERS)}."
        raise ValueError(msg)
    given.pop("v", None)
    unknown = sorted(given.keys() - MEMBERS[type_])
    if unknown:
        msg = f"{type_} has no {unknown[0]!r}."
        raise ValueError(msg)
    if type_ == "subscribe":
        topics, since = _read_words(given, "topics", MOST_TOPICS), _read_since(given.get("since"))
        return Subscribe(reference=reference, topics=topics, since=since)
    if type_ == "unsubscribe":
        topics = _read_words(given, "topics", MOST_TOPICS)
        return Unsubscribe(reference=reference, topics=topics)
    return _read_presence(given, reference) if type_ == "presence" else Ping(reference=reference)


def _read_presence(given: Mapping[str, Json], reference: Json) -> Presence:
    entity, mode = given.get("entity"), given.get("mode", MODES[0])
    if not isinstance(entity, str) or not 0 < len(entity) <= LONGEST_WORD:
        msg = "entity is the id of an entity."
        raise ValueError(msg)
    if mode not in MODES:
        msg = f"mode is one of {', '.join(MODES)}."
        raise ValueError(msg)
    named = [given["field"]] if given.get("field") is not None else given.get("fields") or []
    fields = _read_words({"fields": named}, "fields", MOST_FIELDS) if named else []
    return Presence(reference=reference, entity=entity, mode=mode, fields=fields)


def _read_words(given: Mapping[str, Json], name: str, most: int) -> list[str]:
    words = given.get(name)
    if not isinstance(words, list) or not 0 < len(words) <= most:
        msg = f"{name} is a list of 1 to {most} texts."
        raise ValueError(msg)
    for word in words:
        if not isinstance(word, str) or not 0 < len(word) <= LONGEST_WORD:
            msg = f"{name} holds texts of 1 to {LONGEST_WORD} characters."
            raise ValueError(msg)
    return list(dict.fromkeys(words))


def _read_since(since: Json) -> int | dict[str, int] | None:
    numbers = since.values() if isinstance(since, dict) else [since]
    for number in numbers:
        is_number = isinstance(number, int) and not isinstance(number, bool)
        if number is not None and not (is_number and 0 <= number <= LARGEST_SEQ):
            msg = "since is the number of an event, or such numbers by project."
            raise ValueError(msg)
    found: int | dict[str, int] | None = since
    return found
