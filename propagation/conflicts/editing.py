"""What a project asks of every edit that is not merged: a base, and that nobody else is at it."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from assets.models import Entity
from propagation.conflicts.detect import find_leases
from propagation.conflicts.policy import check_based, load_policy
from propagation.exceptions import FieldsLeasedError


def check_editing(
    *, entities: Sequence[Entity], base_version: int | None, actor: User | None, at: datetime
) -> None:
    """Raise BaseRequiredError or FieldsLeasedError where the project is strict about either.

    entities: of one project, of which all may change; the caller holds the locks on their heads.
    """
    policy = load_policy(project_id=entities[0].project_id)
    check_based(policy=policy, base_versions=[base_version], actor=actor)
    if not policy.leases_lock:
        return
    by_id = {entity.pk: entity.code for entity in entities}
    for lease in find_leases(entity_ids=list(by_id), actor=actor, at=at):
        raise FieldsLeasedError(by_id[lease.entity_id], by=lease.by, fields=lease.fields)
