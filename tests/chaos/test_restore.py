"""A backup from the middle of a run, restored beside an empty Redis, goes on to the end."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from tests.chaos.databases import make_database
from tests.chaos.stack import run_stack
from tests.chaos.storm import check, count_effects, import_production, open_client
from tests.processes import ROOT

SHOTS = 8000
PROGRAMS = {"sqlite": ("sqlite3",), "postgresql": ("pg_dump", "pg_restore")}


@pytest.mark.chaos
@pytest.mark.workers
def test_what_was_running_goes_on_after_a_restore(tmp_path: Path) -> None:
    backup, restore = read_commands()
    before, kept, after = (tmp_path / name for name in ("before", "kept", "after"))
    for folder in (before, kept, after):
        folder.mkdir()
    with (
        make_database(before) as url,
        run_stack(home=before, database_url=url, workers=1) as stack,
    ):
        import_production(stack, shots=SHOTS, sources=1)
        with open_client(stack) as client:
            change = {"change_data": {"value": 1}}
            run_id = client.post("/assets/prop-0/propagate", json=change).json()["run_id"]
            while not client.get(f"/runs/{run_id}").json()["processed"]:
                pass
            os.killpg(stack.running["worker-0"].pid, signal.SIGSTOP)  # in the middle of it
            run(backup, url, before, kept)
    with make_database(after) as url:
        run(restore, url, after, kept)
        with (
            run_stack(home=after, database_url=url, workers=1) as stack,
            open_client(stack, user="restorer") as client,
        ):
            assert client.get(f"/runs/{run_id}").json()["processed"] < SHOTS, "it was over"
            found = count_effects(stack, client, [run_id])
    check(found)
    assert found["items"] == {"applied": SHOTS}


def read_commands() -> list[str]:
    """Return how the page backs up, and restores, a database of this kind."""
    for program in PROGRAMS[connection.vendor]:
        if not shutil.which(program):
            pytest.skip(f"{program} is absent")
    text = (Path(ROOT) / "docs" / "reliability.md").read_text()
    return re.findall(rf"```{connection.vendor}\n(.*?)```", text, re.DOTALL)


def run(commands: str, url: str, home: Path, kept: Path) -> None:
    """Run the commands in a shell, as the page has them."""
    given = {"DATABASE_URL": url, "CONTINUITY_HOME": str(home), "BACKUP": str(kept)}
    subprocess.run(["bash", "-euc", commands], env={**os.environ, **given}, check=True)
