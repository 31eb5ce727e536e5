"""A checksum changes with whatever it covers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versions.checksum import InputChange, Provenance, compute_checksum

INPUT = InputChange(
    source_code="char-001",
    role="character",
    label="",
    position=0,
    attributes={},
    source_checksum="c" * 64,
)
OTHER = INPUT._replace(source_code="prop-001", role="prop")
PROVENANCE = Provenance(
    origin="authored",
    author_id=7,
    run_id=None,
    changed=1,
    note="as shot",
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)
VERSION: dict[str, Any] = {
    "entity_code": "shot-001",
    "slot": "definition",
    "number": 2,
    "content_sha256": "a" * 64,
    "parent_checksum": "b" * 64,
    "provenance": PROVENANCE,
    "inputs": (INPUT,),
}

inputs = st.builds(
    InputChange,
    source_code=st.text("ab", min_size=1, max_size=3),
    role=st.sampled_from(["prop", "character"]),
    label=st.sampled_from(["", "left"]),
    position=st.integers(0, 3),
    attributes=st.sampled_from([{}, {"look": "wet"}]),
    source_checksum=st.none() | st.sampled_from(["c" * 64, "d" * 64]),
)


def test_a_checksum_is_64_hex_digits_and_always_the_same() -> None:
    """The literal guards stored history: another one would make every old version look altered."""
    expected = "d35f280c3d7b8c0123978c8c87959acc5bc533308a747f2d75ed167976f80f98"
    assert compute_checksum(**VERSION) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"entity_code": "shot-002"},
        {"slot": "scene_video"},
        {"number": 3},
        {"content_sha256": "e" * 64},
        {"parent_checksum": "e" * 64},
        {"parent_checksum": None},
        {"provenance": PROVENANCE._replace(origin="imported")},
        {"provenance": PROVENANCE._replace(author_id=None)},
        {"provenance": PROVENANCE._replace(run_id=7)},
        {"provenance": PROVENANCE._replace(changed=2)},
        {"provenance": PROVENANCE._replace(note="")},
        {"provenance": PROVENANCE._replace(created_at=datetime(2026, 3, 1, 13, tzinfo=UTC))},
        {"inputs": ()},
        {"inputs": (INPUT, OTHER)},
        {"inputs": (INPUT, INPUT)},
        {"inputs": (INPUT._replace(source_code="char-002"),)},
        {"inputs": (INPUT._replace(role="prop"),)},
        {"inputs": (INPUT._replace(label="left"),)},
        {"inputs": (INPUT._replace(position=1),)},
        {"inputs": (INPUT._replace(attributes={"look": "wet"}),)},
        {"inputs": (INPUT._replace(source_checksum="e" * 64),)},
        {"inputs": (INPUT._replace(source_checksum=None),)},
    ],
)
def test_a_checksum_changes_with_each_field(change: dict[str, Any]) -> None:
    assert compute_checksum(**VERSION | change) != compute_checksum(**VERSION)


def test_text_cannot_move_from_one_field_into_the_next() -> None:
    first = {"entity_code": 'a","b', "slot": "c"}
    second = {"entity_code": "a", "slot": 'b","c'}
    assert compute_checksum(**VERSION | first) != compute_checksum(**VERSION | second)


@given(st.lists(inputs, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_inputs_does_not_matter(
    given_inputs: list[InputChange],
    random: Any,  # noqa: ANN401 (Hypothesis's own Random)
) -> None:
    shuffled = random.sample(given_inputs, len(given_inputs))
    first = compute_checksum(**VERSION | {"inputs": given_inputs})
    assert compute_checksum(**VERSION | {"inputs": shuffled}) == first


@given(st.lists(inputs, max_size=4), st.lists(inputs, max_size=4))
def test_different_inputs_have_different_checksums(
    first: list[InputChange], second: list[InputChange]
) -> None:
    is_same = sorted(first, key=repr) == sorted(second, key=repr)
    checksums = [compute_checksum(**VERSION | {"inputs": one}) for one in (first, second)]
    assert (checksums[0] == checksums[1]) == is_same
