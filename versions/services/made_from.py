"""What a version was made from in its own entity, kept as an input of itself under its checksum."""

from collections.abc import Collection

from django.db.models import F

from assets.setwise import select_ids
from versions.models import VersionInput
from versions.services.heads import VersionRef
from versions.services.publish import Input

MADE_FROM = "definition"
"""Role: the definition that a version of a slot of media shows."""
REVERTS = "revert"
"""Role: the older version whose content a reverted one carries."""
MERGES = "merge"
"""Role: the older version that one side of a merge started from; the other is the one before."""


def make_own_input(*, entity_id: int, entity_code: str, role: str, version: VersionRef) -> Input:
    """Return the input by which a version remembers another one of its own entity."""
    return Input(
        source_id=entity_id,
        source_code=entity_code,
        role=role,
        label="",
        position=0,
        attributes={},
        source=version,
        reference_id=None,
    )


def read_made_from(*, role: str, version_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return the (id, number) of what versions were made from in this role, by version id.

    One statement; a version that was made from nothing is left out.
    """
    rows = VersionInput.objects.filter(
        version_id__in=select_ids(version_ids),
        role=role,
        source_version__entity=F("version__entity"),
    )
    return {
        pk: (made_from, number)
        for pk, made_from, number in rows.values_list(
            "version_id", "source_version_id", "source_version__number"
        )
    }
