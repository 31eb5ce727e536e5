"""Show people what a change would do, before it is done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from propagation.management.screen import Screen
from propagation.planning.shown import Shown, list_targets
from propagation.services.propagate_change import ChangePreview
from versions.canonical import JsonValue, write_canonical

NAMED_SEQUENCES = 8
"""Sequences that people are told by name."""
_MEGABYTE = 1_000_000


def show_impact(screen: Screen, described: Mapping[str, Any]) -> None:
    """Write a described preview; with `items`, each target too."""
    screen.say(
        f"{described['base_version']}: impact {described['impact_level']}, "
        f"{described['affected_entities']} targets",
        style="bold",
    )
    show_fields(screen, described["fields"])
    show_reach(screen, described)
    if "items" in described:
        show_items(screen, described["items"])


def show_reach(screen: Screen, described: Mapping[str, Any]) -> None:
    """Write how much a described run affects, where, and how long it takes."""
    screen.show_facts(_list_facts(described))


def show_fields(screen: Screen, fields: Iterable[Mapping[str, Any]]) -> None:
    """Write what differs, field by field."""
    for one in fields:
        owner = f"{one['id']} " if "id" in one else ""
        before, after = _write_value(one["before"]), _write_value(one["after"])
        screen.say(f"  {owner}{one['field']}: {before} → {after}")


def show_items(screen: Screen, items: Iterable[Mapping[str, Any]]) -> None:
    """Write what becomes of each target, and why."""
    screen.say()
    screen.show_table(
        ["target", "type", "verdict", "lane", "rule", "reason", "path"],
        [
            (
                one["id"],
                one["type"],
                one["verdict"],
                one["lane"],
                one["rule"],
                one["reason"],
                " → ".join(one["path"]),
            )
            for one in items
        ],
    )


def write_counts(counts: Mapping[str, int]) -> str:
    """Return counts that are not 0 in one line: 12 realtime · 262 batch."""
    return " · ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def make_shown(found: ChangePreview) -> Shown | None:
    """Return a preview as the plan that a commit must come to; None when it changes nothing."""
    if found.found is None:
        return None
    return Shown(
        token="",
        bases={pk: found.base_versions[pk] for pk in found.contents},
        contents=found.contents,
        targets=list_targets(found.found.plan),
    )


def _list_facts(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    impact, sequences = described["impact"], described["sequences"]
    yield "Verdicts", write_counts(described["verdicts"])
    yield "Shots", f"{impact['affected_shots']}, in {impact['affected_sequences']} sequences"
    if sequences:
        yield "Sequences", _name_sequences(sequences)
    yield "Lanes", write_counts({one["type"]: one["count"] for one in described["phases"]})
    for label, key in (("Held", "held"), ("Ignored", "skipped"), ("Pinned", "pinned")):
        if described[key]:
            yield label, _write_rules(described[key])
    yield "Time", _write_time(impact["estimated_processing_time"])
    yield "Memory", f"{impact['memory_impact'] / _MEGABYTE:.1f} MB"


def _name_sequences(sequences: Sequence[Mapping[str, Any]]) -> str:
    named = [f"{one['id']} ({one['shots']} shots)" for one in sequences[:NAMED_SEQUENCES]]
    more = len(sequences) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _write_rules(rules: Iterable[Mapping[str, Any]]) -> str:
    return write_counts({f"by {one['rule']}": one["count"] for one in rules})


def _write_time(duration: Mapping[str, Any] | None) -> str:
    if duration is None:
        return "no estimate yet"
    return (
        f"{duration['p50_s']:.1f} s, nine times in ten at most {duration['p90_s']:.1f} s "
        f"(from {duration['sample']} runs)"
    )


def _write_value(value: JsonValue) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else write_canonical(value)
