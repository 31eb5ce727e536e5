"""What can be wrong with a change or a run; the docstring is the message."""


class PropagationError(Exception):
    """The change cannot be carried out."""

    code = "propagation-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class RunNotFoundError(PropagationError):
    """There is no such run among those that you may see."""

    code = "not-found"


class InvalidChangeError(PropagationError):
    """The change names a field that it cannot change, or gives it a value that it cannot have."""

    code = "invalid-change"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class InvalidEdgeError(PropagationError):
    """No reference of this role can stand between these two entities."""

    code = "invalid-edge"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = f"/{pointer}"
