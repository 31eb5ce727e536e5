"""What only has a present: told to who asks for it, and to all when it is another."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, Generic, TypeVar

from django.utils import timezone

from propagation.sockets.line import Line, write_message

Key = TypeVar("Key", bound=Hashable)


class StateFeed(Generic[Key]):
    """Looks at the states that somebody wants to know, and tells them.

    There is no log of it: who comes back is told how it is now.

    Used from the event loop's thread only.
    """

    def __init__(
        self, *, type_: str, read: Callable[[Collection[Key]], Awaitable[Mapping[Key, Any]]]
    ) -> None:
        self._type = type_
        self._read = read
        self._lines: dict[Key, set[Line]] = {}
        self._untold: set[tuple[Key, Line]] = set()
        self._told: dict[Key, Any] = {}

    def add(self, key: Key, line: Line) -> None:
        """Tell the line of the state, now and whenever it changes."""
        self._lines.setdefault(key, set()).add(line)
        self._untold.add((key, line))

    def remove(self, key: Key, line: Line) -> bool:
        """Tell the line no more; whether it was told."""
        lines = self._lines.get(key, set())
        was_told = line in lines
        lines.discard(line)
        self._untold.discard((key, line))
        if not lines:
            self._lines.pop(key, None)
            self._told.pop(key, None)
        return was_told

    def forget(self, line: Line) -> None:
        """Tell the line of nothing any more."""
        for key in [key for key, lines in self._lines.items() if line in lines]:
            self.remove(key, line)

    async def look(self) -> None:
        """Read the states, and tell what nobody was told of yet."""
        if not self._lines:
            return
        states = await self._read(list(self._lines))
        for key, state in states.items():
            if key in self._lines and self._told.get(key) != state:
                self._told[key] = state
                self._untold.update((key, line) for line in self._lines[key])
        # A line that is full is told when it has room, of how it is then.
        at = timezone.now()
        # What was asked for while the states were read is told the next time.
        keys = {key for key, _ in self._untold} & self._told.keys()
        texts = {key: write_message(self._type, at=at, **self._told[key]) for key in keys}
        self._untold = {
            (key, line)
            for key, line in self._untold
            if key not in texts or not line.put(texts[key])
        }
