"""The authored data of a version, stored once however many versions carry it."""

import json
from typing import cast

from django.db import models

from versions.canonical import JsonObject


class Content(models.Model):
    """An immutable document. Versions point at it; a revert points at the same row again.

    `body` is canonical JSON as text (see versions.canonical). Nobody updates or deletes a row.
    """

    body = models.TextField()
    sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def data(self) -> JsonObject:
        """The document as Python values."""
        return cast("JsonObject", json.loads(self.body))
