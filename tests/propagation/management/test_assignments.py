"""--set says JSON where it is JSON, else text, below dotted names."""

import pytest
from django.core.management.base import CommandError

from propagation.management.assignments import read_assignments
from versions.canonical import JsonObject


@pytest.mark.parametrize(
    ("texts", "patch"),
    [
        (["wardrobe=blue coat"], {"wardrobe": "blue coat"}),
        (['wardrobe="blue coat"'], {"wardrobe": "blue coat"}),
        (["a.b=1", "a.c=true", "d=1.5"], {"a": {"b": 1, "c": True}, "d": 1.5}),
        (["a=null"], {"a": None}),
        (["a="], {"a": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (['a={"b": [1, 2]}', "a.c=3"], {"a": {"b": [1, 2], "c": 3}}),
        (["a=NaN", "b=1e999", "c=007", 'd={"x": 1, "x": 2}'], None),
    ],
)
def test_values_are_json_or_else_text(texts: list[str], patch: JsonObject | None) -> None:
    expected = patch or dict(text.split("=", 1) for text in texts)
    assert read_assignments(texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["wardrobe"],
        ["=red"],
        ["a..b=1"],
        [".a=1"],
        ["a=1", "a=2"],
        ["a=1", "a.b=2"],
        ["a.b=2", "a=1"],
        ['a="\\u0000"'],
        ['a="\\ud800"'],
        [".".join("a" * 40) + "=1"],
    ],
)
def test_what_assigns_nothing_or_twice_or_cannot_be_stored_is_refused(texts: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        read_assignments(texts)
    assert refused.value.returncode == 2
