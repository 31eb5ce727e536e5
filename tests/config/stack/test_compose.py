"""The scaled deployment: its files are read, and what they run is run, as far as that goes here.

No image is built and no container started: that takes a Docker daemon.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from socket import gethostname
from threading import Event
from typing import Any

import pytest
import yaml
from celery.bin.worker import worker as worker_command
from django.conf import settings
from django.core.management import get_commands, load_command_class

from config.environment import PROJECT_ROOT
from propagation.live.workers import is_announced
from tests.config.environment import list_variables
from tests.processes import START_LIMIT_S, make_environment

OURS = {"migrate", "web", "scheduler", "courier", "flower"} | {
    f"worker-{lane}" for lane in settings.LANES
}
OF_OTHERS = {"OTEL_EXPORTER_OTLP_HEADERS"}  # read by OpenTelemetry
SAID_BY_CELERY = {"", "worker: Warm shutdown (MainProcess)"}
"""To the terminal, past all logging."""
NOT_GIVEN = {
    "CONTINUITY_HOME",  # the image says
    "DEBUG",  # never
    "NO_COLOR",  # no terminal
}


def load_services() -> dict[str, Any]:
    content = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = content["services"]
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return load_services()


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with what each says."""
    text = (PROJECT_ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in parts]


def get_option(command: list[str], name: str) -> str:
    """Return the value of --name=value in the command."""
    return next(one for one in command if one.startswith(f"--{name}=")).partition("=")[2]


@pytest.mark.parametrize("lane", settings.LANES)
def test_lane_has_a_worker_of_its_own(services: dict[str, Any], lane: str) -> None:
    service = services[f"worker-{lane}"]
    assert get_option(service["command"], "queues") == lane
    assert get_option(service["command"], "hostname") == f"{lane}@%h"
    assert service["healthcheck"]["test"] == ["CMD", "python", "manage.py", "alive", lane]


def test_there_are_no_other_services_than_those_we_know(services: dict[str, Any]) -> None:
    assert services.keys() == {"postgres", "redis", *OURS}


def test_scheduler_survives_the_loss_of_one(services: dict[str, Any]) -> None:
    assert services["scheduler"]["deploy"]["replicas"] == 2


def test_nothing_has_a_default_secret(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("SECRET", "PASSWORD", "AUTH")):
                assert ":?" in value
        assert "env_file" not in service


def test_flower_is_reached_from_this_machine_only(services: dict[str, Any]) -> None:
    assert services["flower"]["ports"] == ["127.0.0.1:${FLOWER_PORT:-5555}:5555"]


def test_only_web_and_flower_have_ports(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"web", "flower"}


