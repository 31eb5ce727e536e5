"""URLs of everything."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from propagation.api import health
from propagation.api.metrics import MetricsView
from propagation.api.openapi import views as openapi

admin.site.site_header = "Continuity"
admin.site.site_title = "Continuity"
admin.site.index_title = "Production"
admin.site.index_template = "admin/propagation/index.html"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", include("propagation.admin.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/openapi.json", openapi.answer_document, name="openapi"),
    path("api/v1/docs", openapi.answer_swagger, name="api-docs"),
    path("api/v1/redoc", openapi.answer_redoc, name="api-redoc"),
    path("api/v1/", include("propagation.api.urls")),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
handler400 = "propagation.api.problems.answer_bad_request"
handler404 = "propagation.api.problems.answer_not_found"
handler500 = "propagation.api.problems.answer_fault"
