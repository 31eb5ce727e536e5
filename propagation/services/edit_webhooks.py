"""Webhooks of a project: who outside is told, of what, and by which secret it knows us."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from assets.models import Project, Role
from assets.services.access import check_role
from assets.services.history import credit
from assets.services.locking import lock_project
from propagation.exceptions import (
    InvalidWebhookError,
    LimitExceededError,
    WebhookNotFoundError,
)
from propagation.models import Webhook
from propagation.services.read_events import read_seq
from propagation.webhooks.address import AddressRefusedError, read_allowed, read_target
from propagation.webhooks.signing import make_secret
from propagation.webhooks.store import disable_webhook

ROTATION = timedelta(hours=24)
"""How long the secret before the newest one signs as well."""
BY_HAND = "Disabled by hand."


def list_webhooks(*, project: Project, actor: User | None) -> QuerySet[Webhook]:
    """Return those of a project; RoleTooLowError for whoever is not its admin."""
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    rows: QuerySet[Webhook] = Webhook.objects.filter(project=project)
    return rows.select_related("project", "created_by").order_by("pk")


def find_webhook(*, pk: int, actor: User | None, locked: bool = False) -> Webhook:
    """Return one; None as actor: the operator. WebhookNotFoundError, RoleTooLowError.

    locked: until the transaction ends, which all who change it want.
    """
    rows = Webhook.objects.select_related("project", "created_by")
    if locked:
        rows = rows.select_for_update(of=("self",), no_key=True)
    if actor is not None:
        rows = rows.filter(project__in=Project.objects.visible_to(actor))
    found: Webhook | None = rows.filter(pk=pk).first()
    if found is None:
        raise WebhookNotFoundError
    check_role(actor=actor, project_id=found.project_id, needed=Role.ADMIN)
    return found


@transaction.atomic
def create_webhook(
    *, project: Project, values: Mapping[str, Any], actor: User | None, at: datetime
) -> Webhook:
    """Tell an address of what happens from now on; values: url, types, description, is_enabled.

    RoleTooLowError; InvalidWebhookError for a URL to which nothing is sent; LimitExceededError.
    """
    check_role(actor=actor, project_id=project.pk, needed=Role.ADMIN)
    _check_url(values["url"])
    lock_project(project_id=project.pk)  # two who count at once would both find room
    count = Webhook.objects.filter(project=project).count()
    if count >= settings.MAX_WEBHOOKS:
        raise LimitExceededError("webhooks", limit=settings.MAX_WEBHOOKS, actual=count + 1)
    is_enabled = values.get("is_enabled", True)
    webhook = Webhook(
        project=project,
        url=values["url"],
        types=_tidy(values.get("types", [])),
        description=values.get("description", ""),
        secret=make_secret(),
        is_enabled=is_enabled,
        disabled_at=None if is_enabled else at,
        disabled_reason="" if is_enabled else BY_HAND,
        after_seq=read_seq(project),
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    _save(webhook, actor)
    return webhook


@transaction.atomic
def change_webhook(
    *, pk: int, values: Mapping[str, Any], actor: User | None, at: datetime
) -> Webhook:
    """Change what is named; return it as it is then.

    One that is enabled again is told of what happens from then on. Errors as in create_webhook,
    and WebhookNotFoundError.
    """
    webhook = find_webhook(pk=pk, actor=actor, locked=True)
    if "url" in values and values["url"] != webhook.url:
        _check_url(values["url"])
        webhook.url, webhook.held_until = values["url"], None
    webhook.types = _tidy(values.get("types", webhook.types))
    webhook.description = values.get("description", webhook.description)
    webhook.updated_at = at
    is_enabled = values.get("is_enabled", webhook.is_enabled)
    if webhook.is_enabled and not is_enabled:
        disable_webhook(webhook=webhook, reason=BY_HAND, at=at, actor=actor)
        return webhook
    if is_enabled and not webhook.is_enabled:
        webhook.is_enabled, webhook.disabled_at, webhook.disabled_reason = True, None, ""
        webhook.after_seq, webhook.held_until = read_seq(webhook.project), None
    _save(webhook, actor)
    return webhook


@transaction.atomic
def rotate_secret(*, pk: int, actor: User | None, at: datetime) -> Webhook:
    """Give it a new secret; what is sent is signed with the one before as well, for ROTATION.

    Of three within that time the oldest is over at once. WebhookNotFoundError, RoleTooLowError.
    """
    webhook = find_webhook(pk=pk, actor=actor, locked=True)
    webhook.previous_secret, webhook.previous_until = webhook.secret, at + ROTATION
    webhook.secret, webhook.updated_at = make_secret(), at
    _save(webhook, actor)
    return webhook


@transaction.atomic
def delete_webhook(*, pk: int, actor: User | None) -> None:
    """Delete it with its deliveries. WebhookNotFoundError, RoleTooLowError."""
    webhook = find_webhook(pk=pk, actor=actor, locked=True)
    credit(webhook, actor)
    webhook.delete()


def _check_url(url: str) -> None:
    """Refuse what can be known now; the addresses behind a name are checked when it is sent."""
    try:
        read_target(url, read_allowed(settings.WEBHOOK_ALLOWED_HOSTS))
    except AddressRefusedError as error:
        raise InvalidWebhookError("/url", str(error)) from error


def _tidy(types: list[str]) -> list[str]:
    return sorted(set(types))


def _save(webhook: Webhook, actor: User | None) -> None:
    credit(webhook, actor)
    webhook.save()