def test_redis_refuses_rather_than_forgets(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_every_service_waits_for_the_migrations(services: dict[str, Any]) -> None:
    for name in OURS - {"migrate"}:
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"


def test_services_say_whether_they_are_well(services: dict[str, Any]) -> None:
    assert services["migrate"]["healthcheck"] == {"disable": True}
    for name in services.keys() - {"migrate"}:
        assert services[name]["healthcheck"]["test"][0] == "CMD"


def test_every_service_has_limits(services: dict[str, Any]) -> None:
    for service in services.values():
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory"}


def test_our_services_may_write_nothing_and_become_nobody_else(services: dict[str, Any]) -> None:
    for name in OURS:
        service = services[name]
        assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (
            True,
            ["/tmp"],  # noqa: S108 (in the container)
            ["ALL"],
        )
        assert "no-new-privileges:true" in service["security_opt"]


def test_a_worker_may_end_its_task(services: dict[str, Any]) -> None:
    for lane in settings.LANES:
        grace = services[f"worker-{lane}"]["stop_grace_period"]
        assert int(grace.removesuffix("s")) > settings.CELERY["task_time_limit"]


def test_variables_are_those_that_the_code_reads(services: dict[str, Any]) -> None:
    given = {name for one in OURS for name in services[one]["environment"]}
    assert given - list_variables() == OF_OTHERS
    assert list_variables() - given == NOT_GIVEN


def test_the_answers_of_logs_and_mails_are_chosen(services: dict[str, Any]) -> None:
    environment = services["web"]["environment"]
    assert environment["LOG_FORMAT"] == "${LOG_FORMAT:-json}"
    assert environment["EMAIL_URL"] == "${EMAIL_URL:-dummymail://}"
    assert environment["ALLOWED_HOSTS"].startswith("localhost,")  # the health check's


@pytest.mark.parametrize("name", sorted(OURS))
def test_commands_exist_with_these_options(services: dict[str, Any], name: str) -> None:
    checks = [services[name].get("healthcheck", {}).get("test", [])[1:]]
    for command in [services[name]["command"], *filter(None, checks)]:
        match command:
            case ["python", "manage.py", verb, *rest]:
                parser = load_command_class(get_commands()[verb], verb)
                parser.create_parser("manage.py", verb).parse_args(rest)
            case ["celery", "--quiet", "--app", "config.celery", "worker", *rest]:
                with worker_command.make_context(
                    "worker", list(rest), resilient_parsing=True
                ) as one:
                    assert not one.args
                    assert one.params["queues"]
            case ["celery", "--quiet", "--app", "config.celery", "flower", *rest]:
                assert {one.partition("=")[0] for one in rest} <= list_flower_options()
            case ["python", "-m", "config.web", *rest]:
                options = run_python("-m", "config.web", "--help").stdout
                assert all(one in options for one in rest if one.startswith("--"))
            case ["python", "-c", script]:
                compile(script, "healthcheck", "exec")
            case _:
                pytest.fail(f"nobody knows {command}")


def list_flower_options() -> set[str]:
    from flower.options import options  # noqa: PLC0415 (defines options of the whole process)

    return {f"--{one}" for one in options.as_dict()}


def run_python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT_ROOT,
        env={**make_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_what_compose_runs_comes_alive_and_ends_and_writes_json_only(
    services: dict[str, Any],
) -> None:
    environment = {
        **make_environment(),
        "LOG_FORMAT": "json",
        "REDIS_URL": settings.REDIS.client,
        "CONTINUITY_REDIS_PREFIX": f"{settings.REDIS_PREFIX}compose:",
        # Nobody can write there, as with a root file system that is read-only.
        "CONTINUITY_HOME": "/proc/continuity",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    roles = {"worker-realtime": "realtime", "scheduler": "scheduler", "courier": "courier"}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(
                subprocess.Popen(
                    services[name]["command"],
                    cwd=PROJECT_ROOT,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for name in roles
        }
        for process in processes.values():
            stack.callback(process.kill)
        for role in roles.values():
            wait_until_announced(role, prefix=environment["CONTINUITY_REDIS_PREFIX"])
        check = services["worker-realtime"]["healthcheck"]["test"][1:]
        done = subprocess.run(check, cwd=PROJECT_ROOT, env=environment, check=False)
        assert done.returncode == 0
        for process in processes.values():
            process.terminate()
        for name, process in processes.items():
            output, _ = process.communicate(timeout=START_LIMIT_S)
            assert process.returncode == 0, output
            for line in set(output.splitlines()) - SAID_BY_CELERY:
                assert json.loads(line).keys() >= {"event", "level", "timestamp"}, f"{name}: {line}"


def wait_until_announced(role: str, *, prefix: str) -> None:
    own, settings.REDIS_PREFIX = settings.REDIS_PREFIX, prefix
    try:
        for _ in range(START_LIMIT_S * 10):
            if is_announced(role, host=gethostname()):
                return
            Event().wait(0.1)
    finally:
        settings.REDIS_PREFIX = own
    pytest.fail(f"no {role} said that it lives")


def test_image_runs_as_nobody_special(dockerfile: list[tuple[str, str]]) -> None:
    names = [name for name, _ in dockerfile]
    assert [rest for name, rest in dockerfile if name == "USER"] == ["continuity"]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("RUN", "COPY"))


def test_image_installs_what_is_pinned_by_hash(dockerfile: list[tuple[str, str]]) -> None:
    (install,) = [rest for name, rest in dockerfile if name == "RUN" and "pip install" in rest]
    assert {"--require-hashes", "--no-cache-dir"} <= set(shlex.split(install))
    assert "-r requirements.txt" in install


def test_what_the_image_copies_is_there(dockerfile: list[tuple[str, str]]) -> None:
    for name, rest in dockerfile:
        if name == "COPY":
            *sources, _ = rest.split()
            for source in sources:
                assert (PROJECT_ROOT / source).exists()
                assert source == "." or not is_ignored(source)


def test_image_has_no_secret_and_nothing_it_does_not_need(
    dockerfile: list[tuple[str, str]],
) -> None:
    set_here = [rest for name, rest in dockerfile if name in ("ENV", "ARG")]
    assert not re.search("SECRET|PASSWORD|TOKEN|KEY", " ".join(set_here))
    for path in (".git", ".venv", ".env", ".env.production", "var", "tests", "server.key"):
        assert is_ignored(path), path
    for path in ("manage.py", "requirements.txt", "assets", "config", "propagation", "versions"):
        assert not is_ignored(path), path


def is_ignored(path: str) -> bool:
    """Tell whether .dockerignore leaves a path at the root out."""
    lines = (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line.removeprefix("**/") for line in lines if line and not line.startswith("#")]
    turned = (re.escape(one).replace(r"\*", "[^/]*") for one in patterns)
    return any(re.fullmatch(one, path) for one in turned)


def test_image_and_compose_say_the_same_of_the_web_server(
    dockerfile: list[tuple[str, str]], services: dict[str, Any]
) -> None:
    ((_, command),) = [one for one in dockerfile if one[0] == "CMD"]
    assert json.loads(command) == services["web"]["command"]
    ((_, health),) = [one for one in dockerfile if one[0] == "HEALTHCHECK"]
    assert "/health/live" in health
    assert "/health/live" in services["web"]["healthcheck"]["test"][-1]


@pytest.mark.parametrize("variable", ["SECRET_KEY", "POSTGRES_PASSWORD", "FLOWER_BASIC_AUTH"])
def test_compose_names_what_has_to_be_set(variable: str) -> None:
    assert f"${{{variable}:?" in (PROJECT_ROOT / "docker-compose.yml").read_text()
