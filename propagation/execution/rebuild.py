"""Rebuild targets from what they use now: draft the versions that a batch publishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from propagation.execution.materials import Shelf
from propagation.handlers.contract import Job, JsonObject, Material, Result
from versions.canonical import hash_text, write_canonical
from versions.services.classify import FieldMaps
from versions.services.following import ReferenceState
from versions.services.heads import HeadState, VersionRef
from versions.services.publish import Draft, Input, SealedDraft, Stamp, store_contents


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the targets of a batch are rebuilt from, by entity id.

    moved: the references that may have something to consume · set_back: the facets in which best
    and latest differ, of those where these are two · shelf: what handlers need · results: contents
    that somebody outside made, with the checksums of what from · maps: which fields are which
    facets, where contents are made.
    """

    heads: Mapping[int, HeadState]
    moved: Mapping[int, Sequence[ReferenceState]]
    set_back: Mapping[int, int]
    stamp: Stamp
    shelf: Shelf = field(default_factory=Shelf)
    results: Mapping[int, tuple[JsonObject, list[str]]] = field(default_factory=dict)
    maps: FieldMaps | None = None


@dataclass(kw_only=True)
class Rebuilt:
    """What became of targets, by entity id.

    inputs: checksums of what a job's payload was made from · more: facets that a handler changed
    beyond what the target consumed · waiting: jobs for somebody outside · deferred: whoever uses
    one that waits, or whose result came too late, and is not done · failed: what a handler raised.
    Whoever is in none of these needs nothing.
    """

    made: dict[int, SealedDraft] = field(default_factory=dict)
    contents: dict[int, JsonObject] = field(default_factory=dict)
    inputs: dict[int, list[str]] = field(default_factory=dict)
    more: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, Job] = field(default_factory=dict)
    deferred: set[int] = field(default_factory=set)
    failed: dict[int, str] = field(default_factory=dict)

    def waits_for(self, states: Sequence[ReferenceState]) -> bool:
        """Tell whether one of the references follows what is not made yet."""
        if not (self.deferred or self.waiting):
            return False
        return any(
            state.source_id in self.deferred or state.source_id in self.waiting
            for state in states
            if state.moves_when_published
        )


def rebuild(targets: Sequence[int], desk: Desk) -> Rebuilt:
    """Draft a version of each target that consumes something that moved; targets in level order.

    A target keeps its content, unless it has a handler, and records its new inputs. One whose
    references consume nothing of what changed gets no version, and neither does what depends only
    on it (early cut-off). What changed in what a target consumed is what changes in the target.
    """
    rebuilt = Rebuilt()
    for entity_id in targets:
        inputs: list[Input] = []
        consumed: dict[int, VersionRef] = {}
        changed = 0
        states = desk.moved.get(entity_id, ())
        if rebuilt.waits_for(states):
            rebuilt.deferred.add(entity_id)
            continue
        for state in states:
            source = _find_source(state, rebuilt.made)
            if source is not None:
                inputs.append(_make_input(state, source))
                consumed[state.id] = source
                changed |= state.facets & _find_changed(state, rebuilt.made)
        if not changed and entity_id not in desk.results:
            continue
        if not _make_content(entity_id, desk, consumed, rebuilt):
            continue
        more = _find_more(entity_id, desk, rebuilt) & ~changed
        if more:
            rebuilt.more[entity_id] = more
        rebuilt.made[entity_id] = _draft(entity_id, desk, inputs, changed | more, rebuilt)
    _store_contents(rebuilt)
    return rebuilt


