"""What can be done in the admin, each with a preview before anything is written."""

from collections.abc import Mapping

from propagation.admin.intents import content, holds, pins, runs
from propagation.admin.intents.values import Asked, Done, Intent, Order, Proposal

INTENTS: Mapping[str, Intent] = {
    "change": content.CHANGE,
    "rollback": content.ROLLBACK,
    "best": content.BEST,
    "undo": runs.UNDO,
    "retry": runs.RETRY,
    "cancel": runs.CANCEL,
    "approve": holds.APPROVE,
    "reject": holds.REJECT,
    "pin": pins.PIN,
    "unpin": pins.UNPIN,
}

__all__ = ["INTENTS", "Asked", "Done", "Intent", "Order", "Proposal"]
