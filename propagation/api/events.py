"""What happened in a project, in order: read on from a number, or wait for what comes."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assets.services.lookup import find_project
from propagation.api.answers import MAX_WAIT_S, give_connection_back
from propagation.api.strict import CodeField, StrictSerializer, read_query
from propagation.live.tail import TAIL
from propagation.services.read_events import describe_event, read_events, read_seq


class EventsQuery(StrictSerializer):
    """Which project's log, from where, and how long to wait for more; seconds."""

    project = CodeField()
    since = serializers.IntegerField(default=None, min_value=0, max_value=2**62)
    wait = serializers.IntegerField(default=0, min_value=0, max_value=MAX_WAIT_S)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=1000)


class EventsView(APIView):
    """The log of a project."""

    def get(self, request: Request) -> Response:
        """Answer the events after `since`; without it none, and where the log is now."""
        wanted = read_query(EventsQuery, request)
        project = find_project(code=wanted["project"], user=request.user)
        if wanted["since"] is None:
            return Response({"data": [], "seq": read_seq(project), "is_last": True})
        since, limit = wanted["since"], wanted["limit"]
        page = read_events(project_id=project.pk, since=since, limit=limit)
        if wanted["wait"] and not page.events:
            give_connection_back()
            if TAIL.wait(project_id=project.pk, after=since, timeout_s=wanted["wait"]):
                page = read_events(project_id=project.pk, since=since, limit=limit)
        events = [describe_event(event) for event in page.events]
        return Response({"data": events, "seq": page.seq, "is_last": page.is_last})
