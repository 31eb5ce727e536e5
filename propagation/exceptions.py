"""What can be wrong with a change or a run; the docstring is the message."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from propagation.interchange.defects import Defect


class PropagationError(Exception):
    """The change cannot be carried out."""

    code = "propagation-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class RunNotFoundError(PropagationError):
    """There is no such run among those that you may see."""

    code = "not-found"


class DefectiveProductionError(PropagationError):
    """The production file has defects; nothing was imported."""

    code = "defective-production"

    def __init__(self, defects: "Sequence[Defect]", *, total: int) -> None:
        super().__init__()
        self.defects, self.total = tuple(defects), total
