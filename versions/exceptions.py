"""What can be wrong with a request about versions; the docstring is the message."""


class VersionsError(Exception):
    """The request about a version cannot be carried out."""

    code = "versions-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class VersionNotFoundError(VersionsError):
    """There is no such version."""

    code = "version-not-found"

    def __init__(self, entity_code: str, number: int) -> None:
        super().__init__(f"{entity_code} has no version {number}.")
        self.number = number


class VersionMovedError(VersionsError):
    """Somebody published a newer version than the one that you started from."""

    code = "version-conflict"

    def __init__(self, *, entity_code: str, given: int, current: int) -> None:
        super().__init__(f"You started from v{given}; the current version is v{current}.")
        self.entity_code, self.given, self.current = entity_code, given, current
