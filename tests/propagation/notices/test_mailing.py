"""Mail: what is due, once, to those who want it, whatever the mail server does."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.utils import timezone

from assets.models import Membership, Project
from propagation.management.beside import Beside
from propagation.models import Mail, Notification
from propagation.notices.due import MOST_ATTEMPTS
from propagation.notices.mailing import CLAIMED, has_mail, send_mail
from propagation.services.edit_preference import save_preference
from propagation.services.mark_notices import NoticeFilter, mark_notices
from propagation.services.steer_run import retry_run
from tests.builders import drive
from tests.propagation.notices import backends
from tests.propagation.notices.conftest import Hire
from tests.propagation.notices.telling import edit, run_failing, run_to_end, subscribe, tell

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SOON = timedelta(seconds=31)
HOUR = timedelta(hours=1)


@pytest.fixture
def ana(hire: Hire) -> User:
    """Return somebody who watches the hero and wants mail for each notification."""
    return make_reader(hire, "ana")


def make_reader(
    hire: Hire, name: str, wanted: Mail = Mail.EACH, host: str = "film.example", hour: int = 7
) -> User:
    """Return somebody with an address who watches the hero."""
    user = hire(name)
    user.email = f"{name}@{host}"
    user.save()
    subscribe(user, "hero")
    save_preference(user=user, at=NOW, mail=wanted, digest_hour=hour)
    return user


def list_mail() -> list[tuple[str, str]]:
    """Return to whom mail went, and its subject."""
    return [(one.to[0], str(one.subject)) for one in mail.outbox]


def test_mail_comes_soon_after_the_notification(ana: User) -> None:
    run = run_to_end(edit(note="Notes\r\n12/3"))
    assert not has_mail(at=timezone.now())
    assert send_mail(at=timezone.now()) == 0
    assert has_mail(at=timezone.now() + SOON)
    assert send_mail(at=timezone.now() + SOON) == 1
    (sent,) = mail.outbox
    assert sent.to == [ana.email]
    assert sent.subject == "[film] hero v2: 6 updated"
    body = str(sent.body)
    assert f"http://127.0.0.1:8000/api/v1/runs/{run.pk}\n" in body
    assert f"http://127.0.0.1:8000/admin/propagation/propagationrun/{run.pk}/change/" in body
    assert "http://127.0.0.1:8000/api/v1/subscriptions/asset%3Afilm%3Ahero" in body
    assert "note:     Notes 12/3\n" in body
    assert "why:      you watch hero, which changed" in body
    row = Notification.objects.get()
    assert (row.mail_due_at, row.mail_sent_at is not None) == (None, True)
    assert send_mail(at=timezone.now() + HOUR) == 0


def test_what_is_due_together_goes_into_one_mail(ana: User) -> None:
    del ana
    for _ in range(3):
        run_to_end(edit())
    assert send_mail(at=timezone.now() + SOON) == 1
    assert list_mail()[0][1].startswith("[film] 3 notifications; hero v4")
    assert str(mail.outbox[0].body).count("\n  why:") == 3


def test_what_is_read_meanwhile_is_not_mailed(ana: User) -> None:
    run_to_end(edit())
    read = run_to_end(edit())
    wanted = NoticeFilter(run=read)
    for is_read in (True, False):
        mark_notices(user=ana, wanted=wanted, is_read=is_read, at=timezone.now())
    assert send_mail(at=timezone.now() + SOON) == 1
    assert list_mail()[0][1].startswith("[film] hero v2")


def test_what_is_told_anew_is_mailed_anew(ana: User, settings: Any) -> None:  # noqa: ANN401
    settings.BATCH_SIZES = dict.fromkeys(settings.LANES, 1)
    run = run_failing(edit(), "shot-0")
    send_mail(at=timezone.now() + SOON)
    retry_run(run_id=run.pk, actor=None, at=timezone.now())
    run_to_end(run)
    send_mail(at=timezone.now() + SOON)
    first, second = mail.outbox
    assert first.subject.endswith("1 failed")
    assert "failed" not in second.subject
    assert first.extra_headers["Message-ID"] != second.extra_headers["Message-ID"]
    del ana


def lose_address(user: User) -> None:
    """Take away their address."""
    User.objects.filter(pk=user.pk).update(email="")


def leave(user: User) -> None:
    """Take them off the film."""
    Membership.objects.filter(user=user).delete()


def deactivate(user: User) -> None:
    """Lock them out."""
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("happens", [lose_address, leave, deactivate])
def test_who_cannot_or_may_not_get_it_gets_no_mail(
    ana: User, happens: Callable[[User], None]
) -> None:
    run_to_end(edit())
    happens(ana)
    assert send_mail(at=timezone.now() + SOON) == 0
    assert not has_mail(at=timezone.now() + HOUR)


def test_a_digest_comes_once_a_day_with_all_that_is_unread(hire: Hire) -> None:
    now = timezone.now()
    ben = make_reader(hire, "ben", Mail.DIGEST, hour=(now + HOUR).hour)
    for _ in range(2):
        run_to_end(edit())
    mark_notices(
        user=ben,
        wanted=NoticeFilter(run=run_to_end(edit())),
        is_read=True,
        at=timezone.now(),
    )
    at = (now + HOUR).replace(minute=0, second=0, microsecond=0)
    assert send_mail(at=at - timedelta(seconds=1)) == 0
    assert send_mail(at=at) == 1
    drive(edit())
    tell(at)
    assert send_mail(at=at + timedelta(hours=24, seconds=-1)) == 0
    assert send_mail(at=at + timedelta(hours=24)) == 1
    first, second = list_mail()
    assert first[1].startswith("[film] 2 notifications")
    assert second[1].startswith("[film] hero v5")


def test_without_a_preference_there_is_no_mail(hire: Hire) -> None:
    cid = hire("cid")
    User.objects.filter(pk=cid.pk).update(email="cid@film.example")
    subscribe(cid, "hero")
    run_to_end(edit())
    assert not has_mail(at=timezone.now() + timedelta(days=2))


def test_another_preference_moves_what_is_due(ana: User) -> None:
    run_to_end(edit())
    save_preference(user=ana, at=timezone.now(), mail=Mail.DIGEST)
    assert not has_mail(at=timezone.now() + SOON)
    assert has_mail(at=timezone.now() + timedelta(hours=25))
    save_preference(user=ana, at=timezone.now(), mail=Mail.NONE)
    assert not has_mail(at=timezone.now() + timedelta(hours=25))


@pytest.fixture
def refusing(settings: Any) -> None:  # noqa: ANN401 (pytest-django's)
    """Have a mail server that refuses some addresses."""
    settings.EMAIL_BACKEND = f"{backends.__name__}.RefusingBackend"
    backends.RefusingBackend.depth = len(connection.savepoint_ids)


@pytest.mark.usefixtures("refusing")
def test_an_address_that_fails_is_tried_again_and_does_not_hold_up_the_others(
    hire: Hire, caplog: pytest.LogCaptureFixture
) -> None:
    make_reader(hire, "bad", host="refused.example")
    make_reader(hire, "good")
    run_to_end(edit())
    at = timezone.now() + SOON
    assert send_mail(at=at) == 1
    assert [address for address, _ in list_mail()] == ["good@film.example"]
    tries = 1
    while has_mail(at=at + timedelta(days=1)):
        assert send_mail(at=at) == 0, "not before its time"
        (due,) = Notification.objects.filter(mail_due_at__isnull=False)
        assert due.mail_due_at
        at = due.mail_due_at
        send_mail(at=at)
        tries += 1
    assert tries == MOST_ATTEMPTS
    assert [record.msg for record in caplog.records].count("mail_not_sent user=%s error=%s") == 10
    assert "mail_given_up" in caplog.records[-1].msg
    assert "refused.example" not in caplog.text
    assert len(mail.outbox) == 1


def test_whoever_dies_while_sending_sends_it_once_more(
    ana: User,
    settings: Any,  # noqa: ANN401 (pytest-django's)
) -> None:
    del ana
    run_to_end(edit())
    settings.EMAIL_BACKEND = f"{backends.__name__}.DeadBackend"
    at = timezone.now() + SOON
    with pytest.raises(SystemExit):
        send_mail(at=at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_mail(at=at + SOON) == 0, "it may be on its way"
    assert send_mail(at=at + CLAIMED) == 1
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert send_mail(at=at + timedelta(days=1)) == 0


def test_a_header_cannot_be_written_by_what_people_call_things(ana: User) -> None:
    hostile = "film\nBcc all@film.example\r\n\r\nhello"
    run_to_end(edit())
    Project.objects.filter(code="film").update(code=hostile)
    Notification.objects.update(
        facts=Notification.objects.get().facts | {"source": "x\r\nTo: y", "note": "a\n\n-- \nb"}
    )
    assert send_mail(at=timezone.now() + SOON) == 1
    sent = message_from_bytes(mail.outbox[0].message().as_bytes())
    assert set(sent.keys()) == {
        *("Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To"),
        *("Date", "Message-ID", "Auto-Submitted"),
    }
    assert sent["To"] == ana.email
    assert "\n" not in mail.outbox[0].subject


def test_an_address_with_a_line_break_is_never_sent_to(ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(email="a@b.example\nBcc: c@d.example")
    run_to_end(edit())
    assert send_mail(at=timezone.now() + SOON) == 0
    assert mail.outbox == []


def test_without_a_mail_server_mail_becomes_files(
    ana: User,
    settings: Any,  # noqa: ANN401 (pytest-django's)
    tmp_path: Path,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    run_to_end(edit())
    assert send_mail(at=timezone.now() + SOON) == 1
    (file,) = (tmp_path / "mail").iterdir()
    assert f"To: {ana.email}" in file.read_text()


def test_a_slow_job_runs_once_at_a_time_and_others_do_not_wait_for_it() -> None:
    began, go_on, calls = Event(), Event(), list[object]()

    def work(*, at: object) -> None:
        calls.append(at)
        began.set()
        go_on.wait(10)

    job = Beside(work, has_work=lambda at: at > NOW)
    job(at=NOW)
    assert not calls
    job(at=NOW + HOUR)
    assert began.wait(10)
    job(at=NOW + HOUR)
    assert calls == [NOW + HOUR]
    go_on.set()
    assert isinstance(job._thread, Thread)
    job._thread.join(10)
    job(at=NOW + HOUR)
    job._thread.join(10)
    assert calls == [NOW + HOUR, NOW + HOUR]
