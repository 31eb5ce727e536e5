"""What a person watches and mutes, by topics such as project:night-ferry or run:41."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from assets.models import Project
from propagation.models import (
    PropagationRun,
    Subscription,
    SubscriptionMode,
    SubscriptionOrigin,
)
from propagation.services.topics import Subject


def find_subscription(*, user: User, subject: Subject) -> Subscription | None:
    """Return what the person said of the subject, or what their edits said for them."""
    found: Subscription | None = Subscription.objects.filter(
        user=user, **_point_at(subject)
    ).first()
    return found


def list_subscriptions(*, user: User, project: Project | None = None) -> QuerySet[Subscription]:
    """Return what the person watches and mutes, of what they may see; one project's, or all."""
    projects = Project.objects.visible_to(user)
    if project is not None:
        projects = projects.filter(pk=project.pk)
    ids = projects.values("pk")
    of_projects = Q(project__in=ids) | Q(entity__project__in=ids) | Q(run__project__in=ids)
    rows: QuerySet[Subscription] = Subscription.objects.filter(of_projects, user=user)
    rows = rows.exclude(mode=SubscriptionMode.NONE)
    return rows.select_related("project", "entity__project", "run")


@transaction.atomic
def save_subscription(
    *, user: User, subject: Subject, mode: SubscriptionMode, at: datetime
) -> Subscription:
    """Keep what the person says of the subject, whatever was said before.

    `none` is kept too: the next edit of the entity does not subscribe them again.
    """
    row: Subscription = Subscription.objects.update_or_create(
        user=user,
        **_point_at(subject),
        defaults={"mode": mode, "origin": SubscriptionOrigin.CHOSEN},
        create_defaults={"mode": mode, "origin": SubscriptionOrigin.CHOSEN, "created_at": at},
    )[0]
    return row


def _point_at(subject: Subject) -> dict[str, Subject]:
    if isinstance(subject, Project):
        return {"project": subject}
    return {"run" if isinstance(subject, PropagationRun) else "entity": subject}
