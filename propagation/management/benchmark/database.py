"""A database beside the configured one, which is dropped whatever happens."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from django.db import connection
from psycopg import sql


class DatabaseRefusedError(Exception):
    """The server does not let this role make a database."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(
            f"The server refused CREATE DATABASE: {str(error).strip()}. Let the role do it (ALTER "
            "ROLE … CREATEDB), or measure SQLite: env -u DATABASE_URL manage.py benchmark."
        )


class DatabaseAwayError(Exception):
    """The server does not answer."""

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(f"The database does not answer: {str(error).strip()}")


@contextmanager
def own_environment() -> Iterator[Mapping[str, str]]:
    """Yield the environment of a process with a new database and a home of its own.

    It has no Redis: nobody who works for the configured database may hear of runs in this one,
    whose numbers are the same. Raises DatabaseAwayError, DatabaseRefusedError.
    """
    kept = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    with TemporaryDirectory(prefix="continuity-benchmark-") as home:
        own = {
            "CONTINUITY_HOME": home,
            "CONTINUITY_REDIS_PREFIX": "",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
        }
        if connection.vendor != "postgresql":
            url = f"sqlite:///{Path(home) / 'benchmark.sqlite3'}"
            yield {**kept, **own, "DATABASE_URL": url}
            return
        with _own_database() as name:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
            yield {**kept, **own, "DATABASE_URL": url}


@contextmanager
def _own_database() -> Iterator[str]:
    name = f"continuity_benchmark_{uuid4().hex[:12]}"
    quoted = sql.Identifier(name)
    parameters: dict[str, Any] = connection.get_connection_params()
    with _connect(parameters) as admin:
        try:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        except psycopg.Error as error:
            raise DatabaseRefusedError(error) from error
    try:
        yield name
    finally:
        # A connection of its own: the first one may have been ended by the server meanwhile.
        with _connect(parameters) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def _connect(parameters: Mapping[str, Any]) -> "psycopg.Connection[Any]":
    try:
        return psycopg.connect(**parameters, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseAwayError(error) from error
