"""What somebody asked for, kept with the conflict that it met, so that it can be done later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from propagation.execution.cause import Cause
from propagation.models import RunKind, RunMode, Subject


@dataclass(frozen=True, kw_only=True)
class Edit:
    """An edit as it was asked for. asked: what its subject needs to do it again, as JSON."""

    subject: Subject
    asked: Mapping[str, Any] = field(default_factory=dict)
    cause: Cause

    def write(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            **self.asked,
            "cause": {
                "kind": self.cause.kind,
                "note": self.cause.note,
                "mode": self.cause.mode,
                "notify_users": self.cause.notify_users,
                "excluded": sorted(self.cause.excluded),
            },
        }


def read_cause(written: Mapping[str, Any], actor: Any, note: str) -> Cause:  # noqa: ANN401 (a user)
    """Return the cause of a stored edit, for whoever does it now."""
    kept = written["cause"]
    return Cause(
        kind=RunKind(kept["kind"]),
        actor=actor,
        note=note or kept["note"],
        mode=RunMode(kept["mode"]),
        notify_users=kept["notify_users"],
        excluded=frozenset(kept["excluded"]),
    )
