"""URLs of the admin's pages that belong to no model."""

from django.contrib import admin
from django.urls import path

from propagation.admin.pages import show_dead_letters, show_queues

urlpatterns = [
    path("queues/", admin.site.admin_view(show_queues), name="queues-page"),
    path("dead-letters/", admin.site.admin_view(show_dead_letters), name="dead-letters"),
]
