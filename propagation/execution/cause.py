"""Why a run starts, and what rules are told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User

from propagation.models import RunKind, RunMode
from propagation.planning.shown import Shown
from versions.change import FieldChange


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a run starts, and how it shall go.

    excluded: targets that it leaves as they are. undo_of: the run that it takes back. shown: the
    plan that must come true.
    """

    kind: RunKind
    actor: User | None
    note: str = ""
    mode: RunMode = RunMode.AUTO
    notify_users: bool = True
    excluded: frozenset[int] = frozenset()
    undo_of: int | None = None
    shown: Shown | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What rules are told of a change beside what its sources say: fields, and further types."""

    fields: frozenset[str] = frozenset()
    source_types: frozenset[str] = frozenset()


def tell_fields(fields: Mapping[int, Iterable[FieldChange]]) -> Facts:
    """Return what rules are told of these changed fields, by entity id."""
    return Facts(fields=frozenset(one.field for some in fields.values() for one in some))
