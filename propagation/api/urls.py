"""Routes of the API; none ends in a slash."""

from django.urls import path, register_converter

from assets.models import Kind
from propagation.api.catalogue import (
    DiffView,
    EntitiesView,
    EntityView,
    ProjectsView,
    ProjectView,
    VersionsView,
    VersionView,
)
from propagation.api.changes import BatchView, PropagateView, RollbackView
from propagation.api.codes import CodeConverter
from propagation.api.graph import DependenciesView, EdgesView
from propagation.api.runs import PropagationStatusView, RunItemsView, RunsView, RunView

register_converter(CodeConverter, "code")

urlpatterns = [
    path("projects", ProjectsView.as_view(), name="projects"),
    path("projects/<code:project_id>", ProjectView.as_view(), name="project"),
    path(
        "projects/<code:project_id>/propagation-status",
        PropagationStatusView.as_view(),
        name="propagation-status",
    ),
    path("projects/<code:project_id>/runs", RunsView.as_view(), name="runs"),
    *(
        path(
            f"projects/<code:project_id>/{kind}s",
            EntitiesView.as_view(kind=kind),
            name=f"{kind}s",
        )
        for kind in Kind.values
    ),
    path("assets/<code:asset_id>", EntityView.as_view(), name="entity"),
    path("assets/<code:asset_id>/propagate", PropagateView.as_view(), name="propagate"),
    path("assets/<code:asset_id>/rollback", RollbackView.as_view(), name="rollback"),
    path("assets/<code:asset_id>/dependencies", DependenciesView.as_view(), name="dependencies"),
    path("assets/<code:asset_id>/versions", VersionsView.as_view(), name="versions"),
    path("assets/<code:asset_id>/versions/<int:number>", VersionView.as_view(), name="version"),
    path(
        "assets/<code:asset_id>/versions/<int:before>/diff/<int:after>",
        DiffView.as_view(),
        name="diff",
    ),
    path("propagation/batch", BatchView.as_view(), name="batch"),
    path("edges", EdgesView.as_view(), name="edges"),
    path("runs/<int:run_id>", RunView.as_view(), name="run"),
    path("runs/<int:run_id>/items", RunItemsView.as_view(), name="run-items"),
]
