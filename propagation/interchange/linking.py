"""The references between records: the twelve edge rules of the format, checked."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rustworkx as rx

from propagation.interchange.contents import find_json_problem
from propagation.interchange.defects import DefectList
from propagation.interchange.production import SHOT_ROLES, RecordedReference
from propagation.interchange.records import Record
from propagation.interchange.roles import ROLE_RULES
from versions.canonical import JsonObject

NO_ATTRIBUTES: JsonObject = {}
"""Shared by the references that have none, which is nearly all of a million; never changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A pointer as the file gives it: from the record that holds it to the id that it names."""

    holder: str
    named: object
    role: str
    position: int
    attributes: Mapping[str, Any]
    pointer: str
    is_upward: bool = False

    @property
    def ends(self) -> tuple[Any, Any]:
        """Source and target: what is named is the source, but for a sequence's parent."""
        return (self.holder, self.named) if self.is_upward else (self.named, self.holder)


def link_records(
    records: Mapping[str, Record], defects: DefectList
) -> tuple[list[RecordedReference], list[str]]:
    """Return the references, at most one per ordered pair, and all ids, sources before targets.

    Notes unknown ids, wrong kinds, self references and cycles; the results then are incomplete.
    """
    references: dict[tuple[str, str], RecordedReference] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for record in records.values():
        for link in _list_links(record, defects):
            if not _is_sound(link, records, defects):
                continue
            source, target = link.ends
            if (source, target) not in references:  # the first rule names the role
                # Counted here, not in the file's list: what was skipped leaves no gap, so that
                # an export, which has no gaps, says the same.
                position = 0 if link.is_upward else counts[link.holder, link.role]
                counts[link.holder, link.role] += 1
                references[source, target] = RecordedReference(
                    source=source,
                    target=target,
                    role=link.role,
                    position=position,
                    attributes=dict(link.attributes) if link.attributes else NO_ATTRIBUTES,
                    pointer=link.pointer,
                )
    return list(references.values()), _sort(records, references, defects)


def _list_links(record: Record, defects: DefectList) -> Iterator[Link]:
    """Yield what the record points at, in the order of the rules."""
    if record.kind == "asset":
        yield from _read_one(record, "worn_by", "worn_by")
        yield from _read_many(record, record.data, "used_in", "used_in", defects)
    elif record.kind == "shot":
        yield from _read_prompt(record, defects)
    else:
        yield from _read_many(record, record.data, "shots", "in_sequence", defects)
        yield from _read_one(record, "parent", "in_parent", is_upward=True)
    yield from _read_many(record, record.data, "depends_on", "depends_on", defects)


def _read_one(record: Record, key: str, role: str, *, is_upward: bool = False) -> Iterator[Link]:
    named = record.data.get(key)
    if named is not None:
        yield Link(
            holder=record.code,
            named=named,
            role=role,
            position=0,
            attributes={},
            pointer=f"{record.pointer}/{key}",
            is_upward=is_upward,
        )


def _read_many(
    record: Record,
    holder: Mapping[str, Any],
    key: str,
    role: str,
    defects: DefectList,
    prefix: str = "",
) -> Iterator[Link]:
    """Yield the links of a list of ids, or of objects with an asset_id."""
    pointer = f"{record.pointer}{prefix}/{key}"
    given = holder.get(key)
    if given is None:
        return
    if not isinstance(given, list):
        defects.add(pointer, "wrong-type", f"{key} must be a list.")
        return
    for position, value in enumerate(given):
        is_object = isinstance(value, dict)
        attributes = {k: v for k, v in value.items() if k != "asset_id"} if is_object else {}
        yield Link(
            holder=record.code,
            named=value.get("asset_id") if is_object else value,
            role=role,
            position=position,
            attributes=attributes,
            pointer=f"{pointer}/{position}" + ("/asset_id" if is_object else ""),
        )


def _read_prompt(record: Record, defects: DefectList) -> Iterator[Link]:
    prompt = record.data.get("visual_prompt")
    if prompt is None:
        return
    if not isinstance(prompt, dict):
        defects.add(f"{record.pointer}/visual_prompt", "wrong-type", "It must be an object.")
        return
    for role in SHOT_ROLES:
        key = f"{role}_references"
        yield from _read_many(record, prompt, key, role, defects, prefix="/visual_prompt")


def _is_sound(link: Link, records: Mapping[str, Record], defects: DefectList) -> bool:
    problem = find_json_problem(link.attributes) if link.attributes else None
    if problem:
        defects.add(link.pointer, "bad-text", problem)
    elif not isinstance(link.named, str):
        defects.add(link.pointer, "bad-id", "An id must be a text.")
    elif link.named not in records:
        defects.add(link.pointer, "unknown-id", f"There is no {link.named!r} in this file.")
    elif link.named == link.holder:
        defects.add(link.pointer, "self-reference", f"{link.holder!r} refers to itself.")
    else:
        # The key says what holds it; what is named is the source, but for a parent, which is
        # of the same kind as the sequence that names it.
        rule = ROLE_RULES.get(link.role)
        if rule is None or rule.is_source(records[link.named]):
            return True
        found = records[link.named].type
        detail = f"{link.named!r} is a {found}, not {rule.source}."
        defects.add(link.pointer, "wrong-kind", detail)
    return False


def _sort(
    records: Iterable[str],
    references: Mapping[tuple[str, str], RecordedReference],
    defects: DefectList,
) -> list[str]:
    """Return the ids in topological order; note each knot of cycles once, with one cycle of it."""
    graph: rx.PyDiGraph[str, None] = rx.PyDiGraph()
    codes = list(records)
    index = dict(zip(codes, graph.add_nodes_from(codes), strict=True))
    graph.add_edges_from_no_data([(index[source], index[target]) for source, target in references])
    if rx.is_directed_acyclic_graph(graph):
        return [codes[node] for node in rx.topological_sort(graph)]
    for knot in rx.strongly_connected_components(graph):
        if len(knot) > 1:
            _note_cycle(graph.subgraph(knot), references, defects)
    return []


def _note_cycle(
    knot: "rx.PyDiGraph[str, None]",
    references: Mapping[tuple[str, str], RecordedReference],
    defects: DefectList,
) -> None:
    cycle: Sequence[tuple[int, int]] = rx.digraph_find_cycle(knot)
    pairs = [(knot[source], knot[target]) for source, target in cycle]
    path = [source for source, _ in pairs]
    closing = references[pairs[-1]]
    shown = " → ".join([*path[:10], *(["…"] if len(path) > 10 else []), path[0]])  # noqa: PLR2004
    defects.add(closing.pointer, "cycle", f"This closes a cycle: {shown}.")
