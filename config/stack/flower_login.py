"""The user and password of Flower: from FLOWER_BASIC_AUTH, or made once for this home."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from config.environment import env

USER = "continuity"


@dataclass(frozen=True, kw_only=True)
class FlowerLogin:
    """What Flower's basic authentication asks for, as `user:password` in `pair`."""

    pair: str
    file: Path | None

    @property
    def user(self) -> str:
        """Return the name to log in with (the first one when there are several)."""
        return self.pair.partition(":")[0]


def read_flower_login(home: Path) -> FlowerLogin:
    """Return the login, made on first use in a file that only its owner can read."""
    if pair := env.str("FLOWER_BASIC_AUTH", default=""):
        return FlowerLogin(pair=pair, file=None)
    path = home / "flower_auth"
    if not path.exists():
        draft = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(draft, "w") as file:
            file.write(f"{USER}:{secrets.token_urlsafe(18)}\n")
    return FlowerLogin(pair=path.read_text().strip(), file=path)
