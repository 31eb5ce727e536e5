"""Find what an edit of references meets: another edit of the same ones, a cycle, a rule."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from assets.graph.cache import load_graph
from assets.models import AssetReference, Entity
from assets.setwise import select_ids
from propagation.conflicts.detect import list_some
from propagation.conflicts.strategies import MetObstacle, MetVersion
from propagation.execution.judging import OPEN, Bench, load_rules, read_statuses
from propagation.planning.reach import PUBLISHED
from propagation.rules.evaluate import judge
from propagation.rules.rule import Action, TargetFacts
from versions.facets import Facet, name_facets
from versions.merging.kinds import MergeKind
from versions.merging.merge import ABSENT, Clash, Value, is_same
from versions.models import Version

UseKey: TypeAlias = tuple[int, int, str, str]
"""Source id, target id, role and label: what makes a reference unique."""

COLUMNS = ("position", "attributes", "follow", "facets")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one reference shall become; None: it shall go."""

    key: UseKey
    value: Mapping[str, Any] | None


def meet_edits(
    *, wishes: Sequence[Wish], began: Mapping[int, Version], codes: Mapping[int, str]
) -> MetVersion | None:
    """Return what others changed of the references of the targets since the edit began.

    began: by target id, the version that it started from. codes: of the entities. None when nobody
    changed any. Three statements for one target.
    """
    if not began:
        return None
    wanted = {one.key: one.value for one in wishes}
    was = _read_then(began)
    now = _read_now(began)
    touched = {
        key: _make_clash(key, codes, was.get(key), now.get(key), wanted.get(key, now.get(key)))
        for key in sorted({*was, *now, *wanted})
        if not is_same(_say(was.get(key)), _say(now.get(key)))
    }
    if not touched:
        return None
    clashes = [
        one for key, one in touched.items() if key in wanted and not is_same(one.yours, one.theirs)
    ]
    named = [one.field for one in clashes or touched.values()]
    numbers = ", ".join(f"v{version.number}" for version in began.values())
    authors = _list_authors(began)
    return MetVersion(
        cause="reference",
        description=f"{list_some(authors) or 'Somebody'} changed {list_some(named)} "
        f"since {numbers}.",
        users=authors,
        left=tuple(clashes),
        clashes=tuple(clashes),
        touched=tuple(touched.values()),
    )


def meet_cycle(
    *,
    project_id: int,
    adding: Sequence[tuple[int, int]],
    removing: Sequence[tuple[int, int]],
) -> MetObstacle | None:
    """Return the cycle that the references would close, if they would.

    The caller holds the project's lock, so that two racing edits that only together close one do
    not both pass.
    """
    graph = load_graph(project_id=project_id)
    cycle = graph.find_cycle(adding=adding, removing=removing)
    if not cycle:
        return None
    codes = [graph.nodes[pk].code for pk in cycle]
    return MetObstacle(
        cause="cycle",
        description=f"This would close a cycle: {' → '.join(codes)}.",
        detail={"cycle": codes},
        can_be_forced=False,
    )


def meet_rules(
    *, project_id: int, uses: Iterable[tuple[UseKey, int]], entities: Mapping[int, Entity]
) -> MetObstacle | None:
    """Return the rule that keeps one of the targets for a person, if one does.

    uses: keys and facets of the references that are edited. A rule that would hold the target back
    from a change of the source is contrary to changing what it uses of that source.
    """
    edited = list(uses)
    statuses = read_statuses(entity_ids={key[1] for key, _ in edited})
    rules = load_rules(project_id=project_id)
    for (source_id, target_id, role, _), facets in edited:
        source, target = entities[source_id], entities[target_id]
        bench = Bench(
            graph=load_graph(project_id=project_id),
            rules=rules,
            changed={target_id: int(Facet.RELATIONSHIP)},
            fields=frozenset(),
            source_types=frozenset({source.type}),
            forced={},
            released="",
            mode="auto",
            excluded=frozenset(),
            moved=PUBLISHED,
        )
        facts = TargetFacts(
            code=target.code,
            kind=target.kind,
            type=target.type,
            statuses=statuses.get(target_id, OPEN),
            roles=frozenset({role}),
            facets=frozenset(name_facets(Facet(facets))),
        )
        verdict = judge(rules, change=bench.change, target=facts)
        if verdict.action == Action.HOLD:
            return MetObstacle(
                cause="rule",
                description=f"The rule {verdict.rule} keeps {target.code} for a person: "
                f"{verdict.reason}.",
                detail={"rule": verdict.rule, "target": target.code},
            )
    return None


def _read_then(began: Mapping[int, Version]) -> dict[UseKey, Mapping[str, Any]]:
    """Return the references as they were when the versions were published, from their history."""
    found: dict[UseKey, Mapping[str, Any]] = {}
    for target_id, version in began.items():
        rows = AssetReference.history.filter(
            target_id=target_id, history_date__lte=version.created_at
        ).order_by("history_date", "history_id")
        for row in rows:
            key = (row.source_id, row.target_id, row.role, row.label)
            found[key] = _tell(row)
            if row.history_type == "-":
                del found[key]
    return found


def _read_now(targets: Collection[int]) -> dict[UseKey, Mapping[str, Any]]:
    rows = AssetReference.objects.filter(target_id__in=select_ids(targets))
    return {(row.source_id, row.target_id, row.role, row.label): _tell(row) for row in rows}


def _tell(row: Any) -> Mapping[str, Any]:  # noqa: ANN401 (a reference, or a row of its history)
    return {name: getattr(row, name) for name in COLUMNS}


def _make_clash(
    key: UseKey,
    codes: Mapping[int, str],
    base: Mapping[str, Any] | None,
    theirs: Mapping[str, Any] | None,
    yours: Mapping[str, Any] | None,
) -> Clash:
    return Clash(
        field=write_key(key, codes),
        kind=MergeKind.VALUE,
        base=_say(base),
        theirs=_say(theirs),
        yours=_say(yours),
    )


def write_key(key: UseKey, codes: Mapping[int, str]) -> str:
    """Return a reference as a field, such as `uses[char-001 character]`."""
    source_id, _, role, label = key
    named = " ".join(part for part in (codes.get(source_id, str(source_id)), role, label) if part)
    return f"uses[{named}]"


def _say(value: Mapping[str, Any] | None) -> Value:
    if value is None:
        return ABSENT
    return {**value, "follow": str(value["follow"]), "facets": name_facets(Facet(value["facets"]))}


def _list_authors(began: Mapping[int, Version]) -> tuple[str, ...]:
    names: set[str] = set()
    for target_id, version in began.items():
        since = Version.objects.filter(
            entity_id=target_id, slot=version.slot, number__gt=version.number
        )
        names |= set(since.exclude(author=None).values_list("author__username", flat=True))
    return tuple(sorted(names))
