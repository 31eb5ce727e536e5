"""What somebody wants to do in the admin: shown first, and then done as it was shown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from django.contrib.auth.models import User

from assets.models import Project, Role
from propagation.exceptions import PropagationError
from propagation.execution.start import Preview
from propagation.planning.shown import Row, Shown, list_targets
from versions.change import FieldChange

Asked: TypeAlias = Mapping[str, Any]
"""Which rows are meant, by id, and how; JSON, kept with the plan."""


class NothingChangesError(PropagationError):
    """These values are current already; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What an intent would do now. verb: the word of the button that does it.

    found: the plan of a run; rows: targets where none is planned. bases, contents: as a stored
    plan's. fields: what differs in each source, by code. remarks: what else there is to know.
    """

    title: str
    verb: str
    project: Project
    found: Preview | None = None
    rows: Sequence[Row] = ()
    bases: Mapping[int, int] = field(default_factory=dict)
    contents: Mapping[int, str] = field(default_factory=dict)
    fields: Mapping[str, Sequence[FieldChange]] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    @property
    def targets(self) -> Sequence[Row]:
        """Whom it reaches, as rows."""
        return list_targets(self.found.plan) if self.found else self.rows


@dataclass(frozen=True, kw_only=True)
class Order:
    """An intent that is carried out: what was asked, by whom, why, and what was shown of it.

    shown None: nothing depended on it.
    """

    asked: Asked
    actor: User
    note: str
    at: datetime
    shown: Shown | None


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of it, in words, and the page that shows it: its name in the admin, and its id."""

    message: str
    page: str
    pk: int


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A kind of thing to do. needed: the role in the project that it takes."""

    needed: Role
    propose: Callable[[Asked, User], Proposal]
    carry_out: Callable[[Order], Done]


def tell_run(run: Any, message: str) -> Done:  # noqa: ANN401 (a run)
    """Return what was done, and its run as the page to look at."""
    return Done(message=message, page="propagation_propagationrun", pk=run.pk)
