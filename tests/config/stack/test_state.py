"""One stack per home."""

import os
from pathlib import Path

import pytest

from config.stack.exceptions import StackRunningError
from config.stack.state import (
    StackAddress,
    StackState,
    find_running,
    hold_home,
    read_state,
    write_state,
)

STATE = StackState(
    pid=os.getpid(), address=StackAddress(web_url="http://127.0.0.1:8000"), parts={"web": 7}
)


def test_home_carries_one_stack(tmp_path: Path) -> None:
    with hold_home(tmp_path):
        write_state(tmp_path, STATE)
        with pytest.raises(StackRunningError, match="is running"), hold_home(tmp_path):
            pass
        assert find_running(tmp_path) == STATE


def test_stopped_stack_is_not_found(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
    with hold_home(tmp_path):
        write_state(tmp_path, STATE)
    assert find_running(tmp_path) is None
    assert read_state(tmp_path) is None


def test_description_of_a_killed_stack_is_not_believed(tmp_path: Path) -> None:
    with hold_home(tmp_path):
        pass
    write_state(tmp_path, STATE)
    assert find_running(tmp_path) is None
    with hold_home(tmp_path):
        pass
