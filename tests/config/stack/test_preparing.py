"""What happens before workers start, over a real private Redis."""

from pathlib import Path

import pytest

from tests.config.stack.processes import Started, StartProcess

pytestmark = pytest.mark.workers

HOLD_A_MESSAGE = """
import os
from config.celery import app

app.send_task("anything", queue="batch")
with app.connection_for_read() as connection:
    queue = app.amqp.queues["batch"](connection.default_channel)
    print("held", queue.get(no_ack=False) is not None, flush=True)
    os._exit(0)  # as kill -9 does: nothing is given back
"""
GIVE_BACK = """
from config.celery import app
from config.stack.unacknowledged import restore_unacknowledged

print("gave back", restore_unacknowledged(), flush=True)
with app.connection_for_read() as connection:
    queue = app.amqp.queues["batch"](connection.default_channel)
    print("found", queue.get(no_ack=True).headers["task"], flush=True)
print("gave back", restore_unacknowledged(), flush=True)
"""
RUN_REDIS = """
from config.environment import get_home, get_socket_path
from config.stack.redis_server import execute_redis, find_redis_binary

home = get_home()
execute_redis(find_redis_binary(), home=home, socket_path=get_socket_path(home))
"""


@pytest.fixture
def redis(start_process: StartProcess, tmp_path: Path) -> Started:
    started = start_process("-c", RUN_REDIS, CONTINUITY_HOME=str(tmp_path))
    started.read_until("(?i)ready to accept connections")
    return started


@pytest.mark.usefixtures("redis")
def test_message_of_a_killed_worker_is_given_back_once(
    start_process: StartProcess, tmp_path: Path
) -> None:
    environment = {
        "CONTINUITY_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    holder = start_process("-c", HOLD_A_MESSAGE, **environment)
    holder.read_until("held True")
    assert holder.wait() == 0
    giver = start_process("-c", GIVE_BACK, **environment)
    giver.read_until("gave back 1")
    giver.read_until("found anything")
    giver.read_until("gave back 0")
    assert giver.wait() == 0


def test_database_that_does_not_answer_ends_the_start(
    start_process: StartProcess, tmp_path: Path
) -> None:
    up = start_process(
        "manage.py",
        "up",
        "--port=0",
        "--no-flower",
        CONTINUITY_HOME=str(tmp_path),
        DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing",
    )
    up.read_until("prepare .* the database does not answer")
    assert up.wait() == 1
