"""What can be wrong with a request about versions; the docstring is the message."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches


class VersionsError(Exception):
    """The request about a version cannot be carried out."""

    code = "versions-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class VersionNotFoundError(VersionsError):
    """There is no such version."""

    code = "version-not-found"

    def __init__(self, entity_code: str, number: int, slot: str = "definition") -> None:
        where = "" if slot == "definition" else f" in {slot}"
        super().__init__(f"{entity_code} has no version {number}{where}.")
        self.number = number


class SlotNotFoundError(VersionsError):
    """Nothing was ever published in this slot."""

    code = "slot-not-found"

    def __init__(self, entity_code: str, slot: str, *, known: Sequence[str] = ()) -> None:
        near = get_close_matches(slot, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(f"{entity_code} has no version in {slot!r}.{hint}")
        self.slot = slot


class FileNotStoredError(VersionsError):
    """There is no such file in the projects that you may see."""

    code = "not-found"


class NotThereThenError(VersionsError):
    """The entity did not exist at that time."""

    code = "not-found"

    def __init__(self, entity_code: str, at: datetime) -> None:
        super().__init__(f"{entity_code} did not exist at {at.isoformat()}.")
        self.at = at


class VersionMovedError(VersionsError):
    """Somebody published a newer version than the one that you started from."""

    code = "version-conflict"

    def __init__(
        self, *, entity_code: str, given: int, current: int, slot: str = "definition"
    ) -> None:
        super().__init__(f"You started from v{given}; the current version is v{current}.")
        self.entity_code, self.given, self.current = entity_code, given, current
        self.slot = slot


class RemarkMovedError(VersionsError):
    """Somebody said something about the version since you read it."""

    code = "version-conflict"

    def __init__(self, current: int) -> None:
        super().__init__()
        self.current = current


class EntityLockedError(VersionsError):
    """The entity is locked; a supervisor can unlock it."""

    code = "locked"

    def __init__(self, entity_code: str) -> None:
        super().__init__(f"{entity_code} is locked; a supervisor can unlock it.")
        self.entity_code = entity_code


class InvalidMediaError(VersionsError):
    """What was sent cannot be a version of this slot. pointer: which part of it is wrong."""

    code = "invalid-media"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class InvalidMetadataError(VersionsError):
    """The metadata says something that cannot be."""

    code = "invalid-metadata"


class BadScopeError(VersionsError):
    """The scope does not say which entities are meant. pointer: which part of it is wrong."""

    code = "bad-scope"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer
