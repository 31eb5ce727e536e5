"""What was measured on."""

import os
import platform
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import connection

SETTINGS = (
    *("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers"),
    *("work_mem", "max_wal_size", "autovacuum", "wal_level", "jit"),
)
"""Of PostgreSQL: those that change what a write costs."""


def describe_machine() -> dict[str, Any]:
    """Return machine, versions and settings."""
    return {
        "processor": _find_line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory": _find_line("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "redis": _read_redis_version(),
        "database": describe_database(),
        "batch_sizes": settings.BATCH_SIZES,
    }


def describe_database() -> dict[str, str]:
    """Return the vendor with its version and settings."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            found = {"vendor": "SQLite", "server_version": cursor.fetchone()[0]}
            for name in ("journal_mode", "synchronous", "cache_size"):
                cursor.execute(f"PRAGMA {name}")
                found[name] = str(cursor.fetchone()[0])
            return found
        cursor.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)",
            [list(SETTINGS)],
        )
        return {"vendor": "PostgreSQL", **dict(cursor.fetchall())}


def _read_redis_version() -> str:
    client = redis.Redis.from_url(settings.REDIS.client)
    try:
        return str(client.info("server")["redis_version"])
    finally:
        client.close()


def _find_line(path: str, start: str) -> str:
    with suppress(OSError):
        for line in Path(path).read_text().splitlines():
            if line.startswith(start):
                return line.partition(":")[2].strip()
    return ""
