"""What can be wrong with a change or a run; the docstring is the message."""

from collections.abc import Sequence
from datetime import datetime


class PropagationError(Exception):
    """The change cannot be carried out."""

    code = "propagation-error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or type(self).__doc__)


class RunNotFoundError(PropagationError):
    """There is no such run among those that you may see."""

    code = "not-found"


class PlanNotFoundError(PropagationError):
    """There is no such plan among those that you may see; they are kept for a day."""

    code = "not-found"


class PlanStaleError(PropagationError):
    """What was shown is not what would be done now."""

    code = "plan-stale"

    def __init__(self, delta: dict[str, list[str]]) -> None:
        parts = [f"{name} ({len(codes)})" for name, codes in delta.items() if codes]
        differing = ", ".join(parts)
        super().__init__(f"What was shown would not be done now: {differing}. Nothing was written.")
        self.delta = delta


class JobNotFoundError(PropagationError):
    """There is no such job among those that you may see."""

    code = "not-found"


class JobOverError(PropagationError):
    """The job was completed, failed, cancelled or given up before."""

    code = "job-over"


class InvalidRunStateError(PropagationError):
    """The run is in no state in which this can be done."""

    code = "invalid-run-state"


class InvalidChangeError(PropagationError):
    """The change names a field that it cannot change, or gives it a value that it cannot have."""

    code = "invalid-change"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class RuleNotFoundError(PropagationError):
    """There is no such rule."""

    code = "not-found"


class InvalidRuleError(PropagationError):
    """The rule cannot be evaluated, or can never match."""

    code = "invalid-rule"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class InvalidEdgeError(PropagationError):
    """No reference of this role can stand between these two entities."""

    code = "invalid-edge"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = f"/{pointer}"


class BaseRequiredError(PropagationError):
    """The project wants to know what a change started from: send If-Match, or base_version."""

    code = "precondition-required"


class EventsTrimmedError(PropagationError):
    """The events that come next are not kept, or are none of this log: read what is there now."""

    code = "events-trimmed"

    def __init__(self, *, since: int, oldest: int, newest: int) -> None:
        super().__init__(
            f"The log goes from {oldest} to {newest}; what follows {since} is not in it. Read the "
            f"current state, then go on from {newest}."
        )
        self.oldest, self.newest = oldest, newest


class ConflictNotFoundError(PropagationError):
    """There is no such conflict among those that you may see."""

    code = "not-found"


class ConflictOverError(PropagationError):
    """The conflict was resolved, dismissed or withdrawn before."""

    code = "conflict-over"

    def __init__(self, *, status: str, by: str | None, at: datetime | None) -> None:
        when = f" at {at.isoformat(timespec='seconds')}" if at else ""
        super().__init__(f"The conflict is {status} already, by {by or 'itself'}{when}.")


class InvalidChoiceError(PropagationError):
    """The choice is about no field of the conflict, or takes what the field cannot be."""

    code = "invalid-choice"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class LeaseNotFoundError(PropagationError):
    """There is no such edit lease of yours; one is over after half a minute of silence."""

    code = "not-found"


class TopicNotFoundError(PropagationError):
    """There is no such topic among what you may see: project:…, asset:…, shot:…, or run:41, say."""

    code = "not-found"


class FieldsLeasedError(PropagationError):
    """Somebody else is editing this, and the project makes that a lock."""

    code = "leased"

    def __init__(self, entity_code: str, *, by: str, fields: Sequence[str]) -> None:
        what = f"{', '.join(fields[:5])} of {entity_code}" if fields else entity_code
        super().__init__(f"{by} is editing {what}, and this project makes that a lock.")
        self.by, self.fields = by, list(fields)


class WebhookNotFoundError(PropagationError):
    """There is no such webhook among those that you may see."""

    code = "not-found"


class DeliveryNotFoundError(PropagationError):
    """The webhook has no such delivery; they are kept for a while."""

    code = "not-found"


class InvalidWebhookError(PropagationError):
    """Nothing can be sent there."""

    code = "invalid-webhook"

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class WebhookDisabledError(PropagationError):
    """The webhook is disabled, and nothing is sent to it: enable it first."""

    code = "webhook-disabled"


class LimitExceededError(PropagationError):
    """There are as many as there may be."""

    code = "limit-exceeded"

    def __init__(self, what: str, *, limit: int, actual: int) -> None:
        super().__init__(f"There may be {limit} {what}; there would be {actual}.")
        self.limit, self.actual = limit, actual


class EntityExistsError(PropagationError):
    """The project has entities of these ids already; nothing was created."""

    code = "entity-exists"

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(f"The project has {', '.join(map(repr, codes[:10]))} already.")
        self.ids = list(codes[:100])


class ProjectExistsError(PropagationError):
    """There is a project of this id already."""

    code = "project-exists"

    def __init__(self, code: str) -> None:
        super().__init__(f"There is a project {code!r} already.")


class TokenNotFoundError(PropagationError):
    """There is no such token among those that you may see."""

    code = "not-found"


class TokenTooNarrowError(PropagationError):
    """The token is not for this."""

    code = "insufficient-scope"


class MemberNotFoundError(PropagationError):
    """There is no such member."""

    code = "not-found"

    def __init__(self, username: str) -> None:
        super().__init__(f"No member {username!r}, and nobody of this name who could be one.")


class LastAdminError(PropagationError):
    """The project would have no admin: make somebody else one first."""

    code = "last-admin"


class TooManyActiveRunsError(PropagationError):
    """The project has as many runs under way as it may have."""

    code = "too-many-active-runs"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The project has {limit} runs under way, which is all that it may have: wait for one "
            "of them, or cancel one."
        )
        self.limit = limit
