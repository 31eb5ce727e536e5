"""Who is at what, told over the WebSocket."""

from collections.abc import Callable

import httpx
from django.contrib.auth.models import User
from django.utils import timezone

from assets.models import Project, Role
from propagation.models import EditLease, Subscription
from propagation.notices.making import make_notices
from propagation.services.mark_notices import NoticeFilter, mark_notices
from tests.builders import change, drive, get_entity, make_user
from tests.propagation.api.asking import make_token
from tests.propagation.sockets.calling import Message, call
from tests.server import Server


def shows(*users: tuple[str, str]) -> Callable[[Message], bool]:
    """Return a condition: the presence shows these users and what they do, and no others."""

    def check(message: Message) -> bool:
        return [(one["user"], one["mode"]) for one in message["users"]] == list(users)

    return check


def test_others_see_who_edits_and_who_looks_until_they_leave(
    server_process: Server, ben: User
) -> None:
    kim = make_user("kim", roles={"film": Role.VIEWER})
    with call(server_process, user=kim) as watcher:
        watcher.subscribe("asset:film:hero")
        assert watcher.wait_for("presence")["users"] == []
        with call(server_process, user=ben) as editor:
            lease = editor.ask("presence", entity="hero", fields=["colour"])
            assert (lease["type"], lease["mode"]) == ("lease", "edit")
            seen = watcher.wait_for("presence", until=shows(("ben", "edit")))
            assert seen["topic"] == "asset:film:hero"
            assert seen["users"][0]["fields"] == ["colour"]
            assert watcher.ask("presence", entity="hero", mode="view")["mode"] == "view"
            watcher.wait_for("presence", until=shows(("ben", "edit"), ("kim", "view")))
            editor.ask("presence", entity="hero", fields=["mood"])
            assert EditLease.objects.count() == 2
        watcher.wait_for("presence", until=shows(("kim", "view")))
        assert watcher.ask("presence", entity="hero", mode="leave")["type"] == "left"
        assert not EditLease.objects.exists()


def test_a_viewer_edits_nothing_and_looking_is_in_nobodys_way(
    server_process: Server, ben: User
) -> None:
    Project.objects.update(leases_lock=True)
    kim = make_user("kim", roles={"film": Role.VIEWER})
    with call(server_process, user=kim) as looking, call(server_process, user=ben) as editing:
        assert looking.ask("presence", entity="hero")["code"] == "forbidden"
        assert looking.ask("presence", entity="hero", mode="view")["type"] == "lease"
        assert editing.ask("presence", entity="hero")["type"] == "lease"
        assert change("hero", colour="blue").run
        amy = make_user("amy", roles={"film": Role.ARTIST})
        with call(server_process, user=amy) as other:
            assert other.ask("presence", entity="hero")["code"] == "leased"


def test_who_looks_may_begin_to_edit(server_process: Server, ben: User) -> None:
    with call(server_process, user=ben) as caller:
        assert caller.ask("presence", entity="hero", mode="view")["mode"] == "view"
        assert caller.ask("presence", entity="hero", fields=["colour"])["mode"] == "edit"
        assert caller.ask("presence", entity="hero", mode="view")["mode"] == "view"
        assert EditLease.objects.count() == 1


def test_staff_see_how_the_queues_are(server_process: Server, ben: User) -> None:
    boss = make_user("boss", is_superuser=True)
    with call(server_process, user=ben) as artist, call(server_process, user=boss) as staff:
        assert artist.subscribe("queues")["code"] == "forbidden"
        assert staff.subscribe("queues")["topics"] == ["queues"]
        health = staff.wait_for("queue_health")
        assert health["is_reachable"] is True
        assert set(health["lanes"]) == {"realtime", "batch", "background"}
        headers = {"Authorization": f"Bearer {make_token('boss')}"}
        asked = httpx.get(f"{server_process.url}/queues", headers=headers, trust_env=False).json()
        envelope = {"v", "type", "timestamp"}
        assert health.keys() - envelope == asked.keys() - envelope
        assert [lane.keys() for lane in health["lanes"].values()] == [
            lane.keys() for lane in asked["lanes"].values()
        ]
        assert staff.ask("unsubscribe", topics=["queues"])["topics"] == ["queues"]


def test_all_tabs_are_told_how_much_is_unread(server_process: Server, ben: User) -> None:
    with call(server_process, user=ben) as one, call(server_process, user=ben) as other:
        for tab in (one, other):
            assert tab.subscribe("me")["topics"] == ["me"]
            assert tab.wait_for("notification")["unread"] == 0
        Subscription.objects.create(
            user=ben,
            entity=get_entity("hero"),
            mode="watch",
            origin="chosen",
            created_at=timezone.now(),
        )
        run = change("hero", colour="blue").run
        assert run
        drive(run)
        make_notices(at=timezone.now())
        for tab in (one, other):
            assert tab.wait_for("notification")["unread"] == 1
        wanted = NoticeFilter()
        mark_notices(user=ben, wanted=wanted, is_read=True, at=timezone.now())
        for tab in (one, other):
            assert tab.wait_for("notification")["unread"] == 0
