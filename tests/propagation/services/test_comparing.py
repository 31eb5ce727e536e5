"""Comparing references: what is stored becomes what the file says, in one step and only once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from propagation.interchange.roles import ROLE_RULES, say_role
from propagation.services.comparing import compare_uses
from propagation.services.relinking import Relinking, StoredUse, Use
from versions.canonical import JsonObject

Comparison: TypeAlias = tuple[list[StoredUse], list[Use]]
Said: TypeAlias = dict[tuple[int, int], set[str]]
Order: TypeAlias = dict[tuple[int, str], list[int]]


def make_use(
    source: int,
    target: int = 9,
    role: str = "depends_on",
    *,
    label: str = "",
    position: int = 0,
    attributes: "JsonObject | None" = None,
) -> Use:
    """Return a use of the source by the target."""
    return Use(
        source_id=source,
        target_id=target,
        role=role,
        label=label,
        position=position,
        attributes=attributes or {},
    )


def store(*uses: Use) -> list[StoredUse]:
    """Return the uses as rows, with ids in this order."""
    return [StoredUse(id=pk, use=use) for pk, use in enumerate(uses, start=100)]


def number(uses: Iterable[Use]) -> list[Use]:
    """Return the uses with positions from 0 in each list that a file would have for them."""
    positions: defaultdict[tuple[int, str], count[int]] = defaultdict(count)
    return [replace(use, position=next(positions[use.target_id, use.role])) for use in uses]


def apply_relinking(stored: Sequence[StoredUse], relinking: Relinking) -> list[StoredUse]:
    """Return the rows after the relinking, as `write_relinking` writes them."""
    rows = {one.id: one.use for one in stored}
    for one in relinking.changed:
        assert rows[one.id].key == one.use.key
        rows[one.id] = one.use
    for one in relinking.removed:
        del rows[one.id]
    rows |= dict(enumerate(relinking.added, start=1000))
    assert len({use.key for use in rows.values()}) == len(rows)
    return [StoredUse(id=pk, use=use) for pk, use in rows.items()]


def say(stored: Iterable[StoredUse]) -> Said:
    """Return by pair what a file can say of it: one of these roles."""
    said: Said = {}
    for one in stored:
        role = say_role(one.use.role)
        said.setdefault((one.use.source_id, one.use.target_id), set()).add(role)
    return said


def sort_sources(stored: Iterable[StoredUse]) -> Order:
    """Return the sources of each target and role in the order in which an export lists them."""
    order: Order = {}
    for one in sorted(stored, key=lambda one: (one.use.position, one.id)):
        order.setdefault((one.use.target_id, one.use.role), []).append(one.use.source_id)
    return order


attributes: st.SearchStrategy[JsonObject] = st.sampled_from([{}, {"k": 1}])
stored_uses = st.lists(
    st.builds(
        Use,
        source_id=st.integers(0, 3),
        target_id=st.sampled_from([10, 10, 11]),
        role=st.sampled_from(["depends_on", "depends_on", "style", "lights", "backdrop"]),
        label=st.sampled_from(["", "", "left"]),
        position=st.integers(0, 6),
        attributes=attributes,
    ),
    unique_by=lambda use: use.key,
    max_size=8,
).map(lambda uses: store(*uses))
new_uses = st.builds(
    Use,
    source_id=st.integers(0, 3),
    target_id=st.integers(10, 11),
    role=st.sampled_from(["depends_on", "style"]),
    label=st.just(""),
    position=st.just(0),
    attributes=attributes,
)


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[list[StoredUse], list[Use]]:
    """Draw what is stored, and what a file may say after an edit of it: less, more, or others."""
    stored = draw(stored_uses)
    drawn = draw(st.lists(new_uses, max_size=4))
    kept = [
        replace(one.use, role="depends_on", label="", attributes=draw(attributes))
        if one.use.role not in {*ROLE_RULES, "depends_on"} or one.use.label
        else replace(one.use, attributes=draw(st.just(one.use.attributes) | attributes))
        for one in sorted(stored, key=lambda one: (one.use.position, one.id))
        if draw(st.booleans())
    ]
    wanted = {(use.source_id, use.target_id): use for use in (*kept, *drawn)}
    return stored, number(wanted.values())


def make_gap() -> tuple[list[StoredUse], list[Use]]:
    """Return a list with a gap before it, and wanted without one, its second entry changed."""
    stored = store(make_use(1, position=2), make_use(2, position=3))
    return stored, number([make_use(1), make_use(2, attributes={"k": 1})])


@settings(deadline=None)
@example(make_gap())
@given(comparisons())
def test_afterwards_a_file_says_what_is_wanted(comparison: Comparison) -> None:
    stored, wanted = comparison
    after = apply_relinking(stored, compare_uses(stored=stored, wanted=wanted))
    said = say(after)
    assert said.keys() == {(use.source_id, use.target_id) for use in wanted}
    rows = {one.use.key: one for one in after}
    exact = [use for use in wanted if use.key in rows]
    for use in wanted:
        assert use.role in said[use.source_id, use.target_id]
    for use in exact:
        assert rows[use.key].use.attributes == use.attributes
    assert sort_sources(rows[use.key] for use in exact) == sort_sources(store(*exact))


@settings(deadline=None)
@example(make_gap())
@given(comparisons())
def test_comparing_again_finds_nothing(comparison: Comparison) -> None:
    stored, wanted = comparison
    after = apply_relinking(stored, compare_uses(stored=stored, wanted=wanted))
    assert compare_uses(stored=after, wanted=wanted).is_empty


@settings(deadline=None)
@given(st.lists(new_uses, unique_by=lambda use: (use.source_id, use.target_id)), st.data())
def test_the_order_is_what_positions_say_and_not_their_numbers(
    wanted: list[Use], data: st.DataObject
) -> None:
    gaps = [data.draw(st.integers(0, 3)) for _ in wanted]
    shifted = [
        replace(use, position=use.position + sum(gaps[: index + 1]))
        for index, use in enumerate(wanted)
    ]
    assert compare_uses(stored=store(*shifted), wanted=number(wanted)).is_empty


def test_nothing_stored_and_nothing_wanted_is_nothing_to_do() -> None:
    assert compare_uses(stored=[], wanted=[]).is_empty


def test_what_is_new_is_added_and_what_is_gone_is_removed() -> None:
    (old,) = stored = store(make_use(1))
    found = compare_uses(stored=stored, wanted=[make_use(2)])
    assert found == Relinking(added=[make_use(2)], changed=[], removed=[old])


def test_other_attributes_change_a_reference_in_place() -> None:
    stored = store(make_use(1))
    use = make_use(1, attributes={"k": 1})
    found = compare_uses(stored=stored, wanted=[use])
    assert found == Relinking(added=[], changed=[StoredUse(id=100, use=use)], removed=[])


def test_another_order_changes_the_positions_in_place() -> None:
    stored = store(make_use(1, position=0), make_use(2, position=1))
    found = compare_uses(stored=stored, wanted=number([make_use(2), make_use(1)]))
    assert found == Relinking(
        added=[],
        changed=[
            StoredUse(id=101, use=make_use(2, position=0)),
            StoredUse(id=100, use=make_use(1, position=1)),
        ],
        removed=[],
    )


def test_another_role_replaces_every_reference_of_the_pair() -> None:
    stored = store(make_use(1, role="style"), make_use(1, role="style", label="left"))
    found = compare_uses(stored=stored, wanted=[make_use(1, role="prop")])
    assert found == Relinking(added=[make_use(1, role="prop")], changed=[], removed=stored)


@pytest.mark.parametrize(
    "present",
    [
        pytest.param([make_use(1, role="lights")], id="a role of one's own"),
        pytest.param([make_use(1, label="left")], id="a label"),
        pytest.param([make_use(1, position=5), make_use(1, role="lights")], id="several"),
    ],
)
def test_what_a_file_would_say_in_the_same_words_stays(present: list[Use]) -> None:
    assert compare_uses(stored=store(*present), wanted=[make_use(1)]).is_empty


def test_targets_do_not_mix() -> None:
    stored = store(make_use(1, 10), make_use(1, 11), make_use(2, 11, position=1))
    found = compare_uses(stored=stored, wanted=[make_use(1, 10), make_use(2, 11)])
    assert found == Relinking(
        added=[], changed=[StoredUse(id=102, use=make_use(2, 11))], removed=[stored[1]]
    )
