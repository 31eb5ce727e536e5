"""Forms of the admin's own pages."""

import json
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect

from propagation.models import RunMode
from versions.canonical import JsonObject, check_storable, read_strict, write_canonical


class IndentedJSONField(forms.JSONField):
    """JSON that people read, a field per line, and that is read as strictly as the API does."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 (Django's signature)
        """Return the value; ValidationError for what the API would refuse too."""
        if not isinstance(value, str):
            return value
        try:
            read = read_strict(value)
            check_storable(read)
        except (ValueError, RecursionError) as error:
            msg = f"This is not JSON that can be stored: {error}"
            raise forms.ValidationError(msg) from error
        return read

    def prepare_value(self, value: Any) -> Any:  # noqa: ANN401 (Django's signature)
        """Return the text to show."""
        is_typed = isinstance(value, str)
        return value if is_typed else json.dumps(value, indent=2, ensure_ascii=False)

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ANN401 (Django's signature)
        """Return what was typed, to be shown again as it is."""
        del initial
        return data


class Chooser(AutocompleteSelect):
    """Searches instead of listing all; the stock one cannot be shown again with what is no id."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:  # noqa: ANN401 (Django's)
        """Return the options of those that can be ids."""
        return super().optgroups(name, [one for one in value if str(one).isdecimal()], attrs)


class ChangeContentForm(forms.Form):
    """The whole content of an entity, to be edited as JSON.

    base_version: what was edited; what others published since is merged with it.
    """

    content = IndentedJSONField(
        widget=forms.Textarea(attrs={"rows": 18, "cols": 90, "spellcheck": "false"}),
        help_text="The content as JSON; change values, add fields, or remove them.",
    )
    note = forms.CharField(required=False, max_length=2000, help_text="Why, for the history.")
    mode = forms.ChoiceField(choices=RunMode.choices, initial=RunMode.AUTO)
    base_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401 (Django's signature)
        *,
        content: JsonObject,
        version: int,
    ) -> None:
        initial = {"content": content, "base_version": version}
        super().__init__(data, initial=initial)

    def clean_content(self) -> JsonObject:
        """Return the content; it must be an object."""
        content = self.cleaned_data["content"]
        if not isinstance(content, dict):
            msg = "The content must be an object."
            raise forms.ValidationError(msg)
        return content

    def get_change(self, base: JsonObject) -> JsonObject:
        """Return the edit of the base's content as a merge patch: fields taken out become null."""
        content: JsonObject = self.cleaned_data["content"]
        return _make_patch(base, content)


def _make_patch(before: JsonObject, after: JsonObject) -> JsonObject:
    patch: JsonObject = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            patch[key] = _make_patch(old, value)
        elif key not in before or write_canonical(old) != write_canonical(value):
            patch[key] = value
    return patch
