"""Scopes: which entities a call of the version manager is about.

A discriminated union: `type` says which one it is, and each type has one member that names its
entities. What belongs to another type, or to none, is refused by name; nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from versions.canonical import JsonObject, JsonValue
from versions.exceptions import BadScopeError

MAX_IDS = 1000


@dataclass(frozen=True, kw_only=True)
class ScopeType:
    """One case of the union.

    member: the key that names entities, empty where there is none. fits: the kinds or asset types
    that they may be, empty for any.
    """

    member: str
    is_list: bool
    fits: frozenset[str]
    noun: str


SCOPE_TYPES: Mapping[str, ScopeType] = MappingProxyType(
    {
        "project": ScopeType(member="", is_list=False, fits=frozenset(), noun="project"),
        "scene": ScopeType(
            member="scene_id", is_list=False, fits=frozenset({"shot", "sequence"}), noun="scene"
        ),
        "scenes": ScopeType(
            member="scene_ids", is_list=True, fits=frozenset({"shot", "sequence"}), noun="scene"
        ),
        "characters": ScopeType(
            member="character_ids", is_list=True, fits=frozenset({"character"}), noun="character"
        ),
        "locations": ScopeType(
            member="location_ids", is_list=True, fits=frozenset({"location"}), noun="location"
        ),
        "assets": ScopeType(
            member="asset_ids", is_list=True, fits=frozenset(), noun="asset, shot or sequence"
        ),
    }
)
_MEMBERS = {one.member for one in SCOPE_TYPES.values() if one.member}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Entities of one project. ids: codes, distinct, in order; empty for the project itself."""

    type: str
    project: str
    ids: tuple[str, ...]

    @property
    def case(self) -> ScopeType:
        """What holds for scopes of this type."""
        return SCOPE_TYPES[self.type]

    def point_at(self, index: int) -> str:
        """Return the JSON pointer of one of the ids."""
        return f"/{self.case.member}/{index}" if self.case.is_list else f"/{self.case.member}"


def read_scope(value: JsonValue) -> Scope:
    """Return the scope that a JSON value says; BadScopeError that names what is wrong with it."""
    if not isinstance(value, dict):
        raise BadScopeError("", "A scope is an object with a type and a project_id.")
    type_ = value.get("type")
    if not isinstance(type_, str) or type_ not in SCOPE_TYPES:
        known = ", ".join(SCOPE_TYPES)
        raise BadScopeError("/type", f"type must be one of {known}{_suggest(type_, SCOPE_TYPES)}")
    case = SCOPE_TYPES[type_]
    _check_members(value, type_, case)
    project = _read_text(value, "project_id")
    return Scope(type=type_, project=project, ids=_read_ids(value, case))


def _check_members(value: JsonObject, type_: str, case: ScopeType) -> None:
    expected = [one for one in ("type", "project_id", case.member) if one]
    for key in value:
        if key in expected:
            continue
        if key in _MEMBERS:
            others = ", ".join(name for name, one in SCOPE_TYPES.items() if one.member == key)
            detail = f"{key} belongs to a scope of type {others}, not {type_}; one scope at a time."
            raise BadScopeError(f"/{key}", detail)
        raise BadScopeError(f"/{key}", f"{key} is not known{_suggest(key, expected)}")


def _read_ids(value: JsonObject, case: ScopeType) -> tuple[str, ...]:
    if not case.member:
        return ()
    if not case.is_list:
        return (_read_text(value, case.member),)
    ids = value.get(case.member)
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_IDS:
        raise BadScopeError(f"/{case.member}", f"{case.member} must list 1 to {MAX_IDS} ids.")
    read: list[str] = []
    for index, one in enumerate(ids):
        if not isinstance(one, str) or not one:
            raise BadScopeError(f"/{case.member}/{index}", "An id is a text.")
        if one in read:
            raise BadScopeError(f"/{case.member}/{index}", f"{one!r} is named twice.")
        read.append(one)
    return tuple(read)


def _read_text(value: JsonObject, key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text:
        raise BadScopeError(f"/{key}", f"{key} is needed: the id as a text.")
    return text


def _suggest(given: object, known: Mapping[str, object] | list[str]) -> str:
    near = get_close_matches(given, list(known), n=1) if isinstance(given, str) else []
    return f"; did you mean {near[0]!r}?" if near else "."
