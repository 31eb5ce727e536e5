"""What the environment says: where state lies, which database and which Redis are used."""

import hashlib
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import environ

env = environ.Env()

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 100  # bytes; the kernel refuses longer unix socket paths (108 on Linux)


class HomeError(Exception):
    """The home cannot be used."""

    def __init__(self, home: Path, error: OSError) -> None:
        super().__init__(
            f"{home} cannot be written ({error.strerror}); make it writable, "
            "or let CONTINUITY_HOME name another folder."
        )


def get_home() -> Path:
    """Return the one folder that the embedded stack writes to (CONTINUITY_HOME, default var/)."""
    home = Path(env.str("CONTINUITY_HOME", default=str(PROJECT_ROOT / "var")))
    return home.expanduser().resolve()


def get_socket_path(home: Path) -> Path:
    """Return where the private Redis listens: in the home, or beside it when its path is too long.

    A unix socket's path is limited by the kernel; a checkout deep in the file tree gets a private
    directory below the system's temporary one instead, named after the home so that every process
    finds the same.
    """
    wanted = home / "redis.sock"
    if len(str(wanted).encode()) <= SOCKET_PATH_LIMIT:
        return wanted
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"continuity-{name}" / "redis.sock"


@dataclass(frozen=True, kw_only=True)
class RedisLocation:
    """One Redis database, spelt for each client that wants its own dialect.

    celery: for broker and result backend · client: for redis-py and the Django cache.
    """

    celery: str
    client: str
    is_private: bool


def locate_redis(*, home: Path, url: str | None) -> RedisLocation:
    """Return the Redis that REDIS_URL names, or the private one in the home."""
    if not url:
        path = quote(str(get_socket_path(home)))
        return RedisLocation(
            celery=f"redis+socket://{path}?virtual_host=0",
            client=f"unix://{path}?db=0",
            is_private=True,
        )
    parts = urlsplit(url)
    if parts.scheme in {"unix", "redis+socket"}:
        return RedisLocation(
            celery=f"redis+socket://{parts.path}?virtual_host=0",
            client=f"unix://{parts.path}?db=0",
            is_private=False,
        )
    return RedisLocation(celery=url, client=url, is_private=False)


def read_or_make_secret(home: Path) -> str:
    """Return the secret key of this home, made on first use and readable by its owner only.

    HomeError when the home cannot be written.
    """
    path = home / "secret_key"
    try:
        if not path.exists():
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()
    except OSError as error:
        raise HomeError(home, error) from error


def read_mail(*, home: Path, url: str) -> dict[str, Any]:
    """Return Django's mail settings for EMAIL_URL; without one, mail becomes files in the home.

    Nothing is lost so, and no terminal is filled with it.
    """
    if url:
        return dict(env.email_url_config(url))
    return dict(env.email_url_config("filemail://")) | {"EMAIL_FILE_PATH": str(home / "mail")}
