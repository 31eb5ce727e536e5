"""What is told to people and programs, and who is at what."""

from propagation.api.activity import ActivityQuery
from propagation.api.deliveries import DeliveriesQuery
from propagation.api.events import EventsQuery
from propagation.api.leases import EditedBody, LeaseBody
from propagation.api.me import PreferenceBody
from propagation.api.members import MemberBody
from propagation.api.notifications import MarkBody, NoticesQuery
from propagation.api.openapi.operation import MATCH, MATCH_VERSION, WORK, Operation, Page
from propagation.api.paging import PageQuery
from propagation.api.shapes import people as shapes
from propagation.api.strict import NoBody
from propagation.api.subscriptions import SubscriptionBody, SubscriptionsQuery
from propagation.api.tokens import TokenBody
from propagation.api.webhooks import ChangedBody, NewBody

PEOPLE, NEWS, WEBHOOKS = "people", "news", "webhooks"
TRAIL = {
    "GET": Operation(
        tag=NEWS,
        query=ActivityQuery,
        answers={200: Page(of=shapes.Activity)},
    )
}
MARK = {
    "POST": Operation(tag=NEWS, body=MarkBody, answers={200: shapes.Marked}, example={"run": 41})
}
QUEUED = {"POST": Operation(tag=WEBHOOKS, body=NoBody, takes=WORK, answers={202: shapes.Delivery})}

OPERATIONS = {
    "me": {
        "GET": Operation(tag=PEOPLE, answers={200: shapes.Me}),
        "PATCH": Operation(
            tag=PEOPLE,
            body=PreferenceBody,
            answers={200: shapes.Me},
            example={"mail": "digest", "digest_hour": 7},
        ),
    },
    "tokens": {
        "GET": Operation(tag=PEOPLE, answers={200: shapes.Tokens}),
        "POST": Operation(
            tag=PEOPLE,
            body=TokenBody,
            answers={201: shapes.NewToken},
            example={"name": "nightly ingest", "scope": "write", "projects": ["night-ferry"]},
        ),
    },
    "token": {"DELETE": Operation(tag=PEOPLE, answers={204: None})},
    "members": {
        "GET": Operation(tag=PEOPLE, query=PageQuery, answers={200: Page(of=shapes.Member)})
    },
    "member": {
        "GET": Operation(tag=PEOPLE, answers={200: shapes.Member}),
        "PUT": Operation(
            tag=PEOPLE,
            body=MemberBody,
            takes=(MATCH,),
            answers={200: shapes.Member, 201: shapes.Member},
            example={"role": "artist"},
        ),
        "DELETE": Operation(tag=PEOPLE, takes=(MATCH,), answers={204: None}),
    },
    "presence": {
        "GET": Operation(tag=PEOPLE, query=PageQuery, answers={200: Page(of=shapes.Lease)})
    },
    "leases": {
        "GET": Operation(tag=PEOPLE, query=PageQuery, answers={200: Page(of=shapes.Lease)}),
        "POST": Operation(
            tag=PEOPLE,
            body=LeaseBody,
            takes=(*WORK, MATCH_VERSION),
            answers={201: shapes.NewLease},
            example={"fields": ["wardrobe"]},
        ),
    },
    "lease": {
        "PUT": Operation(tag=PEOPLE, body=EditedBody, answers={200: shapes.OwnLease}),
        "DELETE": Operation(tag=PEOPLE, answers={204: None}),
    },
    "queues": {"GET": Operation(tag=NEWS, answers={200: shapes.Queues})},
    "ws-tickets": {"POST": Operation(tag=NEWS, body=NoBody, answers={201: shapes.Ticket})},
    "events": {
        "GET": Operation(tag=NEWS, query=EventsQuery, answers={200: shapes.Events}, problems=(410,))
    },
    "activity": TRAIL,
    "asset-activity": TRAIL,
    "notifications": {
        "GET": Operation(tag=NEWS, query=NoticesQuery, answers={200: shapes.Notifications})
    },
    "mark-read": MARK,
    "mark-unread": MARK,
    "subscriptions": {
        "GET": Operation(
            tag=NEWS, query=SubscriptionsQuery, answers={200: Page(of=shapes.Subscription)}
        )
    },
    "subscription": {
        "GET": Operation(tag=NEWS, answers={200: shapes.Subscription}),
        "PUT": Operation(
            tag=NEWS,
            body=SubscriptionBody,
            answers={200: shapes.Subscription},
            example={"mode": "watch"},
        ),
        "DELETE": Operation(tag=NEWS, answers={204: None}),
    },
    "webhooks": {
        "GET": Operation(tag=WEBHOOKS, query=PageQuery, answers={200: Page(of=shapes.Webhook)}),
        "POST": Operation(
            tag=WEBHOOKS,
            body=NewBody,
            answers={201: shapes.WebhookSecret},
            example={
                "url": "https://hooks.example.com/continuity",
                "types": ["propagation.run.completed"],
            },
        ),
    },
    "webhook": {
        "GET": Operation(tag=WEBHOOKS, answers={200: shapes.Webhook}),
        "PATCH": Operation(
            tag=WEBHOOKS,
            body=ChangedBody,
            takes=(MATCH,),
            answers={200: shapes.Webhook},
            example={"is_enabled": False},
        ),
        "DELETE": Operation(tag=WEBHOOKS, takes=(MATCH,), answers={204: None}),
    },
    "rotate-webhook": {
        "POST": Operation(tag=WEBHOOKS, body=NoBody, answers={200: shapes.WebhookSecret})
    },
    "test-webhook": QUEUED,
    "replay-delivery": QUEUED,
    "deliveries": {
        "GET": Operation(
            tag=WEBHOOKS, query=DeliveriesQuery, answers={200: Page(of=shapes.Delivery)}
        )
    },
    "delivery": {"GET": Operation(tag=WEBHOOKS, answers={200: shapes.DeliveryWhole})},
}
