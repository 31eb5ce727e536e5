"""Compare the references of a file with those that are stored; knows no database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from propagation.interchange.roles import say_role
from propagation.services.relinking import Relinking, StoredUse, Use

Pair = tuple[int, int]
Group = tuple[int, str]
"""Target and role: what positions order."""


def compare_uses(*, stored: Sequence[StoredUse], wanted: Sequence[Use]) -> Relinking:
    """Return what turns the stored references into the wanted ones, at most one per pair.

    Of several references between the same two entities a file names one. When it is among the
    stored ones, or is what the file says for one of them, the others stay as they are.
    """
    by_pair: defaultdict[Pair, list[StoredUse]] = defaultdict(list)
    for one in stored:
        by_pair[one.use.source_id, one.use.target_id].append(one)
    added: list[Use] = []
    kept: list[tuple[StoredUse, Use]] = []
    removed: list[StoredUse] = []
    for use in _renumber(use for use in wanted if not _is_said_otherwise(use, by_pair)):
        present = by_pair[use.source_id, use.target_id]
        exact = next((one for one in present if one.use.key == use.key), None)
        if exact is not None:
            kept.append((exact, _keep_policy(exact.use, use)))
        else:
            added.append(use)
            removed += present
    named = {(use.source_id, use.target_id) for use in wanted}
    removed += [one for pair, present in by_pair.items() if pair not in named for one in present]
    return Relinking(added=added, changed=_find_changed(kept, added, removed), removed=removed)


def _keep_policy(stored: Use, wanted: Use) -> Use:
    """Return the wanted use with what a file has no words for: what it follows and consumes."""
    if (stored.follow, stored.facets) == (wanted.follow, wanted.facets):
        return wanted
    return replace(wanted, follow=stored.follow, facets=stored.facets)


def _is_said_otherwise(use: Use, by_pair: defaultdict[Pair, list[StoredUse]]) -> bool:
    """Tell whether the file says this for a stored use that it has no words for.

    That is a role of one's own, which it says as depends_on, or a use with a label.
    """
    present = [one.use for one in by_pair[use.source_id, use.target_id]]
    return all(one.key != use.key for one in present) and any(
        say_role(one.role) == use.role for one in present
    )


def _renumber(uses: Iterable[Use]) -> list[Use]:
    """Return the uses, numbered from 0 in each group in the order of their positions."""
    counts: Counter[Group] = Counter()
    numbered = []
    for use in sorted(uses, key=lambda use: use.position):
        group = (use.target_id, use.role)
        number = counts[group]
        # Copied only where it differs: there may be a million.
        numbered.append(use if use.position == number else replace(use, position=number))
        counts[group] = number + 1
    return numbered


def _find_changed(
    kept: Iterable[tuple[StoredUse, Use]], added: Iterable[Use], removed: Iterable[StoredUse]
) -> list[StoredUse]:
    """Return the kept uses that get other attributes or another place in their group.

    Edits leave gaps and ties in the numbers. In a group to which nothing else happens, numbers
    that give the wanted order are left alone, however they run.
    """
    touched = {(use.target_id, use.role) for use in added}
    touched |= {(one.use.target_id, one.use.role) for one in removed}
    groups: defaultdict[Group, list[tuple[StoredUse, Use]]] = defaultdict(list)
    for old, new in kept:
        groups[new.target_id, new.role].append((old, new))
        if old.use.attributes != new.attributes:
            touched.add((new.target_id, new.role))
    changed: list[StoredUse] = []
    for group, members in groups.items():
        present = sorted(members, key=lambda pair: (pair[0].use.position, pair[0].id))
        wanted = sorted(members, key=lambda pair: pair[1].position)
        if group in touched or present != wanted:
            changed += [StoredUse(id=old.id, use=new) for old, new in members if old.use != new]
    return changed
