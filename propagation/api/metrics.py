"""GET metrics of this process, as Prometheus reads them."""

from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from propagation.api.negotiation import OneForm
from propagation.api.permissions import IsHouseStaff, TokenIsForIt


class MetricsView(APIView):
    """Counters and gauges; for staff, with a token or a session."""

    permission_classes = (IsAuthenticated, TokenIsForIt, IsHouseStaff)
    content_negotiation_class = OneForm

    def get(self, request: Request) -> HttpResponse:
        """Answer them in Prometheus' text format."""
        del request
        return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
