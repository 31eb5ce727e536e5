"""What a change of content may not touch: ids, types and references have doors of their own."""

from collections.abc import Sequence
from typing import NoReturn

from assets.limits import NAME_LENGTH
from propagation.exceptions import InvalidChangeError
from propagation.interchange.contents import PROMPT_KEYS, REFERENCE_KEYS
from versions.canonical import JsonObject


def check_change(*, kind: str, patches: Sequence[JsonObject]) -> None:
    """Raise InvalidChangeError for a field that is no content, or a name that is no name.

    An exported file could not tell such a field from the id, type or reference that it imitates.
    """
    for patch in patches:
        _check_patch(kind, patch)


def drop_empty_prompt(content: JsonObject) -> JsonObject:
    """Return the content without a visual_prompt that says nothing; a file has no word for it."""
    if content.get("visual_prompt") != {}:
        return content
    return {key: value for key, value in content.items() if key != "visual_prompt"}


def _check_patch(kind: str, patch: JsonObject) -> None:
    for key in sorted(patch.keys() & REFERENCE_KEYS[kind] - {"visual_prompt"}):
        _refuse(key, f"{key} is not content; references change through edges.")
    prompt = patch.get("visual_prompt")
    if kind == "shot" and prompt is not None:
        if not isinstance(prompt, dict):
            _refuse("visual_prompt", "visual_prompt must be an object.")
        for key in sorted(prompt.keys() & PROMPT_KEYS):
            _refuse(f"visual_prompt/{key}", f"{key} is not content; use edges.")
    name = patch.get("name")
    if kind == "project" and "name" in patch and not name:
        _refuse("name", "A project has a name.")
    if name is None:
        return
    if not isinstance(name, str) or len(name) > NAME_LENGTH or "\0" in name:
        _refuse("name", f"A name must be a text of at most {NAME_LENGTH} characters.")


def _refuse(pointer: str, detail: str) -> NoReturn:
    raise InvalidChangeError(f"/{pointer}", detail)
