"""Inboxes: the count is the truth at every commit, whoever writes what at the same time."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Membership, Project, Role
from propagation.models import Inbox, Notification, PropagationRun, Reason, RunStatus
from propagation.notices.inbox import bump_inboxes, lock_inboxes, read_unread
from propagation.notices.writing import About, Draft, write_notices
from propagation.services.forget_notices import forget_notices
from propagation.services.mark_notices import NoticeFilter, mark_notices
from tests.builders import make_user

NOW = timezone.now()


def make_project() -> Project:
    """Return a film in which nothing is."""
    return Project.objects.create(code="film", name="Film")


def make_run(project: Project) -> PropagationRun:
    """Return a run that is over."""
    return PropagationRun.objects.create(
        project=project,
        kind="change",
        status=RunStatus.SUCCESS,
        graph_revision=1,
        total=0,
        steps=0,
        created_at=NOW,
        finished_at=NOW,
    )


def notify(run: PropagationRun, *users: User) -> None:
    """Tell these people of the run."""
    about = About(run_id=run.pk)
    drafts = [
        Draft(user_id=user.pk, about=about, reason=Reason.RUN, entity_id=None) for user in users
    ]
    with transaction.atomic():
        write_notices(project_id=run.project_id, drafts=drafts, facts={about: {}}, at=NOW)


@pytest.mark.django_db
def test_an_inbox_moves_with_every_change() -> None:
    project = make_project()
    ana, ben = (make_user(name, roles={"film": Role.VIEWER}) for name in ("ana", "ben"))
    ids = [ana.pk, ben.pk]
    assert read_unread(user_ids=ids) == {ana.pk: 0, ben.pk: 0}
    run, other = make_run(project), make_run(project)
    notify(run, ana, ben)
    notify(other, ana)
    with CaptureQueriesContext(connection) as queries:
        assert read_unread(user_ids=ids) == {ana.pk: 2, ben.pk: 1}
    assert len(queries) == 1
    mark_notices(user=ana, wanted=NoticeFilter(run=run), is_read=True, at=NOW)
    assert read_unread(user_ids=ids) == {ana.pk: 1, ben.pk: 1}
    mark_notices(user=ana, wanted=NoticeFilter(run=run), is_read=True, at=NOW)
    assert read_unread(user_ids=ids)[ana.pk] == 1, "nothing changed"
    notify(run, ana)
    assert read_unread(user_ids=ids) == {ana.pk: 2, ben.pk: 1}


@pytest.mark.django_db
def test_what_may_not_be_seen_any_more_does_not_count_and_goes() -> None:
    project = make_project()
    ana, ben = (make_user(name, roles={"film": Role.VIEWER}) for name in ("ana", "ben"))
    boss = make_user("boss", is_superuser=True)
    notify(make_run(project), ana, ben, boss)
    Membership.objects.filter(user=ana).delete()
    with transaction.atomic():
        lock_inboxes(user_ids=[ana.pk, boss.pk], at=NOW)
        bump_inboxes(user_ids=[ana.pk, boss.pk], at=NOW)
    assert read_unread(user_ids=[ana.pk, boss.pk]) == {ana.pk: 0, boss.pk: 1}
    assert forget_notices(at=timezone.now()) == 1
    assert set(Notification.objects.values_list("user", flat=True)) == {ben.pk, boss.pk}


@pytest.mark.django_db
def test_who_left_and_came_back_keeps_what_they_had() -> None:
    project = make_project()
    ana = make_user("ana", roles={"film": Role.VIEWER})
    notify(make_run(project), ana)
    Membership.objects.filter(user=ana).delete()
    Membership.objects.create(user=ana, project=project, role=Role.ARTIST)
    assert forget_notices(at=timezone.now()) == 0


@pytest.mark.django_db
def test_what_was_read_long_ago_is_forgotten() -> None:
    project = make_project()
    ana = make_user("ana", roles={"film": Role.VIEWER})
    read, unread = make_run(project), make_run(project)
    notify(read, ana)
    notify(unread, ana)
    mark_notices(user=ana, wanted=NoticeFilter(run=read), is_read=True, at=NOW)
    assert forget_notices(at=NOW + timedelta(days=90)) == 0
    assert forget_notices(at=NOW + timedelta(days=90, seconds=1)) == 1
    assert Notification.objects.get().run == unread
    assert Inbox.objects.get().unread == 1


@pytest.mark.django_db(transaction=True)
def test_the_count_is_right_while_others_tell_read_and_unread() -> None:
    project = make_project()
    people = [make_user(f"user-{n}", roles={"film": Role.VIEWER}) for n in range(3)]
    runs = [make_run(project) for _ in range(4)]
    for run in runs:
        notify(run, *people)
    ready = Barrier(4)

    def act(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 (not for secrets)
        try:
            ready.wait()
            for _ in range(25):
                if seed == 0:  # one courier at a time has a project's log
                    notify(chance.choice(runs), *chance.sample(people, 2))
                    continue
                chosen = chance.choice([None, chance.choice(runs)])
                mark_notices(
                    user=chance.choice(people),
                    wanted=NoticeFilter(run=chosen),
                    is_read=chance.random() < 0.5,
                    at=NOW,
                )
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(act, seed) for seed in range(4)]:
            done.result()
    for user in people:
        unread = Notification.objects.filter(user=user, read_at=None).count()
        assert Inbox.objects.get(user=user).unread == unread
        assert Notification.objects.filter(user=user).count() == len(runs)
