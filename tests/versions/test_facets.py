"""Facets: every change belongs to one, and what is unknown is visual."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.facets import (
    ALL_FACETS,
    FIELD_FACETS,
    NO_FACETS,
    Facet,
    classify,
    get_consumed,
    name_facets,
    read_facets,
)

paths = st.lists(st.sampled_from(["a", "name", "attributes", "notes", "image", "x"]), min_size=1)


@pytest.mark.parametrize(
    ("field", "facet"),
    [
        ("name", Facet.METADATA),
        ("notes.director", Facet.METADATA),
        ("attributes.priority", Facet.METADATA),
        ("attributes.wardrobe", Facet.VISUAL),
        ("attributes", Facet.VISUAL),
        ("thumbnail", Facet.MEDIA),
        ("description", Facet.VISUAL),
        ("names", Facet.VISUAL),
        ("name_of_ship", Facet.VISUAL),
        ("", NO_FACETS),
    ],
)
def test_a_field_belongs_to_the_facet_of_its_longest_known_part(field: str, facet: Facet) -> None:
    assert classify([field] if field else []) == facet


@given(st.lists(paths.map(".".join)))
def test_a_change_of_anything_touches_something(fields: list[str]) -> None:
    assert bool(classify(fields)) == bool(fields)


@given(st.lists(paths.map(".".join)), st.lists(paths.map(".".join)))
def test_changes_add_up(first: list[str], second: list[str]) -> None:
    assert classify([*first, *second]) == classify(first) | classify(second)


@given(paths.map(".".join), st.sampled_from(list(Facet)))
def test_what_a_project_says_of_a_field_goes_before_what_is_built_in(
    field: str, facet: Facet
) -> None:
    known = {**FIELD_FACETS, field: facet}
    assert classify([field], known) == classify([f"{field}.inner"], known) == facet


def test_names_and_sets_are_the_same() -> None:
    for number in range(int(ALL_FACETS) + 1):
        assert read_facets(name_facets(Facet(number))) == Facet(number)
    with pytest.raises(KeyError):
        read_facets(["smell"])


def test_metadata_are_consumed_by_no_role_by_default() -> None:
    for role in ("character", "prop", "worn_by", "in_sequence", "depends_on", "anything"):
        assert get_consumed(role) == ALL_FACETS & ~Facet.METADATA
