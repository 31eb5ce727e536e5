"""Defects of a production file, each at its JSON pointer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from propagation.exceptions import PropagationError

LISTED_DEFECTS = 100
"""More than this are counted, not listed."""


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One thing that is wrong. pointer: RFC 6901, such as /shots/3/shot_id."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '(the whole file)'}: {self.detail} [{self.code}]"


@dataclass
class DefectList:
    """Collects defects; keeps the first LISTED_DEFECTS and counts the rest."""

    listed: list[Defect] = field(default_factory=list)
    total: int = 0

    def add(self, pointer: str, code: str, detail: str) -> None:
        """Note one defect."""
        self.total += 1
        if len(self.listed) < LISTED_DEFECTS:
            self.listed.append(Defect(pointer=pointer, code=code, detail=detail))


class DefectiveProductionError(PropagationError):
    """The production has defects; nothing was imported."""

    code = "defective-production"

    def __init__(self, defects: Sequence[Defect], *, total: int) -> None:
        super().__init__("; ".join(map(str, defects[:5])))
        self.defects, self.total = tuple(defects), total
