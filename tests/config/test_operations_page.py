"""docs/operations.md says what is: variables, metrics, services, commands."""

import re
from collections.abc import Iterator

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from config.environment import PROJECT_ROOT
from tests.client import APIClient
from tests.config.environment import list_variables
from tests.config.stack.test_compose import load_services

PAGE = (PROJECT_ROOT / "docs" / "operations.md").read_text()
VERBS = sorted(set(re.findall(r"manage\.py ([a-z_]+)", PAGE)))
OF_PYTHON = {"python", "redis-cli", "psql"}


def read_section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def read_blocks(language: str) -> Iterator[str]:
    yield from re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_has_every_variable_that_the_code_reads_and_no_other() -> None:
    rows = [line for line in read_section("Environment variables").splitlines() if "|" in line]
    names = [name for row in rows[2:] for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])]
    assert len(names) == len(set(names))
    assert set(names) == list_variables()


@pytest.mark.django_db
def test_metrics_that_are_named_are_answered(api: APIClient) -> None:
    text = api.get("/metrics").content.decode()
    answered = {plain(one) for one in re.findall(r"^# HELP (continuity_\w+)", text, re.MULTILINE)}
    told = read_section("Metrics")
    named = {plain(one) for one in re.findall(r"continuity_\w+", told)}
    assert named - answered == set()
    of_lanes = {f"continuity_lane{one}" for one in re.findall(r"`(_\w+)`", told)}
    assert answered - named - of_lanes == set()


def plain(series: str) -> str:
    return re.sub("(?:_bucket|_count|_sum|_created|_total)$", "", series)


def test_alarms_are_rules_that_prometheus_takes() -> None:
    rules = next(yaml.safe_load(one) for one in read_blocks("yaml") if "groups:" in one)
    alarms = rules["groups"][0]["rules"]
    assert len(alarms) > 5
    for alarm in alarms:
        assert alarm.keys() <= {"alert", "expr", "for"}
        for pair in ("()", "{}", "[]"):
            assert alarm["expr"].count(pair[0]) == alarm["expr"].count(pair[1])


@pytest.mark.parametrize("verb", VERBS)
def test_commands_that_are_named_exist(verb: str) -> None:
    assert load_command_class(get_commands()[verb], verb).help


def test_services_that_are_named_exist() -> None:
    known = set(load_services())
    text = "\n".join([*read_blocks("sh"), *re.findall(r"`(docker compose [^`]+)`", PAGE)])
    named: set[str] = set(re.findall(r"--scale ([a-z-]+)=", text))
    for verb in ("exec", "stop", "logs", r"up --detach"):
        for rest in re.findall(rf"docker compose {verb}((?: [a-z][a-z-]+)+)", text):
            names = rest.split()
            named |= {names[0]} if verb == "exec" else set(names)
    assert len(named) > 6
    assert named <= known
