"""Random requests: never a fault of ours, and a problem whenever it is not a success."""

import json
import random
from collections.abc import Sequence

import pytest

from tests.builders import chain, load
from tests.client import APIClient
from tests.propagation.api.asking import post, read_any_problem, send

pytestmark = pytest.mark.django_db
REQUESTS = 150
CODES = [
    "hero",
    "a0",
    "film:hero",
    "other:a1",
    "a2",
    "shot-00000",
    "nobody",
    ":",
    "film:",
    "ü",
    "%",
]
NAMES = [
    "change_data",
    "propagation_mode",
    "notify_users",
    "note",
    "version_number",
    "reason",
    "asset_changes",
    "atomic",
    "asset_id",
    "changes",
    "source",
    "target",
    "role",
    "label",
    "position",
    "attributes",
    "depth",
    "include_shots",
    "direction",
    "visual_changes",
    "metadata_changes",
    "relationship_changes",
    "name",
    "",
    "a.b",
    "a/b",
    "__class__",
    "id",
]
SCALARS: list[object] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    2**63,
    10**300,
    0.5,
    -0.0,
    1e308,
    "",
    " ",
    "true",
    "1",
    "auto",
    "batch",
    "depends_on",
    "x" * 3000,
    "😀",
    "\u2028",
    "{}",
    "hero",
    "a0",
    "%s",
    "'; --",
]
PATHS = [
    "assets/{code}/propagate",
    "assets/{code}/rollback",
    "assets/{code}/dependencies",
    "assets/{code}/versions",
    "assets/{code}/versions/{number}",
    "assets/{code}",
    "projects/{project}",
    "projects/{project}/propagation-status",
    "projects/{project}/runs",
    "projects/{project}/shots",
    "projects",
    "propagation/batch",
    "edges",
    "runs/{number}",
    "runs/{number}/items",
]
QUERIES = [
    "",
    "",
    "",
    "?dry_run=true",
    "?depth=2",
    "?limit=1",
    "?cursor=5",
    "?limit=x",
    "?x=%00",
    "?=",
]
HEADERS: list[dict[str, str]] = [
    {},
    {},
    {"HTTP_IF_MATCH": '"hero_v1"'},
    {"HTTP_IF_MATCH": "*"},
    {"HTTP_PREFER": "wait=0"},
    {"HTTP_ACCEPT": "text/csv"},
    {"HTTP_IF_MATCH": "W/x"},
]


def make_value(dice: random.Random, depth: int = 0) -> object:
    """Return any JSON value."""
    kind = dice.random()
    if depth > 4 or kind < 0.4:
        return dice.choice([*SCALARS, *CODES])
    size = dice.randrange(4)
    if kind < 0.5:
        return [make_value(dice, depth + 1) for _ in range(size)]
    return {dice.choice(NAMES): make_value(dice, depth + 1) for _ in range(size)}


def make_body(dice: random.Random) -> object:
    """Return a body that is nearly right, or any value."""
    code, other = dice.choices(CODES, k=2)
    value = make_value(dice)
    fields = value if isinstance(value, dict) else {"field": value}
    near: Sequence[dict[str, object]] = [
        {"change_data": fields},
        {"version_number": dice.choice([0, 1, 2, 2**31]), "reason": "back"},
        {"asset_changes": [{"asset_id": code, "changes": fields}] * dice.randrange(4)},
        {"source": code, "target": other, "attributes": fields},
        {"depth": 1, "include_shots": True},
    ]
    body = dict(dice.choice(near))
    if dice.random() < 0.3:
        body[dice.choice(NAMES)] = make_value(dice)
    return body if dice.random() < 0.9 else value


@pytest.mark.parametrize("seed", range(4))
def test_no_request_finds_a_fault(film: None, api: APIClient, seed: int) -> None:
    load(chain(4), code="other")
    api.raise_request_exception = False
    dice = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    for _ in range(REQUESTS):
        path = dice.choice(PATHS).format(
            code=dice.choice(CODES),
            project=dice.choice(["film", "other", "none", "%"]),
            number=dice.choice([0, 1, 2, 3, 2**31, 2**63, 10**40]),
        )
        raw = json.dumps(make_body(dice))
        if dice.random() < 0.1:
            cut = dice.randrange(len(raw))
            raw = raw[:cut] + dice.choice(['"', "{", "]", "\\", "0"]) + raw[cut + 1 :]
        method = dice.choice(["GET", "POST", "POST", "POST", "DELETE", "PUT"])
        answer = send(api, method, path + dice.choice(QUERIES), raw, **dice.choice(HEADERS))
        assert answer.status_code < 500, (method, path, raw, answer.content)
        if answer.status_code >= 300:
            read_any_problem(answer)
    assert post(api, "assets/film:hero/propagate", {"change_data": {}}).status_code == 200
