"""Choosing ports."""

from contextlib import closing

import pytest

from config.stack.exceptions import NoFreePortError
from config.stack.ports import LAST_PORT, choose_port, get_port


def test_busy_port_moves_on_and_says_so() -> None:
    said: list[str] = []
    with closing(choose_port(0, say=said.append)) as busy:
        wanted = get_port(busy)
        with closing(choose_port(wanted, say=said.append)) as listener:
            assert get_port(listener) > wanted
            assert said == [f"Port {wanted} is busy; using {get_port(listener)}"]


def test_free_port_is_taken_silently() -> None:
    said: list[str] = []
    with closing(choose_port(0, say=said.append)) as listener:
        wanted = get_port(listener)
    with closing(choose_port(wanted, say=said.append)) as again:
        assert get_port(again) == wanted
    assert not said


def test_no_port_beyond_the_last_one() -> None:
    with pytest.raises(NoFreePortError):
        choose_port(LAST_PORT + 1, say=print)
