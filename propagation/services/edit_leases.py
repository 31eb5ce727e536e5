"""Edit leases: say that one is editing, go on saying so, and stop."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import Entity, Membership, Project, Role
from assets.services.access import check_role
from assets.setwise import select_ids, select_texts
from propagation.conflicts.detect import find_leases
from propagation.conflicts.fields import overlap
from propagation.exceptions import FieldsLeasedError, LeaseNotFoundError
from propagation.models import EditLease, LeaseMode
from versions.models import DEFINITION, Head
from versions.services.heads import lock_heads


@transaction.atomic
def start_lease(
    *,
    entity: Entity,
    user: User,
    fields: Sequence[str],
    base_version: int | None,
    at: datetime,
    mode: LeaseMode = LeaseMode.EDIT,
) -> EditLease:
    """Say that the user is editing fields of the entity, none: all of it; or is looking at it.

    base_version: the version that they see; None: the best one. A user may have any number of
    them, one per window. RoleTooLowError; FieldsLeasedError when somebody else is editing one of
    the fields and the project makes leases locks.
    """
    is_edit = mode == LeaseMode.EDIT
    needed = Role.ARTIST if is_edit else Role.VIEWER
    check_role(actor=user, project_id=entity.project_id, needed=needed)
    # Whoever changes the entity holds this lock while it looks at the leases.
    head = lock_heads(Head.objects.filter(entity=entity))[entity.pk]
    if is_edit:
        _check_free(entity, fields, user, at)
    return EditLease.objects.create(
        mode=mode,
        token=f"el_{secrets.token_urlsafe(18)}",
        entity=entity,
        user=user,
        fields=list(fields),
        base_version=base_version or head.best_number,
        started_at=at,
        expires_at=_find_end(at),
    )


@transaction.atomic
def renew_lease(
    *, token: str, user: User, at: datetime, fields: Sequence[str] | None = None
) -> EditLease:
    """Say that the user goes on editing; fields: what they are editing from now on.

    LeaseNotFoundError for one that is over: somebody may have taken its fields since then;
    FieldsLeasedError as in start_lease.
    """
    lease = _find(token, user, at)
    if fields is not None and list(fields) != lease.fields:
        lock_heads(Head.objects.filter(entity=lease.entity, slot=DEFINITION))
        if lease.mode == LeaseMode.EDIT:
            _check_free(lease.entity, fields, user, at)
        lease.fields = list(fields)
    lease.expires_at = _find_end(at)
    lease.save(update_fields=["fields", "expires_at"])
    return lease


def renew_leases(*, tokens: Collection[str], at: datetime) -> None:
    """Say that those who hold these leases go on, as far as they are not over.

    Those of people who may not see the project any more end by themselves.
    """
    live = EditLease.objects.filter(token__in=select_texts(tokens), expires_at__gt=at)
    members = Membership.objects.filter(project=OuterRef("entity__project"), user=OuterRef("user"))
    allowed = live.filter(Q(user__is_superuser=True) | Exists(members))
    ids = list(allowed.values_list("pk", flat=True))
    EditLease.objects.filter(pk__in=select_ids(ids)).update(expires_at=_find_end(at))


def end_leases(*, tokens: Collection[str]) -> None:
    """Say that those who held these leases stopped."""
    EditLease.objects.filter(token__in=select_texts(tokens)).delete()


def end_lease(*, token: str, user: User, at: datetime) -> None:
    """Say that the user stopped; LeaseNotFoundError for one that is over already."""
    _find(token, user, at).delete()


def list_leases(*, at: datetime) -> QuerySet[EditLease]:
    """Return those that are live, of all projects."""
    live = EditLease.objects.filter(expires_at__gt=at)
    return live.select_related("user", "entity__project").order_by("pk")


def forget_leases(*, at: datetime) -> int:
    """Delete those that are over; return how many."""
    return EditLease.objects.filter(expires_at__lte=at).delete()[0]


def _check_free(entity: Entity, fields: Sequence[str], user: User, at: datetime) -> None:
    """Refuse fields that somebody else is editing, where the project makes leases locks."""
    if not entity.project.leases_lock:
        return
    for lease in find_leases(entity_ids=[entity.pk], actor=user, at=at):
        if overlap(fields, lease.fields):
            raise FieldsLeasedError(entity.code, by=lease.by, fields=lease.fields)


def _find(token: str, user: User, at: datetime) -> EditLease:
    visible = Project.objects.visible_to(user)
    own = list_leases(at=at).filter(token=token, user=user, entity__project__in=visible)
    lease = own.first()
    if lease is None:
        raise LeaseNotFoundError
    return lease


def _find_end(at: datetime) -> datetime:
    return at + timedelta(seconds=settings.EDIT_LEASE_S)
