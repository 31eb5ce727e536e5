"""How the queues stand."""

from django.utils import timezone
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from propagation.api.permissions import IsHouseStaff, TokenIsForIt
from propagation.api.strict import NoQuery, read_query
from propagation.services.queues import read_queues


class QueuesView(APIView):
    """What waits in each lane, and who works; of all projects, so for staff."""

    permission_classes = (IsAuthenticated, TokenIsForIt, IsHouseStaff)

    def get(self, request: Request) -> Response:
        """Answer how the queues stand now; what only Redis knows is null while it is away."""
        read_query(NoQuery, request)
        at = timezone.now()
        return Response({"timestamp": at, **read_queues(at=at)})
