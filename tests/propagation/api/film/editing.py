"""Two people edit the hero of the film."""

import json
from typing import Any

from assets.models import Project, Role
from tests.builders import make_user
from tests.client import APIClient
from tests.propagation.api.asking import Answer, post, send


def sign_in(name: str, role: Role = Role.ARTIST) -> APIClient:
    """Return a client of somebody with this role."""
    client = APIClient()
    client.force_authenticate(make_user(name, roles={"film": role}))
    return client


def edit(client: APIClient, data: dict[str, Any], base: object = None, **headers: str) -> Answer:
    """Change fields of the hero, from a version."""
    body = {"change_data": data, **({} if base is None else {"base_version": base})}
    return post(client, "assets/hero/propagate", body, **headers)


def resolve(client: APIClient, answer: Answer, body: dict[str, Any]) -> Answer:
    """Decide about the conflict that an answer names."""
    path = answer.json()["resolve_url"].removeprefix("/api/v1/")
    return send(client, "PUT", path, json.dumps(body))


def configure(**values: object) -> None:
    """Give the film other settings."""
    Project.objects.filter(code="film").update(**values)


def clash(ana: APIClient, ben: APIClient) -> Answer:
    """Have both dye the coat, Ben after Ana, and return his answer."""
    assert edit(ana, {"wardrobe": "green coat"}, 2).status_code == 202
    answer = edit(ben, {"wardrobe": "blue coat", "hat": "tall"}, 2)
    assert answer.status_code == 409
    return answer
