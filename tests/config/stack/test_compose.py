"""The scaled deployment, as far as it can be read."""

from typing import Any

import pytest

from config.environment import PROJECT_ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is no dependency of ours")
LANES = ("realtime", "batch", "background")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    content = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
    found: dict[str, Any] = content["services"]
    return found


@pytest.mark.parametrize("lane", LANES)
def test_lane_has_a_worker_of_its_own(services: dict[str, Any], lane: str) -> None:
    command = services[f"worker-{lane}"]["command"]
    assert f"--queues={lane}" in command
    assert f"--hostname={lane}@%h" in command


def test_scheduler_survives_the_loss_of_one(services: dict[str, Any]) -> None:
    assert services["scheduler"]["deploy"]["replicas"] == 2


def test_nothing_has_a_default_secret(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("SECRET", "PASSWORD", "AUTH")):
                assert ":?" in value


def test_flower_is_reached_from_this_machine_only(services: dict[str, Any]) -> None:
    assert services["flower"]["ports"] == ["127.0.0.1:${FLOWER_PORT:-5555}:5555"]


def test_only_web_and_flower_have_ports(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"web", "flower"}


def test_redis_refuses_rather_than_forgets(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_every_service_waits_for_the_migrations(services: dict[str, Any]) -> None:
    for name in services.keys() - {"postgres", "redis", "migrate"}:
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"


def test_servers_say_whether_they_are_well(services: dict[str, Any]) -> None:
    silent = {name for name, service in services.items() if "healthcheck" not in service}
    assert silent == {"migrate", "scheduler", "courier"}


def test_image_runs_as_nobody_special() -> None:
    lines = (PROJECT_ROOT / "Dockerfile").read_text().splitlines()
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER continuity"]
