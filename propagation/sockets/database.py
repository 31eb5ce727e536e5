"""Read the database beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db import connection

T = TypeVar("T")


async def in_database(read: Callable[[], T]) -> T:
    """Call it in some thread, which gives its connection back."""
    found: T = await database_sync_to_async(read, thread_sensitive=False)()
    return found


class Reader:
    """A thread that keeps its connection: for what is read many times in a second."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub")

    async def read(self, read: Callable[[], T]) -> T:
        """Call it in the thread; after a fault that begins anew with another connection."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _keep_usable, read)


def _keep_usable(read: Callable[[], T]) -> T:
    try:
        return read()
    except Exception:
        connection.close()
        raise
