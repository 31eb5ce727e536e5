"""Publishing numbers, chains and points at versions, however many at once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Entity, Project
from tests.builders import change, edges_production, load
from versions.canonical import hash_text
from versions.models import Content, Head, Origin, Version
from versions.services.drafting import Edits, RelinkedInput, draft_versions
from versions.services.heads import lock_heads, read_heads
from versions.services.publish import Draft, Stamp, publish_versions, store_contents

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAMP = Stamp(origin=Origin.AUTHORED, at=NOON)


def make_entities(*codes: str) -> list[Entity]:
    """Make entities that have no version yet."""
    project = Project.objects.create(code="film", name="Film")
    return [
        Entity.objects.create(project=project, kind="asset", type="prop", code=code)
        for code in codes
    ]


def draft_first(entity: Entity, body: str = "{}") -> Draft:
    """Draft the first version of an entity."""
    (content_id,) = store_contents([body]).values()
    return Draft(
        entity_id=entity.pk,
        entity_code=entity.code,
        head=None,
        content_id=content_id,
        content_sha256=hash_text(body),
    )


def publish(*drafts: Draft) -> dict[int, int]:
    return publish_versions([draft.seal(STAMP) for draft in drafts])


def test_equal_contents_are_stored_once_per_call() -> None:
    ids = store_contents(['{"a":1}', '{"a":2}', '{"a":1}'])
    assert ids.keys() == {hash_text('{"a":1}'), hash_text('{"a":2}')}
    assert Content.objects.count() == 2
    assert Content.objects.get(sha256=hash_text('{"a":2}')).data == {"a": 2}


def test_a_first_version_is_number_one_and_both_pointers_are_at_it() -> None:
    (lamp,) = make_entities("lamp")
    ids = publish(draft_first(lamp))
    version = Version.objects.get(entity=lamp)
    assert ids == {lamp.pk: version.pk}
    assert (version.number, version.created_at) == (1, NOON)
    head = Head.objects.get(entity=lamp)
    assert (head.best, head.latest) == (version, version)


def test_versions_are_numbered_one_after_the_other_with_checksums_of_their_own() -> None:
    load({"assets": [{"id": "lamp", "type": "prop"}]})
    for watts in (40, 60, 80):
        change("lamp", watts=watts)
    versions = list(Version.objects.filter(entity__code="lamp").order_by("number"))
    assert [version.number for version in versions] == [1, 2, 3, 4]
    assert len({version.checksum for version in versions}) == 4


def test_a_version_number_is_given_once() -> None:
    """Two writers that did not take the lock: the constraint refuses the second one."""
    (lamp,) = make_entities("lamp")
    draft = draft_first(lamp)
    publish(draft)
    with pytest.raises(Exception, match=r"(?i)unique"):
        publish(draft)


def test_a_version_is_never_older_than_the_one_before_it() -> None:
    """The clocks of two hosts may differ."""
    (lamp,) = make_entities("lamp")
    first = draft_first(lamp)
    publish(first)
    (head,) = lock_heads(Head.objects.all()).values()
    early = replace(STAMP, at=NOON - timedelta(hours=1))
    publish_versions([first._replace(head=head).seal(early)])
    assert Version.objects.get(number=2).created_at == NOON


@pytest.mark.parametrize("amount", [1, 300])
def test_publishing_takes_as_many_statements_for_many_as_for_one(amount: int) -> None:
    load(edges_production([("source", f"t{index}") for index in range(amount)]))
    heads = lock_heads(Head.objects.filter(entity__code__startswith="t"))
    sources = read_heads(Head.objects.filter(entity__code="source"))
    references = dict(Entity.objects.get(code="source").used_by.values_list("target", "pk"))
    (source_id,) = sources
    edits = Edits(
        codes={pk: head.entity_code for pk, head in heads.items()},
        contents={},
        inputs={
            pk: [
                RelinkedInput(
                    source_id=source_id,
                    source_code="source",
                    role="depends_on",
                    label="",
                    position=1,
                    attributes={},
                    reference_id=references[pk],
                )
            ]
            for pk in heads
        },
        note="moved",
    )
    with CaptureQueriesContext(connection) as queries:
        ids = publish_versions(
            draft_versions(edits=edits, order=list(heads), heads=heads | sources, stamp=STAMP)
        )
    assert len(queries) == 4
    assert len(ids) == amount
    assert Version.objects.filter(number=2, note="moved").count() == amount
    assert Head.objects.filter(best__number=2, latest__number=2).count() == amount


def test_a_draft_consumes_the_version_that_its_source_gets_in_the_same_call() -> None:
    load(edges_production([("a", "b")]))
    heads = lock_heads(Head.objects.all())
    ids = {head.entity_code: pk for pk, head in heads.items()}
    contents = {
        pk: (content_id, sha256)
        for pk in heads
        for sha256, content_id in store_contents([f'{{"n":{pk}}}']).items()
    }
    relinked = RelinkedInput(
        source_id=ids["a"],
        source_code="a",
        role="depends_on",
        label="",
        position=0,
        attributes={},
        reference_id=Entity.objects.get(code="b").uses.get().pk,
    )
    edits = Edits(
        codes={pk: code for code, pk in ids.items()},
        contents=contents,
        inputs={ids["b"]: [relinked]},
        note="",
    )
    order = [ids["a"], ids["b"]]
    publish_versions(draft_versions(edits=edits, order=order, heads=heads, stamp=STAMP))
    consumed = Version.objects.get(entity__code="b", number=2).inputs.get().source_version
    assert consumed == Version.objects.get(entity__code="a", number=2)
    assert Entity.objects.get(code="b").uses.get().consumption.version == consumed


def test_an_entity_without_versions_needs_content_for_its_first_one() -> None:
    (lamp,) = make_entities("lamp")
    edits = Edits(codes={lamp.pk: "lamp"}, contents={}, inputs={lamp.pk: []}, note="")
    with pytest.raises(ValueError, match="needs content"):
        draft_versions(edits=edits, order=[lamp.pk], heads={}, stamp=STAMP)


def test_heads_are_read_as_they_stand() -> None:
    load({"assets": [{"id": "lamp", "type": "prop"}]})
    change("lamp", watts=40)
    change("lamp", watts=60)
    first, second, third = Version.objects.filter(entity__code="lamp").order_by("number")
    stored = Head.objects.filter(entity__code="lamp")
    stored.update(best=first, approved=second)
    (head,) = read_heads(stored).values()
    assert (head.best.id, head.best.checksum) == (first.pk, first.checksum)
    assert (head.latest.id, head.latest.checksum) == (third.pk, third.checksum)
    assert head.approved is not None
    assert (head.approved.id, head.approved.checksum) == (second.pk, second.checksum)
    assert (head.best_number, head.latest_number, head.latest_at) == (1, 3, third.created_at)
    assert head.content_sha256 == first.content.sha256
    assert lock_heads(stored) == {head.entity_id: head}
