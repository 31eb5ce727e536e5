"""Starts the parts of the stack, passes their output on, restarts what dies, stops all in order."""

import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from config.stack.backoff import choose_delay
from config.stack.child import Child, read_lines, reap, start_child
from config.stack.output import Printer
from config.stack.part import Part, list_stop_stages
from config.stack.signal_pipe import catch_signals, read_signals

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 10.0
"""What a part may take to stop before it is killed with everything it started."""
OWN_NAME = "stack"


@dataclass
class _Slot:
    """What has become of one part."""

    part: Part
    child: Child | None = None
    is_ready: bool = False
    restart_at: float | None = None
    last_delay_s: float | None = None
    was_started: bool = False


class Supervisor:
    """Runs the parts until it is told to stop; single-threaded, and asleep between events.

    until: the part that runs once and whose good end stops the stack. on_change is told the
    process id of each living part whenever they change.
    """

    def __init__(
        self,
        parts: tuple[Part, ...],
        *,
        stream: TextIO,
        until: str | None = None,
        grace_s: float = GRACE_S,
        on_change: Callable[[Mapping[str, int]], None] = lambda _: None,
    ) -> None:
        self._slots = {part.name: _Slot(part) for part in parts}
        self._printer = Printer(stream, names=(*self._slots, OWN_NAME))
        self._until = until
        self._grace_s = grace_s
        self._on_change = on_change
        self._exit_code: int | None = None
        self._stages: list[tuple[Part, ...]] = []
        self._kill_at: float | None = None

    def run(self) -> int:
        """Start the parts, serve until a stop is asked for, stop them, and return the exit code."""
        gc.collect()
        gc.freeze()  # children that never touch these objects share their memory for good
        with (
            catch_signals(*STOP_SIGNALS, signal.SIGCHLD) as self._signals,
            selectors.DefaultSelector() as self._selector,
        ):
            self._selector.register(self._signals, selectors.EVENT_READ)
            try:
                self._serve()
            finally:
                self._kill_rest()
        return self._exit_code or 0

    def say(self, text: str) -> None:
        """Print a line of the supervisor's own."""
        self._printer.show(OWN_NAME, text)

    def _serve(self) -> None:
        self._start_due()
        while not self._is_over():
            for key, _ in self._selector.select(self._get_timeout()):
                if key.fileobj is self._signals:
                    self._obey_signals(self._signals)
                else:
                    self._pass_on(key.data, key.fd)
            if self._printer.is_broken:
                self._begin_stop(0)
            self._start_due()
            self._advance_stop()

    def _is_over(self) -> bool:
        return self._exit_code is not None and not self._living()

    def _living(self) -> list[_Slot]:
        return [slot for slot in self._slots.values() if slot.child]

    def _get_timeout(self) -> float | None:
        """Return the seconds until something is due; None when only an event can follow."""
        due = [slot.restart_at for slot in self._slots.values() if slot.restart_at is not None]
        if self._kill_at is not None:
            due.append(self._kill_at)
        return max(0.0, min(due) - time.monotonic()) if due else None

    # Starting

    def _start_due(self) -> None:
        if self._exit_code is not None:
            return
        started = [slot for slot in self._slots.values() if self._is_due(slot)]
        for slot in started:
            self._start(slot)
        if started:
            self._announce()

    def _is_due(self, slot: _Slot) -> bool:
        if slot.child:
            return False
        if slot.was_started:
            return slot.restart_at is not None and slot.restart_at <= time.monotonic()
        return slot.part.after is None or self._slots[slot.part.after].is_ready

    def _start(self, slot: _Slot) -> None:
        slot.child = start_child(slot.part, forget_parent=lambda: self._forget_in_child(slot.part))
        slot.restart_at = None
        slot.was_started = True
        slot.is_ready = slot.is_ready or not (slot.part.runs_once or slot.part.is_ready)
        if slot.child.pipe is not None:
            self._selector.register(slot.child.pipe, selectors.EVENT_READ, slot)

    def _forget_in_child(self, part: Part) -> None:
        """Close what the fork copied and what is not this part's."""
        pipes = [key.fileobj for key in self._selector.get_map().values()]
        self._selector.close()
        for pipe in pipes:
            if isinstance(pipe, int):
                os.close(pipe)
        self._signals.close()
        for slot in self._slots.values():
            if slot.part is not part:
                for listener in slot.part.listeners:
                    listener.close()

    # Events

    def _obey_signals(self, reader: socket.socket) -> None:
        for number in read_signals(reader):
            if number == signal.SIGCHLD:
                self._reap_ended()
            elif self._exit_code is None:
                self.say("stopping; again to stop at once")
                self._begin_stop(0 if self._until is None else 128 + number)
            else:
                self._kill_at = time.monotonic()
                self._grace_s = 0.0

    def _pass_on(self, slot: _Slot, pipe: int) -> None:
        if slot.child is None:  # it was buried by an event of the same turn
            return
        with suppress(BlockingIOError):
            lines = read_lines(slot.child)
            if lines is None:
                self._selector.unregister(pipe)
            else:
                self._show(slot, lines)

    def _show(self, slot: _Slot, lines: list[str]) -> None:
        for line in lines:
            if slot.part.is_ready and slot.part.is_ready(line):
                slot.is_ready = True
            if slot.part.is_shown(line):
                self._printer.show(slot.part.name, line)

    def _reap_ended(self) -> None:
        for slot in self._living():
            if slot.child and (code := reap(slot.child)) is not None:
                self._bury(slot, slot.child, code)
                self._announce()

    def _bury(self, slot: _Slot, child: Child, code: int) -> None:
        self._drain(slot, child)
        slot.child = None
        if self._exit_code is not None:
            return
        if not slot.part.runs_once:
            self._plan_restart(slot, child, code)
        elif code != 0:
            self._begin_stop(code if code > 0 else 128 - code)
        else:
            slot.is_ready = True
            if slot.part.name == self._until:
                self._begin_stop(0)

    def _drain(self, slot: _Slot, child: Child) -> None:
        if child.pipe is None:
            return
        with suppress(BlockingIOError):
            while (lines := read_lines(child)) is not None:
                self._show(slot, lines)
        self._show(slot, list(child.splitter.finish()))
        with suppress(KeyError):
            self._selector.unregister(child.pipe)
        os.close(child.pipe)

    def _plan_restart(self, slot: _Slot, child: Child, code: int) -> None:
        now = time.monotonic()
        delay_s = choose_delay(previous_s=slot.last_delay_s, alive_s=now - child.started_at)
        slot.last_delay_s = delay_s
        slot.restart_at = now + delay_s
        self.say(f"{slot.part.name} {describe_exit(code)}; starting it again in {delay_s:g} s")

    # Stopping

    def _begin_stop(self, exit_code: int) -> None:
        if self._exit_code is None:
            self._exit_code = exit_code
            for slot in self._slots.values():
                slot.restart_at = None
            self._stages = list_stop_stages(tuple(slot.part for slot in self._slots.values()))
            self._ask_next_stage()

    def _advance_stop(self) -> None:
        if self._exit_code is None or not self._stages:
            return
        stage = self._living_of_stage()
        if not stage:
            self._stages.pop(0)
            self._ask_next_stage()
        elif self._kill_at is not None and self._kill_at <= time.monotonic():
            self._kill_at = None
            for child in stage:
                self.say(f"{child.part.name} has not stopped; killing it")
                child.kill()

    def _ask_next_stage(self) -> None:
        while self._stages and not self._living_of_stage():
            self._stages.pop(0)
        self._kill_at = time.monotonic() + self._grace_s if self._stages else None
        for child in self._living_of_stage():
            child.send(child.part.stop_signal)

    def _living_of_stage(self) -> list[Child]:
        stage = self._stages[0] if self._stages else ()
        slots = [self._slots[part.name] for part in stage]
        return [slot.child for slot in slots if slot.child]

    def _kill_rest(self) -> None:
        """End what lives when the parent itself fails; after an orderly stop there is nothing."""
        for slot in self._living():
            if slot.child:
                slot.child.kill()
                os.waitpid(slot.child.pid, 0)

    def _announce(self) -> None:
        living = {slot.part.name: slot.child.pid for slot in self._living() if slot.child}
        self._on_change(living)


def describe_exit(code: int) -> str:
    """Return how a process ended, in words."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
