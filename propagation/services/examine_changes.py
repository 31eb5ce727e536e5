"""Look at changes of content under the lock: merge them, and keep what does not go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assets.models import Entity
from propagation.conflicts.detect import Examined, Examiner, Mine
from propagation.conflicts.edits import Edit
from propagation.conflicts.policy import Resolving, check_based, load_policy
from propagation.conflicts.store import Place, find_base_id, reopen_conflict, store_conflicts
from propagation.exceptions import InvalidChangeError
from propagation.execution.cause import Cause
from propagation.models import Conflict, PropagationRun, Subject
from propagation.services.check_change import check_change, drop_empty_prompt
from versions.canonical import JsonObject, check_storable
from versions.change import apply_patches, find_changes, split_groups
from versions.services.classify import classify_changes
from versions.services.heads import HeadState, VersionRef, check_base


@dataclass(frozen=True, kw_only=True)
class Change:
    """Fields to change on one entity, and the version that the change started from.

    data: a JSON Merge Patch. has_groups: it may hold the story's groups of fields, such as
    visual_changes. base_version None: merge into whatever is current. is_exact: refuse it when
    that version is not the current one, instead of merging.
    """

    entity: Entity
    data: JsonObject
    base_version: int | None = None
    has_groups: bool = True
    is_exact: bool = False

    @property
    def patches(self) -> list[JsonObject]:
        """The merge patches of the content, to be applied one after the other."""
        return split_groups(self.data) if self.has_groups else [self.data]

    def apply(self, content: JsonObject) -> JsonObject:
        """Return the content after the change."""
        return drop_empty_prompt(apply_patches(content, self.patches))

    def write(self) -> JsonObject:
        """Return what is asked for as JSON, without the entity."""
        return {
            "data": self.data,
            "has_groups": self.has_groups,
            "base_version": self.base_version,
        }


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What changes of one project are made on: where it stands, and who makes them, when.

    heads, before: of each entity that is changed, and what it carries, by entity id. resolving:
    the conflict that a person resolves by the change. is_dry: nothing will be written.
    """

    heads: Mapping[int, HeadState]
    before: Mapping[int, JsonObject]
    cause: Cause
    at: datetime
    resolving: Resolving | None = None
    is_dry: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What changes come to. contents: by entity id, unchanged where a change has to wait.

    merged_from: the versions that merged ones started from. met: the changes that met something.
    """

    contents: Mapping[int, JsonObject]
    merged_from: Mapping[int, VersionRef] = field(default_factory=dict)
    met: Sequence[tuple[Change, Examined]] = ()


def examine_changes(*, changes: Sequence[Change], ground: Ground) -> Judged:
    """Return what the changes of one project come to.

    InvalidChangeError; BaseRequiredError; VersionMovedError for a base version that was never
    published. A constant
    number of statements for changes that met nothing.
    """
    project_id = changes[0].entity.project_id
    policy = load_policy(project_id=project_id, resolving=ground.resolving)
    if ground.resolving is None and not ground.is_dry:
        bases = [change.base_version for change in changes]
        check_based(policy=policy, base_versions=bases, actor=ground.cause.actor)
    examiner = Examiner(
        policy=policy,
        actor=ground.cause.actor,
        at=ground.at,
        resolving=ground.resolving,
        entity_ids=tuple(ground.heads),
    )
    contents, merged_from = dict(ground.before), {}
    met: list[tuple[Change, Examined]] = []
    taken: dict[int, list[Change]] = {pk: [] for pk in ground.heads}
    for change in changes:
        pk = change.entity.pk
        check_change(kind=change.entity.kind, patches=change.patches)
        if change.is_exact:
            check_base(head=ground.heads[pk], base_version=change.base_version)
        mine, current = _join(change, taken[pk]), contents[pk]
        if len(mine.changes) > 1:
            current = ground.before[pk]
        found = examiner.examine(
            entity=change.entity,
            head=ground.heads[pk],
            current=current,
            mine=Mine(patch=mine.apply, base_version=change.base_version),
        )
        if found.findings:
            met.append((change, found))
        if not found.is_open:
            _check_chosen(change, contents[pk], found, ground)
            contents[pk] = found.content
            taken[pk].append(change)
            if found.merged_from is not None:
                merged_from[pk] = found.merged_from
    return Judged(contents=contents, merged_from=merged_from, met=met)


@dataclass(frozen=True, kw_only=True)
class _Joined:
    """Changes of one entity that one person makes together, from one version."""

    changes: Sequence[Change]

    def apply(self, content: JsonObject) -> JsonObject:
        for change in self.changes:
            content = change.apply(content)
        return content


def _join(change: Change, taken: Sequence[Change]) -> _Joined:
    """Return a change behind those of the same request that started from the same version."""
    same = all(one.base_version == change.base_version for one in taken)
    is_based = change.base_version is not None
    return _Joined(changes=[*taken, change] if same and is_based else [change])


def keep_conflicts(*, judged: Judged, ground: Ground, run: PropagationRun | None) -> list[Conflict]:
    """Store what the changes met: what waits for a person, and what was written all the same.

    run: of what was written. Of a conflict that is being resolved, its own row is brought up to
    date when it has to wait on.
    """
    kept: list[Conflict] = []
    for change, examined in judged.met:
        is_done = run is not None and ground.resolving is None
        if not examined.is_open and not is_done:
            continue
        place = _find_place(change, ground)
        if ground.resolving is not None:
            pk = ground.resolving.conflict_id
            kept.append(reopen_conflict(pk=pk, place=place, findings=examined.findings))
            continue
        kept += store_conflicts(
            place=place,
            edit=Edit(subject=Subject.CONTENT, asked=change.write(), cause=ground.cause),
            findings=examined.findings,
            at=ground.at,
            run=None if examined.is_open else run,
            version_id=None if examined.is_open else _find_version(run, change.entity.pk),
        )
    return kept


def _check_chosen(change: Change, before: JsonObject, found: Examined, ground: Ground) -> None:
    """Refuse values that a person typed for a field that cannot have them."""
    if ground.resolving is not None:
        try:
            check_storable(found.content)
        except ValueError as error:
            raise InvalidChangeError("/choices", f"This cannot be stored: {error}.") from error
        chosen = {one.field.partition(".")[0] for one in find_changes(before, found.content)}
        patch = {key: found.content.get(key) for key in chosen}
        check_change(kind=change.entity.kind, patches=[patch])


def _find_place(change: Change, ground: Ground) -> Place:
    """Return where a change met something, and the facets that it would change by itself."""
    pk = change.entity.pk
    facets = classify_changes(
        project_id=change.entity.project_id,
        heads=ground.heads,
        contents={pk: change.apply(ground.before[pk])},
    )
    return Place(
        entity=change.entity,
        head=ground.heads[pk],
        base_id=find_base_id(entity=change.entity, number=change.base_version),
        facets=facets[pk],
    )


def _find_version(run: PropagationRun | None, entity_id: int) -> int | None:
    if run is None:
        return None
    sources = run.sources.filter(entity_id=entity_id)
    return sources.values_list("version_id", flat=True).first()
