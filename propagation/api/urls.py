"""Routes of the API; none ends in a slash."""

from django.urls import path, register_converter

from assets.models import Kind
from propagation.api.activity import EntityActivityView, ProjectActivityView
from propagation.api.as_of import AsOfView
from propagation.api.bringing import ImportView
from propagation.api.catalogue import (
    EntitiesView,
    EntityView,
    LockView,
    ProjectsView,
    ProjectView,
    SettingsView,
)
from propagation.api.changes import BatchView, PropagateView, RollbackView
from propagation.api.codes import CodeConverter, TokenConverter
from propagation.api.conflicts import (
    ConflictsView,
    ConflictView,
    LeaveOutView,
    ResolutionView,
)
from propagation.api.create_media import BatchVersionsView
from propagation.api.deliveries import DeliveriesView, DeliveryView, ReplayView, TestView
from propagation.api.events import EventsView
from propagation.api.files import FilesView, FileView
from propagation.api.graph import DependenciesView, EdgesView
from propagation.api.holds import DecideView, HoldsView
from propagation.api.jobs import JobsView, JobView
from propagation.api.leases import LeasesView, LeaseView, PresenceView
from propagation.api.look_ups import LookUpView, OutdatedMediaView
from propagation.api.me import MeView
from propagation.api.members import MembersView, MemberView
from propagation.api.notifications import MarkView, NotificationsView
from propagation.api.pins import PinsView
from propagation.api.plans import PlanItemsView, PlanView
from propagation.api.queues import QueuesView
from propagation.api.references import ReferencesView, UsesView
from propagation.api.rules import RulesView, RuleView, SimulateView
from propagation.api.runs import PropagationStatusView, RunItemsView, RunItemView, RunsView, RunView
from propagation.api.socket_tickets import SocketTicketsView
from propagation.api.steering import STEERS, SkipView, SteerView
from propagation.api.subscriptions import SubscriptionsView, SubscriptionView
from propagation.api.tokens import TokensView, TokenView
from propagation.api.undo import UndoView
from propagation.api.versions import BestView, DiffView, SlotsView, VersionsView, VersionView
from propagation.api.webhooks import RotateView, WebhooksView, WebhookView

register_converter(CodeConverter, "code")
register_converter(TokenConverter, "token")

