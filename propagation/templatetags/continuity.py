"""Badges of states, and what differs between two values, word by word."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from propagation.admin.states import find_badge
from propagation.services.health import Card, read_health
from versions.canonical import write_canonical
from versions.change import find_changes
from versions.prose import compare_words

register = template.Library()
TAGS = {"removed": "del", "added": "ins", "kept": "span"}
NOTHING = format_html('<em class="quiet">{}</em>', "nothing")
BADGE = '<span class="badge tone-{}"><span aria-hidden="true">{}</span> {}</span>'


@register.simple_tag
def badge(vocabulary: str, state: str) -> SafeString:
    """Show a state of an entity, an item, a run, a verdict or of health."""
    found = find_badge(vocabulary, state)
    return format_html(BADGE, found.tone, found.glyph, found.word)


@register.simple_tag(takes_context=True)
def health(context: template.Context) -> list[Card]:
    """Return how the installation is, as far as the signed-in may see it."""
    return read_health(user=context["request"].user, at=timezone.now())


@register.simple_tag
def difference(before: Any, after: Any) -> SafeString:  # noqa: ANN401 (any JSON value)
    """Show what became of a value: what was taken out is struck, what came in is underlined."""
    if before in (None, "") or after in (None, ""):
        shown = [
            format_html("<{}>{}</{}>", tag, write(value), tag)
            for tag, value in (("del", before), ("ins", after))
            if value not in (None, "")
        ]
        return format_html_join(" ", "{}", ((one,) for one in shown)) or NOTHING
    spans = compare_words(write(before), write(after))
    return format_html_join(
        "", "<{}>{}</{}>", ((TAGS[one.kind], one.text, TAGS[one.kind]) for one in spans)
    )


@register.filter
def unfold(changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (of simple-history)
    """Return the changes of a row of history, those of JSON objects field by field."""
    rows = []
    for change in changes:
        if isinstance(change.old, dict) and isinstance(change.new, dict):
            rows += [
                {"field": f"{change.field}.{one.field}", "old": one.before, "new": one.after}
                for one in find_changes(change.old, change.new)
            ]
        else:
            rows.append({"field": change.field, "old": change.old, "new": change.new})
    return rows


@register.filter
def write(value: Any) -> str:  # noqa: ANN401 (any value)
    """Return a value as text: JSON where it is a list or an object."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return write_canonical(value) if isinstance(value, list | dict | bool) else str(value)