def _make_content(
    entity_id: int, desk: Desk, consumed: Mapping[int, VersionRef], rebuilt: Rebuilt
) -> bool:
    """Let the target's handler make its content; whether the target can be published now."""
    handler = desk.shelf.handlers.get(entity_id)
    if entity_id in desk.results:
        content, inputs = desk.results[entity_id]
        if inputs != desk.shelf.list_inputs(entity_id=entity_id, consumed=consumed):
            rebuilt.deferred.add(entity_id)  # made from what is so no more
            return False
        rebuilt.contents[entity_id] = content
    elif handler is not None:
        material = desk.shelf.collect(
            head=desk.heads[entity_id],
            consumed=consumed,
            get_made=partial(_get_made, desk, rebuilt),
        )
        try:
            result = _check_result(handler(material), material)
        except Exception as error:  # noqa: BLE001 (whatever a handler does, the others go on)
            rebuilt.failed[entity_id] = f"{type(error).__name__}: {error}"
            return False
        if isinstance(result, Job):
            rebuilt.waiting[entity_id] = result
            rebuilt.inputs[entity_id] = desk.shelf.list_inputs(
                entity_id=entity_id, consumed=consumed
            )
            return False
        rebuilt.contents[entity_id] = result
    return True


def _get_made(desk: Desk, rebuilt: Rebuilt, entity_id: int) -> JsonObject:
    """Return the content of a version that the same batch makes."""
    content = rebuilt.contents.get(entity_id)
    return content or desk.shelf.contents[desk.heads[entity_id].best.id or 0]


def _check_result(result: Result, material: Material) -> Result:
    """Return what a handler answered, if it can be stored; else raise."""
    if isinstance(result, Job):
        timedelta(seconds=result.limit_s)
        write_canonical(dict(result.payload))
    else:
        write_canonical(dict(result))
        if result.get("name") != material.content.get("name"):
            msg = "a handler cannot rename what it makes"
            raise ValueError(msg)
    return result


def _find_more(entity_id: int, desk: Desk, rebuilt: Rebuilt) -> int:
    """Return the facets in which a content that was made differs from what the target had."""
    content = rebuilt.contents.get(entity_id)
    if content is None or desk.maps is None:
        return 0
    before = desk.shelf.contents[desk.heads[entity_id].best.id or 0]
    return desk.maps.compare(
        entity_type=desk.shelf.types[entity_id], before=dict(before), after=dict(content)
    )


def _draft(
    entity_id: int, desk: Desk, inputs: Sequence[Input], changed: int, rebuilt: Rebuilt
) -> SealedDraft:
    head = desk.heads[entity_id]
    content_id, sha256 = head.content_id, head.content_sha256
    if entity_id in rebuilt.contents:
        sha256 = hash_text(write_canonical(dict(rebuilt.contents[entity_id])))
    return Draft(
        entity_id=entity_id,
        entity_code=head.entity_code,
        head=head,
        content_id=content_id,
        content_sha256=sha256,
        inputs=inputs,
        changed=changed | desk.set_back.get(entity_id, 0),
    ).seal(desk.stamp)


def _store_contents(rebuilt: Rebuilt) -> None:
    """Store the contents that handlers made, and let the drafts point at them; one statement."""
    bodies = {
        pk: write_canonical(dict(content))
        for pk, content in rebuilt.contents.items()
        if pk in rebuilt.made
    }
    if not bodies:
        return
    ids = store_contents(bodies.values())
    for pk, body in bodies.items():
        sealed = rebuilt.made[pk]
        draft = sealed.draft._replace(content_id=ids[hash_text(body)])
        rebuilt.made[pk] = sealed._replace(draft=draft)


def _find_source(state: ReferenceState, made: Mapping[int, SealedDraft]) -> VersionRef | None:
    """Return the version that the reference's target has to consume; None: it has it already."""
    if state.is_frozen:
        return None
    if _follows_made(state, made):
        return made[state.source_id].version
    if state.consumed_id == state.followed_id:
        return None
    return VersionRef(state.source_id, state.followed_checksum, state.followed_id)


def _find_changed(state: ReferenceState, made: Mapping[int, SealedDraft]) -> int:
    """Return what changed in the source between what was consumed and what is consumed now."""
    is_new = _follows_made(state, made)
    return state.moved | (made[state.source_id].draft.changed if is_new else 0)


def _follows_made(state: ReferenceState, made: Mapping[int, SealedDraft]) -> bool:
    return state.source_id in made and state.moves_when_published


def _make_input(state: ReferenceState, source: VersionRef) -> Input:
    return Input(
        state.source_id,
        state.source_code,
        state.role,
        state.label,
        state.position,
        state.attributes,
        source,
        state.id,
    )
