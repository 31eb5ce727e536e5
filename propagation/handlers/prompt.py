"""The shipped handler: rebuild the prompt text of a shot from what the shot uses."""

from collections.abc import Iterator, Mapping

from propagation.handlers.contract import JsonObject, Material

FIELD = "prompt_text"
DESCRIBED = ("description", "colour", "wardrobe", "mood", "style")
"""Fields of what is used that a prompt names, in this order."""


def rebuild_prompt(material: Material) -> JsonObject:
    """Return the shot's content with `prompt_text`: its own action, then one line per use."""
    return {**material.content, FIELD: "\n".join(_write_lines(material))}


def _write_lines(material: Material) -> Iterator[str]:
    action = material.content.get("action") or material.content.get("description")
    if isinstance(action, str) and action:
        yield action
    for used in material.uses:
        name = used.content.get("name") or used.code
        details = "; ".join(_list_details(used.content))
        yield f"{used.role} {name}: {details}" if details else f"{used.role} {name}"


def _list_details(content: Mapping[str, object]) -> Iterator[str]:
    for field in DESCRIBED:
        value = content.get(field)
        if isinstance(value, str) and value:
            yield value if field == "description" else f"{field} {value}"
