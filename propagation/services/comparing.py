"""Compare the references of a file with those that are stored; knows no database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from propagation.services.relinking import Relinking, StoredUse, Use

SAYABLE_ROLES = frozenset(
    {
        "worn_by",
        "used_in",
        "depends_on",
        "character",
        "prop",
        "wardrobe",
        "location",
        "style",
        "in_sequence",
        "in_parent",
    }
)
"""Roles that a file has a key for; it says depends_on for all others, and it has no labels."""

Pair = tuple[int, int]


def compare_uses(*, stored: Sequence[StoredUse], wanted: Sequence[Use]) -> Relinking:
    """Return what turns the stored references into the wanted ones, at most one per pair.

    Of several references between the same two entities a file names one. When it is among the
    stored ones, or is what the file says for one of them, the others stay as they are.
    """
    by_pair: defaultdict[Pair, list[StoredUse]] = defaultdict(list)
    for one in _adopt_positions(stored, wanted):
        by_pair[one.use.source_id, one.use.target_id].append(one)
    added, changed, removed = [], [], []
    for use in wanted:
        present = by_pair.pop((use.source_id, use.target_id), [])
        exact = next((one for one in present if one.use.key == use.key), None)
        if exact is not None and exact.use != use:
            changed.append(StoredUse(id=exact.id, use=use))
        elif exact is None and not any(_is_said_as(one.use, use.role) for one in present):
            added.append(use)
            removed += present
    removed += [one for present in by_pair.values() for one in present]
    return Relinking(added=added, changed=changed, removed=removed)


def _is_said_as(use: Use, role: str) -> bool:
    """Tell whether a file would say this role for the use."""
    return role == (use.role if use.role in SAYABLE_ROLES else "depends_on")


def _adopt_positions(stored: Iterable[StoredUse], wanted: Iterable[Use]) -> list[StoredUse]:
    """Return the stored uses, with the wanted positions where they stand in the wanted order.

    Edits leave gaps and ties; a file has neither, and says the same order all the same.
    """
    orders: defaultdict[tuple[int, str], list[Use]] = defaultdict(list)
    for use in wanted:
        orders[use.target_id, use.role].append(use)
    groups: defaultdict[tuple[int, str], list[StoredUse]] = defaultdict(list)
    for one in sorted(stored, key=lambda one: (one.use.position, one.id)):
        groups[one.use.target_id, one.use.role].append(one)
    adopted: list[StoredUse] = []
    for group, members in groups.items():
        order = sorted(orders[group], key=lambda use: use.position)
        if [one.use.key for one in members] == [use.key for use in order]:
            adopted += [
                StoredUse(id=one.id, use=replace(one.use, position=use.position))
                for one, use in zip(members, order, strict=True)
            ]
        else:
            adopted += members
    return adopted
