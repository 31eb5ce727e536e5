"""A migrated SQLite database, made once and copied, until models or migrations change."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT

SOURCES = ("*/migrations/*.py", "*/models/*.py", "requirements.txt")
"""What a migrated database depends on."""


def copy_migrated(kept_in: Path, to: Path) -> None:
    """Copy the database that is kept in the folder; of sessions that begin at once one makes it."""
    kept = kept_in / f"{_digest()}.sqlite3"
    with (kept_in / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for old in kept_in.glob("*.sqlite3"):
                old.unlink()
            _migrate(kept)
        shutil.copyfile(kept, to)


def _migrate(kept: Path) -> None:
    made = kept.with_suffix(".made")
    made.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{made}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        check=True,
    )
    made.rename(kept)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
