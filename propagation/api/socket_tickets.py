"""Tickets to the WebSocket."""

from http import HTTPStatus

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from propagation.api.strict import NoBody, NoQuery, get_actor, read_body, read_query
from propagation.services.socket_tickets import issue_ticket


class SocketTicketsView(APIView):
    """Tickets of one's own."""

    def post(self, request: Request) -> Response:
        """Give a ticket: it opens /ws/v1?ticket=… once, within a minute."""
        read_query(NoQuery, request)
        read_body(NoBody, request)
        digest = getattr(request.auth, "digest", "")  # a session has none
        ticket = issue_ticket(user=get_actor(request), at=timezone.now(), token_digest=digest)
        answer = {
            "ticket": ticket.text,
            "url": f"/ws/v1?ticket={ticket.text}",
            "expires_at": ticket.expires_at,
        }
        return Response(answer, status=HTTPStatus.CREATED)