urlpatterns = [
    path("projects", ProjectsView.as_view(), name="projects"),
    path("projects/<code:project_id>", ProjectView.as_view(), name="project"),
    path("events", EventsView.as_view(), name="events"),
    path("me", MeView.as_view(), name="me"),
    path("notifications", NotificationsView.as_view(), name="notifications"),
    path("notifications/read", MarkView.as_view(), name="mark-read"),
    path("notifications/unread", MarkView.as_view(is_read=False), name="mark-unread"),
    path("subscriptions", SubscriptionsView.as_view(), name="subscriptions"),
    path("subscriptions/<code:topic>", SubscriptionView.as_view(), name="subscription"),
    path("projects/<code:project_id>/settings", SettingsView.as_view(), name="settings"),
    path(
        "projects/<code:project_id>/propagation-status",
        PropagationStatusView.as_view(),
        name="propagation-status",
    ),
    path("projects/<code:project_id>/import", ImportView.as_view(), name="import"),
    path("projects/<code:project_id>/edges", ReferencesView.as_view(), name="references"),
    path("assets/<code:asset_id>/usages", UsesView.as_view(is_upward=False), name="usages"),
    path("assets/<code:asset_id>/uses", UsesView.as_view(), name="uses"),
    path("projects/<code:project_id>/runs", RunsView.as_view(), name="runs"),
    path("projects/<code:project_id>/rules", RulesView.as_view(), name="rules"),
    path("projects/<code:project_id>/rules/simulate", SimulateView.as_view(), name="simulate"),
    path("projects/<code:project_id>/rules/<slug:name>", RuleView.as_view(), name="rule"),
    path("projects/<code:project_id>/holds", HoldsView.as_view(), name="holds"),
    path("projects/<code:project_id>/holds/approve", DecideView.as_view(), name="approve-holds"),
    path(
        "projects/<code:project_id>/holds/reject",
        DecideView.as_view(approves=False),
        name="reject-holds",
    ),
    path("projects/<code:project_id>/conflicts", ConflictsView.as_view(), name="conflicts"),
    path("conflicts/<int:conflict_id>", ConflictView.as_view(), name="conflict"),
    path("conflicts/<int:conflict_id>/resolution", ResolutionView.as_view(), name="resolution"),
    path("conflicts/<int:conflict_id>/dismiss", LeaveOutView.as_view(), name="dismiss-conflict"),
    path(
        "conflicts/<int:conflict_id>/withdraw",
        LeaveOutView.as_view(withdraws=True),
        name="withdraw-edit",
    ),
    path("projects/<code:project_id>/presence", PresenceView.as_view(), name="presence"),
    path("assets/<code:asset_id>/leases", LeasesView.as_view(), name="leases"),
    path("leases/<token:token>", LeaseView.as_view(), name="lease"),
    path("ws-tickets", SocketTicketsView.as_view(), name="ws-tickets"),
    path("projects/<code:project_id>/best", LookUpView.as_view(), name="look-up"),
    path(
        "projects/<code:project_id>/outdated-media",
        OutdatedMediaView.as_view(),
        name="outdated-media",
    ),
    path("projects/<code:project_id>/as-of", AsOfView.as_view(), name="as-of"),
    path("projects/<code:project_id>/files", FilesView.as_view(), name="files"),
    path("files/<path:key>", FileView.as_view(), name="file"),
    *(
        path(
            f"projects/<code:project_id>/{kind}s",
            EntitiesView.as_view(kind=kind),
            name=f"{kind}s",
        )
        for kind in (Kind.ASSET, Kind.SHOT, Kind.SEQUENCE)
    ),
    path("assets/<code:asset_id>", EntityView.as_view(), name="entity"),
    path("assets/<code:asset_id>/lock", LockView.as_view(), name="lock"),
    path("assets/<code:asset_id>/slots", SlotsView.as_view(), name="slots"),
    path("assets/<code:asset_id>/best", BestView.as_view(), name="best"),
    path("assets:batch_versions", BatchVersionsView.as_view(), name="batch-versions"),
    path("assets/<code:asset_id>/propagate", PropagateView.as_view(), name="propagate"),
    path("assets/<code:asset_id>/rollback", RollbackView.as_view(), name="rollback"),
    path("assets/<code:asset_id>/dependencies", DependenciesView.as_view(), name="dependencies"),
    path("assets/<code:asset_id>/pins", PinsView.as_view(), name="pins"),
    path("assets/<code:asset_id>/versions", VersionsView.as_view(), name="versions"),
    path("assets/<code:asset_id>/versions/<int:number>", VersionView.as_view(), name="version"),
    path(
        "assets/<code:asset_id>/versions/<int:before>/diff/<int:after>",
        DiffView.as_view(),
        name="diff",
    ),
    path("plans/<token:token>", PlanView.as_view(), name="plan"),
    path("plans/<token:token>/items", PlanItemsView.as_view(), name="plan-items"),
    path("propagation/batch", BatchView.as_view(), name="batch"),
    path("projects/<code:project_id>/activity", ProjectActivityView.as_view(), name="activity"),
    path("assets/<code:asset_id>/activity", EntityActivityView.as_view(), name="asset-activity"),
    path("projects/<code:project_id>/jobs", JobsView.as_view(), name="jobs"),
    path("jobs/<token:token>", JobView.as_view(), name="job"),
    path("edges", EdgesView.as_view(), name="edges"),
    path("runs/<int:run_id>", RunView.as_view(), name="run"),
    path("runs/<int:run_id>/items", RunItemsView.as_view(), name="run-items"),
    *(path(f"runs/<int:run_id>/{how}", SteerView.as_view(how=how), name=how) for how in STEERS),
    path("runs/<int:run_id>/items/<code:asset_id>", RunItemView.as_view(), name="run-item"),
    path("runs/<int:run_id>/skip", SkipView.as_view(), name="skip"),
    path("runs/<int:run_id>/undo", UndoView.as_view(), name="undo"),
    path("projects/<code:project_id>/webhooks", WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<int:webhook_id>", WebhookView.as_view(), name="webhook"),
    path("webhooks/<int:webhook_id>/rotate", RotateView.as_view(), name="rotate-webhook"),
    path("webhooks/<int:webhook_id>/test", TestView.as_view(), name="test-webhook"),
    path("webhooks/<int:webhook_id>/deliveries", DeliveriesView.as_view(), name="deliveries"),
    path(
        "webhooks/<int:webhook_id>/deliveries/<token:message_id>",
        DeliveryView.as_view(),
        name="delivery",
    ),
    path(
        "webhooks/<int:webhook_id>/deliveries/<token:message_id>/replay",
        ReplayView.as_view(),
        name="replay-delivery",
    ),
    path("queues", QueuesView.as_view(), name="queues"),
    path("me/tokens", TokensView.as_view(), name="tokens"),
    path("me/tokens/<token:code>", TokenView.as_view(), name="token"),
    path("projects/<code:project_id>/members", MembersView.as_view(), name="members"),
    path(
        "projects/<code:project_id>/members/<code:username>",
        MemberView.as_view(),
        name="member",
    ),
]
