"""Generate pairs of concurrent edits, with a seed.

Who edits what is modelled, not which conflicts come out: an entity has the fields of a film's
breakdown; each editor belongs to a department, which edits some fields often and others now and
then, one to three of them at a time; and the kind of a field says what an edit of it looks like.
Where two edits meet follows from that. The tables below are the whole distribution.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.conflicts.words import SENTENCES, WORDS

PROSE, VALUE, TAGS, BEATS, RECORDS, MEDIA, LOOK, USES = (
    "prose",
    "value",
    "set",
    "list",
    "records",
    "media",
    "object",
    "references",
)

FIELDS: Mapping[str, str] = {
    "description": PROSE,
    "dialogue": PROSE,
    "notes": PROSE,
    "tags": TAGS,
    "aliases": TAGS,
    "beats": BEATS,
    "elements": RECORDS,
    "look": LOOK,
    "wardrobe": VALUE,
    "status": VALUE,
    "due_date": VALUE,
    "lens": VALUE,
    "frames": VALUE,
    "thumbnail": MEDIA,
    "uses": USES,
}
"""The fields of the entity, and their kinds. `uses` are the references of the entity."""

DEPARTMENTS: Mapping[str, Mapping[str, int]] = {
    "writing": {"description": 5, "dialogue": 5, "beats": 3, "notes": 2, "tags": 1},
    "art": {"look": 5, "uses": 3, "description": 2, "tags": 2, "thumbnail": 1, "notes": 1},
    "costume": {"wardrobe": 4, "look": 4, "notes": 2, "aliases": 1, "uses": 2},
    "camera": {"lens": 4, "frames": 2, "beats": 2, "notes": 2, "description": 1},
    "effects": {"elements": 6, "frames": 2, "notes": 2, "tags": 2, "uses": 2},
    "production": {"status": 4, "due_date": 3, "notes": 3, "tags": 3, "elements": 1},
}
"""Weights with which a department picks the fields of an edit."""

SAME_DEPARTMENT = 0.1
"""How often both editors are of one department: on one asset, a second person of the same trade is
the exception. By chance it would be one in six; --same-department tries others."""
FIELDS_AT_ONCE = ((1, 6), (2, 3), (3, 1))
"""Numbers of fields in one edit, with their weights."""
SAME_EDIT = 0.01
"""How often both make the very same edit, as when both were told to."""
DELETES = 0.04
"""How often an edit of a field that may be empty removes it."""
OPTIONAL = ("notes", "due_date", "aliases", "thumbnail", "wardrobe")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two edits of one content. departments: of `theirs` and `yours`."""

    base: dict[str, Any]
    theirs: dict[str, Any]
    yours: dict[str, Any]
    departments: tuple[str, str]


def generate_pairs(
    *, seed: int, count: int, same_department: float = SAME_DEPARTMENT
) -> Iterator[Pair]:
    """Yield so many pairs; the same seed gives the same ones."""
    chance = random.Random(seed)
    for _ in range(count):
        base = _make_entity(chance)
        first = chance.choice(list(DEPARTMENTS))
        second = first
        if chance.random() >= same_department:
            second = chance.choice([name for name in DEPARTMENTS if name != first])
        theirs = _edit(chance, base, first)
        yours = theirs if chance.random() < SAME_EDIT else _edit(chance, base, second)
        yield Pair(base=base, theirs=theirs, yours=yours, departments=(first, second))


def _make_entity(chance: random.Random) -> dict[str, Any]:
    return {
        "description": _write_prose(chance, 3, 7),
        "dialogue": "\n".join(_write_prose(chance, 1, 2) for _ in range(chance.randint(3, 8))),
        "notes": _write_prose(chance, 1, 4),
        "tags": chance.sample(WORDS, chance.randint(2, 6)),
        "aliases": chance.sample(WORDS, chance.randint(0, 3)),
        "beats": chance.sample(SENTENCES, chance.randint(4, 8)),
        "elements": [
            {"id": f"fx-{number}", "name": chance.choice(WORDS), "frames": chance.randint(8, 96)}
            for number in range(chance.randint(2, 6))
        ],
        "look": {
            part: chance.choice(WORDS)
            for part in ("hair", "eyes", "coat", "shoes", "hat", "palette", "texture")
        },
        "wardrobe": f"{chance.choice(WORDS)} coat",
        "status": chance.choice(["wip", "review", "approved"]),
        "due_date": f"2026-12-{chance.randint(1, 28):02}",
        "lens": f"{chance.choice([18, 24, 35, 50, 85])} mm",
        "frames": chance.randint(24, 240),
        "thumbnail": f"thumb-{chance.randint(1, 999)}.png",
        "uses": [
            {"id": f"{word}-{number:03} prop", "position": number}
            for number, word in enumerate(chance.sample(WORDS, chance.randint(2, 5)))
        ],
    }


