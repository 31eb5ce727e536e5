"""A database for one storm: a file, or one of its own on the server that the tests use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
from django.conf import settings
from psycopg.sql import SQL, Identifier

SERVER = settings.DATABASES["default"]
SQLITE_FILE = "continuity.sqlite3"


@contextmanager
def make_database(folder: Path) -> Iterator[str]:
    """Give the URL of a database that is dropped in the end: empty, or the file in the folder."""
    if SERVER["ENGINE"] == "django.db.backends.sqlite3":
        yield f"sqlite:///{folder / SQLITE_FILE}"
        return
    name = f"test_continuity_storm_{uuid4().hex[:8]}"
    password = f":{quote(SERVER['PASSWORD'])}" if SERVER["PASSWORD"] else ""
    server = f"{quote(SERVER['USER'])}{password}@{SERVER['HOST']}:{SERVER['PORT'] or 5432}"
    with psycopg.connect(f"postgres://{server}/postgres", autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield f"postgres://{server}/{name}"
        finally:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
