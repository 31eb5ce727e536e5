"""One target at a time through Django's ORM, as code is written that does not think in sets."""

from datetime import datetime

from django.db.models import F

from assets.models import AssetReference
from propagation.models import ItemState, PropagationItem
from versions.checksum import InputChange, Provenance, compute_checksum
from versions.facets import Facet
from versions.models import DEFINITION, Consumption, Head, Origin, Version, VersionInput


def update_target(
    *, run_id: int, batch_id: int, entity_id: int, level: int, at: datetime
) -> Version:
    """Make a new version of the target from what it uses now; one save() per row.

    The caller has a transaction. Rows and checksum are those of the product.
    """
    head = Head.objects.select_related("entity", "best__content", "latest").get(
        entity_id=entity_id, slot=DEFINITION
    )
    followed = {
        one.entity_id: one.best
        for one in Head.objects.filter(
            slot=DEFINITION, entity__used_by__target=entity_id
        ).select_related("best")
    }
    moved = [
        reference
        for reference in AssetReference.objects.filter(target=entity_id)
        .select_related("source")
        .annotate(consumed=F("consumption__version_id"))
        if reference.consumed != followed[reference.source_id].pk
    ]
    inputs = [
        InputChange(
            source_code=reference.source.code,
            role=reference.role,
            label=reference.label,
            position=reference.position,
            attributes=reference.attributes,
            source_checksum=followed[reference.source_id].checksum,
        )
        for reference in moved
    ]
    version = _make_version(head, inputs, run_id, at)
    version.save()
    for reference in moved:
        source_version = followed[reference.source_id]
        VersionInput(
            version=version,
            source_id=reference.source_id,
            role=reference.role,
            label=reference.label,
            position=reference.position,
            attributes=reference.attributes,
            source_version=source_version,
        ).save()
        Consumption(reference=reference, version=source_version).save(force_update=True)
    before = head.best
    head.best = head.latest = version
    head.save()
    PropagationItem(
        run_id=run_id,
        entity_id=entity_id,
        batch_id=batch_id,
        level=level,
        state=ItemState.APPLIED,
        before=before,
        version=version,
        rule="all-else",
        reason="fits anything",
    ).save()
    return version


def _make_version(head: Head, inputs: list[InputChange], run_id: int, at: datetime) -> Version:
    number = head.latest.number + 1
    changed = int(Facet.VISUAL)
    checksum = compute_checksum(
        entity_code=head.entity.code,
        slot=DEFINITION,
        number=number,
        content_sha256=head.best.content.sha256,
        parent_checksum=head.latest.checksum,
        provenance=Provenance(
            origin=Origin.PROPAGATED,
            author_id=None,
            run_id=run_id,
            note="",
            changed=changed,
            created_at=at,
        ),
        inputs=inputs,
    )
    return Version(
        entity=head.entity,
        number=number,
        content=head.best.content,
        origin=Origin.PROPAGATED,
        run_id=run_id,
        changed=changed,
        checksum=checksum,
        created_at=at,
    )