def _edit(chance: random.Random, base: dict[str, Any], department: str) -> dict[str, Any]:
    weights = DEPARTMENTS[department]
    numbers, odds = zip(*FIELDS_AT_ONCE, strict=True)
    wanted = chance.choices(numbers, odds)[0]
    picked: list[str] = []
    while len(picked) < wanted:
        field = chance.choices(list(weights), list(weights.values()))[0]
        if field not in picked:
            picked.append(field)
    edited = dict(base)
    for field in picked:
        if field in OPTIONAL and chance.random() < DELETES:
            edited.pop(field, None)
        else:
            edited[field] = EDITS[FIELDS[field]](chance, base[field])
    return edited


def _edit_prose(chance: random.Random, text: str) -> str:
    """Change one or two words of a sentence, add or remove one, or write one anew."""
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    sentences = lines[at].split(". ")
    place = chance.randrange(len(sentences))
    what = chance.choices(("word", "add", "remove", "anew"), (6, 3, 1, 1))[0]
    if what == "word":
        words = sentences[place].split(" ")
        for _ in range(chance.randint(1, 2)):
            words[chance.randrange(len(words))] = chance.choice(WORDS)
        sentences[place] = " ".join(words)
    elif what == "add":
        sentences.insert(place, chance.choice(SENTENCES))
    elif what == "remove" and len(sentences) > 1:
        del sentences[place]
    else:
        sentences[place] = chance.choice(SENTENCES)
    lines[at] = ". ".join(sentences)
    return "\n".join(lines)


def _edit_value(chance: random.Random, value: Any) -> Any:  # noqa: ANN401 (text or number)
    if isinstance(value, int):
        return value + chance.choice([-8, -4, 4, 8])
    if value in ("wip", "review", "approved"):
        return chance.choice(["wip", "review", "approved"])
    return f"{chance.choice(WORDS)} {value.split(' ')[-1]}"


def _edit_set(chance: random.Random, items: list[str]) -> list[str]:
    kept = [item for item in items if chance.random() > 0.1]  # noqa: PLR2004
    return kept + [word for word in chance.sample(WORDS, chance.randint(1, 2)) if word not in kept]


def _edit_list(chance: random.Random, items: list[str]) -> list[str]:
    edited = list(items)
    place = chance.randrange(len(edited))
    what = chance.choice(("insert", "replace", "remove"))
    if what == "insert":
        edited.insert(place, chance.choice(SENTENCES))
    elif what == "replace":
        edited[place] = chance.choice(SENTENCES)
    else:
        del edited[place]
    return edited


def _edit_records(chance: random.Random, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    edited = [dict(item) for item in items]
    what = chance.choices(("change", "add", "remove"), (6, 2, 1))[0]
    if what == "change" or (what == "remove" and len(edited) == 1):
        one = chance.choice(edited)
        if chance.random() < 0.5:  # noqa: PLR2004
            one["frames"] += chance.choice([-4, 4, 8])
        else:
            one["name"] = chance.choice(WORDS)
    elif what == "add":
        number = chance.randint(10, 99)
        edited.append({"id": f"fx-{number}", "name": chance.choice(WORDS), "frames": 24})
    else:
        edited.remove(chance.choice(edited))
    return edited


def _edit_media(chance: random.Random, value: str) -> str:
    del value
    return f"thumb-{chance.randint(1000, 9999)}.png"


def _edit_object(chance: random.Random, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, chance.choice(list(value)): chance.choice(WORDS)}


def _edit_references(chance: random.Random, uses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    what = chance.choices(("add", "remove", "move"), (5, 2, 1))[0]
    edited = [dict(use) for use in uses]
    if what == "add":
        new = f"{chance.choice(WORDS)}-{chance.randint(100, 999)} prop"
        return [*edited, {"id": new, "position": len(edited)}]
    if what == "remove" and len(edited) > 1:
        del edited[chance.randrange(len(edited))]
        return edited
    chance.choice(edited)["position"] += 10
    return edited


def _write_prose(chance: random.Random, fewest: int, most: int) -> str:
    return ". ".join(chance.sample(SENTENCES, chance.randint(fewest, most))) + "."


EDITS: Mapping[str, Callable[[random.Random, Any], Any]] = {
    PROSE: _edit_prose,
    VALUE: _edit_value,
    TAGS: _edit_set,
    BEATS: _edit_list,
    RECORDS: _edit_records,
    MEDIA: _edit_media,
    LOOK: _edit_object,
    USES: _edit_references,
}
