"""`manage.py doctor` against a stack that is stopped."""

import json
from contextlib import closing
from pathlib import Path

from config.stack.ports import choose_port, get_port
from tests.config.stack.processes import StartProcess


def test_stopped_stack_is_told_how_to_start(start_process: StartProcess, tmp_path: Path) -> None:
    doctor = start_process("manage.py", "doctor", CONTINUITY_HOME=str(tmp_path))
    doctor.read_until("✓ Python")
    doctor.read_until("✗ Database .* not made yet")
    doctor.read_until("✗ Redis .* not running .*: start it with `make up`")
    for lane in ("realtime", "batch", "background"):
        doctor.read_until(f"✗ Worker {lane} .* not running: start it with `make up`")
    assert doctor.wait() == 1


def test_findings_are_told_to_programs(start_process: StartProcess, tmp_path: Path) -> None:
    doctor = start_process("manage.py", "doctor", "--json", CONTINUITY_HOME=str(tmp_path))
    findings = {finding["name"]: finding for finding in json.loads(doctor.read_rest())}
    assert findings["Home"] == {
        "name": "Home",
        "is_ok": True,
        "found": str(tmp_path),
        "remedy": findings["Home"]["remedy"],
    }
    assert not findings["Scheduler"]["is_ok"]
    assert doctor.wait() == 1


def test_silent_redis_of_others_is_named_without_its_password(
    start_process: StartProcess, tmp_path: Path
) -> None:
    nowhere = f"redis://:secret@127.0.0.1:{find_closed_port()}/0"
    doctor = start_process("manage.py", "doctor", CONTINUITY_HOME=str(tmp_path), REDIS_URL=nowhere)
    output = doctor.read_rest()
    assert "correct REDIS_URL" in output
    assert "secret" not in output
    assert doctor.wait() == 1


def find_closed_port() -> int:
    with closing(choose_port(0, say=print)) as listener:
        return get_port(listener)
