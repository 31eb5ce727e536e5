"""Publish a revision of several entities: new contents, references, or both, and one run for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assets.graph.cache import load_graph, relink_graph
from assets.models import AssetReference, Project
from assets.services.locking import advance_graph_revision
from propagation.execution.cause import Cause, tell_fields
from propagation.execution.start import start_run
from propagation.execution.telling import tell_versions
from propagation.live.events import News
from propagation.services.change_content import (
    Outcome,
    load_contents,
    mirror_project,
    rename_entities,
)
from propagation.services.relinking import (
    Relinking,
    UseKey,
    keep_pins,
    list_inputs,
    read_follows,
    write_relinking,
)
from versions.canonical import JsonObject, hash_text, write_canonical
from versions.change import find_changes
from versions.facets import Facet
from versions.models import Origin
from versions.services.classify import classify_changes, read_set_back
from versions.services.drafting import Edits, draft_versions
from versions.services.following import read_kept
from versions.services.heads import HeadState, VersionRef
from versions.services.publish import Stamp, find_time, publish_versions, store_contents

NO_LINKS = Relinking(added=(), changed=(), removed=())


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What becomes of several entities of one project, by entity id.

    contents: new ones · relinking: references to add, change and remove · pinned: at which version
    of its source a frozen one of these stays · reverts: the older version that a content is from.
    """

    contents: Mapping[int, JsonObject] = field(default_factory=dict)
    relinking: Relinking = NO_LINKS
    pinned: Mapping[UseKey, VersionRef] = field(default_factory=dict)
    reverts: Mapping[int, VersionRef] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self.contents and self.relinking.is_empty

    @property
    def target_ids(self) -> set[int]:
        """Whoever gets a new version."""
        return {*self.contents, *(use.target_id for use in self.relinking.uses)}


def publish_revision(
    *,
    project: Project,
    heads: Mapping[int, HeadState],
    revision: Revision,
    origin: Origin,
    cause: Cause,
    at: datetime,
    news: Sequence[News] = (),
) -> Outcome:
    """Write the references, publish a version of each entity, and start one run for all.

    The caller holds the locks on the project and on the heads of the entities and of the sources
    of their references, has checked that people may change them, and that no cycle is closed.
    A run that is about to move a source either finds a new reference when it ends, or has moved
    the source before it is read here.
    """
    follows = read_follows(relinking=revision.relinking)
    edits = _write(project, heads, revision, cause, at)
    stamp = Stamp(origin=origin, at=at, author=cause.actor)
    order = load_graph(project_id=project.pk).sort(revision.target_ids)
    drafts = draft_versions(edits=edits, order=order, heads=heads, stamp=stamp)
    version_ids = publish_versions(drafts)
    keep_pins(
        relinking=revision.relinking, follows=follows, owner=cause.actor, reason=cause.note, at=at
    )
    before = load_contents(heads={pk: heads[pk] for pk in revision.contents})
    changes = {pk: find_changes(before[pk], new) for pk, new in revision.contents.items()}
    run = start_run(
        project_id=project.pk,
        sources=version_ids,
        before=heads,
        facets={one.draft.entity_id: one.draft.changed for one in drafts},
        facts=tell_fields(changes),
        cause=cause,
        at=find_time(drafts, at),
        news=[*news, *tell_versions(drafts, heads=heads, changes=changes, cause=cause)],
    )
    numbers = {pk: heads[pk].latest_number + 1 for pk in version_ids}
    return Outcome(run=run, version_numbers=numbers, changed=frozenset(numbers))


def find_revised(
    *, project: Project, heads: Mapping[int, HeadState], revision: Revision
) -> dict[int, Facet]:
    """Return the facets in which each revised entity will differ, by entity id."""
    edits = Edits(
        codes={},
        contents=dict.fromkeys(revision.contents, (0, "")),
        inputs=list_inputs(
            relinking=revision.relinking,
            added_ids={use.key: 0 for use in revision.relinking.added},
            codes={pk: head.entity_code for pk, head in heads.items()},
        ),
        note="",
        changed=classify_changes(project_id=project.pk, heads=heads, contents=revision.contents),
        set_back=read_set_back(heads=heads.values()),
    )
    return {pk: edits.find_changed(pk) for pk in revision.target_ids}


def _write(
    project: Project,
    heads: Mapping[int, HeadState],
    revision: Revision,
    cause: Cause,
    at: datetime,
) -> Edits:
    """Write references, names and contents; return what the new versions have to carry."""
    relinking, contents = revision.relinking, revision.contents
    codes = {pk: head.entity_code for pk, head in heads.items()}
    added = write_relinking(
        relinking=relinking, project=project, actor=cause.actor, reason=cause.note, at=at
    )
    if not relinking.is_empty:
        before = project.graph_revision
        advance_graph_revision(project=project)
        pairs = {(use.source_id, use.target_id) for use in relinking.uses}
        relink_graph(project=project, before=before, pairs=pairs)
    ids = added | {one.use.key: one.id for one in relinking.changed}
    kept = read_kept(AssetReference.objects.filter(project=project))
    names = {pk: content.get("name") for pk, content in contents.items()}
    rename_entities(names=names, actor=cause.actor, at=at)
    mirror_project(project_id=project.pk, contents=contents, actor=cause.actor)
    bodies = {pk: write_canonical(content) for pk, content in contents.items()}
    stored = store_contents(bodies.values())
    return Edits(
        codes=codes,
        contents={pk: (stored[hash_text(body)], hash_text(body)) for pk, body in bodies.items()},
        inputs=list_inputs(relinking=relinking, added_ids=added, codes=codes),
        note=cause.note,
        kept=kept | {ids[key]: version for key, version in revision.pinned.items() if key in ids},
        changed=classify_changes(project_id=project.pk, heads=heads, contents=contents),
        set_back=read_set_back(heads=heads.values()),
        reverts=revision.reverts,
    )
