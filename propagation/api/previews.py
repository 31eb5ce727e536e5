"""The answers of dry runs: what would change, whom it affects, how long it takes."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from assets.models import Entity, Project
from propagation.api.strict import get_actor
from propagation.execution.start import Preview
from propagation.services.describe_preview import (
    describe_change,
    describe_impact,
    describe_items,
)
from propagation.services.plans import store_plan
from propagation.services.propagate_change import ChangePreview
from versions.models import DEFINITION


def answer_preview(
    request: Request,
    *,
    entity: Entity,
    found: ChangePreview,
    slot: str = DEFINITION,
    with_items: bool = False,
    extra: dict[str, Any] | None = None,
) -> Response:
    """Answer a dry run of a change of one entity, with a token by which it can be had as shown.

    with_items: also what becomes of each target, by which rule, and by which path it is reached.
    """
    about = {
        **describe_change(entity=entity, found=found, slot=slot),
        **(extra or {}),
    }
    return answer_plan(
        request,
        project=entity.project,
        about=about,
        found=found.found,
        bases={pk: found.base_versions[pk] for pk in found.contents},
        contents=found.contents,
        with_items=with_items,
    )


def answer_plan(
    request: Request,
    *,
    project: Project,
    about: dict[str, Any],
    found: Preview | None,
    bases: Mapping[int, int],
    contents: Mapping[int, str],
    with_items: bool,
) -> Response:
    """Answer a dry run. about: what is special of it; bases and contents as a stored plan's."""
    answer = {"dry_run": True, **about, **describe_impact(project=project, found=found)}
    answer["plan_token"] = None
    if found is not None:
        stored = store_plan(
            project=project,
            found=found,
            bases=bases,
            contents=contents,
            summary=json.loads(json.dumps(answer, cls=JSONEncoder)),
            actor=get_actor(request),
            at=timezone.now(),
        )
        answer["plan_token"] = stored.token
        answer["items_url"] = f"/api/v1/plans/{stored.token}/items"
    if with_items:
        answer["items"] = describe_items(project=project, found=found)
    return Response(answer)
