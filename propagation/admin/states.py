"""One vocabulary for how things stand: a glyph, a word and a colour, never a colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Badge:
    """How a state is shown. tone: one of the colours of admin.css."""

    glyph: str
    word: str
    tone: str


def _badge(glyph: str, word: str, tone: str) -> Badge:
    return Badge(glyph=glyph, word=word, tone=tone)


ENTITY_STATES: Mapping[str, Badge] = {
    "current": _badge("✓", "current", "ok"),
    "outdated": _badge("↻", "out of date", "stale"),
    "updating": _badge("▶", "updating", "busy"),
    "held": _badge("‖", "held", "held"),
    "conflict": _badge("≠", "conflict", "conflict"),
    "failed": _badge("✕", "failed", "failed"),
    "pinned": _badge("⚲", "pinned", "pinned"),
}
ITEM_STATES: Mapping[str, Badge] = {
    "queued": _badge("…", "queued", "quiet"),
    "waiting": _badge("◷", "waiting", "busy"),
    "applied": _badge("✓", "applied", "ok"),
    "unchanged": _badge("=", "unchanged", "ok"),
    "failed": ENTITY_STATES["failed"],
    "held": ENTITY_STATES["held"],
    "ignored": _badge("○", "ignored", "quiet"),
    "pinned": ENTITY_STATES["pinned"],
    "released": _badge("✓", "released", "ok"),
    "rejected": _badge("⊘", "rejected", "quiet"),
    "superseded": _badge("»", "superseded", "quiet"),
    "skipped": _badge("○", "skipped", "quiet"),
    "cancelled": _badge("⊘", "cancelled", "quiet"),
}
RUN_STATES: Mapping[str, Badge] = {
    "accepted": _badge("…", "accepted", "busy"),
    "running": _badge("▶", "running", "busy"),
    "paused": _badge("‖", "paused", "held"),
    "cancelling": _badge("⊘", "cancelling", "held"),
    "success": _badge("✓", "done", "ok"),
    "partial": _badge("✕", "partly failed", "failed"),
    "failed": ENTITY_STATES["failed"],
    "cancelled": ITEM_STATES["cancelled"],
}
VERDICTS: Mapping[str, Badge] = {
    "update": _badge("✓", "update", "ok"),
    "hold": _badge("‖", "hold", "held"),
    "ignore": _badge("○", "leave", "quiet"),
    "pinned": ENTITY_STATES["pinned"],
}
HEALTH: Mapping[str, Badge] = {
    "ok": _badge("✓", "well", "ok"),
    "attention": _badge("!", "look", "held"),
    "down": _badge("✕", "down", "failed"),
}
VOCABULARIES: Mapping[str, Mapping[str, Badge]] = {
    "entity": ENTITY_STATES,
    "item": ITEM_STATES,
    "run": RUN_STATES,
    "verdict": VERDICTS,
    "health": HEALTH,
}


def find_badge(vocabulary: str, state: str) -> Badge:
    """Return how a state is shown; one that the vocabulary lacks by its own word."""
    return VOCABULARIES[vocabulary].get(state) or _badge("•", state, "quiet")
