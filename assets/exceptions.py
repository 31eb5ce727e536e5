"""What can be wrong with a request about entities; the docstring is the message."""

from collections.abc import Sequence


class AssetsError(Exception):
    """The request about an entity cannot be carried out."""

    code = "assets-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class EntityNotFoundError(AssetsError):
    """There is no such entity in the projects that you may see."""

    code = "not-found"

    def __init__(self, code: str) -> None:
        super().__init__(f"No entity {code!r} in the projects that you may see.")
        self.entity_code = code


class ProjectNotFoundError(AssetsError):
    """There is no such project among those that you may see."""

    code = "not-found"

    def __init__(self, code: str) -> None:
        super().__init__(f"No project {code!r} among those that you may see.")
        self.project_code = code


class AmbiguousCodeError(AssetsError):
    """Several projects have an entity of this code; name it as project:code."""

    code = "ambiguous-code"

    def __init__(self, code: str, candidates: Sequence[str]) -> None:
        super().__init__(
            f"{code!r} exists in several projects; use one of: {', '.join(candidates)}."
        )
        self.candidates = tuple(candidates)


class RoleTooLowError(AssetsError):
    """Your role in this project does not allow it."""

    code = "forbidden"

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs the role {needed!r} in the project, or a higher one.")
        self.needed = needed


class CycleError(AssetsError):
    """The reference would close a cycle."""

    code = "dependency-cycle"

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(f"This reference would close a cycle: {' → '.join(cycle)}.")
        self.cycle = tuple(cycle)


class SelfReferenceError(CycleError):
    """An entity cannot refer to itself."""

    def __init__(self, code: str) -> None:
        super().__init__((code, code))


class CrossProjectReferenceError(AssetsError):
    """Both ends of a reference must be in one project."""

    code = "cross-project-edge"


class ReferenceNotFoundError(AssetsError):
    """There is no such reference."""

    code = "not-found"
