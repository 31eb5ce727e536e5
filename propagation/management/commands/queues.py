"""manage.py queues: what waits in each lane, and who works."""

from typing import Any

from django.utils import timezone

from propagation.live.queues import read_broker
from propagation.management.exits import Exit
from propagation.management.operation import OperatorCommand
from propagation.management.screen import Screen
from propagation.services.queues import describe_queues, read_work

LANE = ("queued", "running", "oldest_s", "rate", "messages", "workers")


class Command(OperatorCommand):
    help = "Say what waits in each lane, for how long, who works, and who is behind the event log."

    def act(self, screen: Screen, options: dict[str, Any]) -> Exit:
        at = timezone.now()
        state = describe_queues(work=read_work(at=at), broker=read_broker())
        screen.show_table(
            ["lane", "queued", "running", "oldest s", "items/s", "messages", "workers"],
            [(name, *(lane[key] for key in LANE)) for name, lane in state["lanes"].items()],
        )
        screen.say()
        screen.show_table(
            ["reader", "events behind", "oldest s"],
            [(name, one["behind"], one["oldest_s"]) for name, one in state["readers"].items()],
        )
        screen.say()
        for kind, count in state["processes"].items():
            screen.say(f"{kind}: {'unknown' if count is None else count}")
        screen.say(f"failed items: {state['failed']}")
        if not state["is_reachable"]:
            screen.warn("Redis does not answer: messages and workers are unknown.")
        screen.show_json({"timestamp": at, **state})
        return Exit.OK
