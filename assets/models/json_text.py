"""A field for JSON that must come back as it was written."""

import json
from typing import Any

from django import forms
from django.db import models


class JSONTextField(models.TextField):  # type: ignore[type-arg]
    """JSON stored as text.

    PostgreSQL's jsonb keeps numbers as decimals: 1e23 comes back as an integer that is another
    number, so that a second import of the same file would find a change.
    """

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> str:  # noqa: ANN401 (any JSON value)
        """Return the text."""
        if value == {}:  # as most attributes of references are, a million at a time
            return "{}"
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 (any JSON value)
        """Return the value as it is: a form has read it, and a TextField would write it out."""
        return value

    def from_db_value(self, value: str | None, *_: object) -> Any:  # noqa: ANN401
        """Return the value."""
        if value == "{}":
            return {}
        return None if value is None else json.loads(value)

    def formfield(self, **_: Any) -> Any:  # noqa: ANN401 (Django's signature)
        """Return the field of a form that edits it."""
        return forms.JSONField(required=False, help_text=self.help_text, initial=dict)
