"""What a storm does to a stack: each fault is one that production knows."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from random import Random
from threading import Timer
from uuid import uuid4

from redis.exceptions import RedisError

from tests.chaos.stack import LANES, Stack, list_children

Fault = Callable[[Stack, Random], None]
FROZEN_S = 4.0
"""How long a frozen process stays so; one that holds locks is cut off by its database later."""


def kill_worker(stack: Stack, random: Random) -> None:
    """Kill a worker with its child, as the kernel does that is out of memory."""
    _kill_session(stack, random.choice(stack.list_names("worker")))


def kill_child(stack: Stack, random: Random) -> None:
    """Kill the process of a worker that does the tasks."""
    name = random.choice(stack.list_names("worker"))
    for pid in list_children(stack.running[name].pid):
        _signal(pid, signal.SIGKILL)


def kill_scheduler(stack: Stack, random: Random) -> None:
    """Kill one of the schedulers."""
    _kill_session(stack, random.choice(stack.list_names("scheduler")))


def freeze_child(stack: Stack, random: Random) -> None:
    """Stop the process that does a worker's tasks, and let it go on later."""
    name = random.choice(stack.list_names("worker"))
    for pid in list_children(stack.running[name].pid):
        _signal(pid, signal.SIGSTOP)
        Timer(FROZEN_S, _signal, (pid, signal.SIGCONT)).start()


def empty_redis(stack: Stack, random: Random) -> None:
    """FLUSHALL: queues, chords, and messages that are being worked on are gone."""
    del random
    with suppress(RedisError), stack.connect() as client:
        client.flushall()


def kill_redis(stack: Stack, random: Random) -> None:
    """Kill Redis, which comes back with nothing."""
    del random
    _kill_session(stack, "redis")


def duplicate_messages(stack: Stack, random: Random) -> None:
    """Put every waiting message into its queue a second time."""
    del random
    with suppress(RedisError), stack.connect() as client:
        for queue in LANES.split(","):
            for raw in client.lrange(queue, 0, -1):
                message = json.loads(raw)
                message["properties"]["delivery_tag"] = str(uuid4())
                client.rpush(queue, json.dumps(message))


def _kill_session(stack: Stack, name: str) -> None:
    with suppress(ProcessLookupError):
        os.killpg(stack.running[name].pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
