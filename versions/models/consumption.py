"""What each reference's target consumed."""

from django.db import models

from assets.models import AssetReference
from versions.models.version import Version


class Consumption(models.Model):
    """The version of its source that a reference's target was made from, as of now.

    Exactly one row per reference. Moved by `apply_batch` in bulk, in the transaction that
    publishes the target's version; the past lies in VersionInput. A table of its own, because
    AssetReference is tracked row by row and this is not.
    """

    reference = models.OneToOneField(
        AssetReference, models.CASCADE, primary_key=True, related_name="consumption"
    )
    version = models.ForeignKey(
        Version,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # see Version
    )

    def __str__(self) -> str:
        return f"{self.reference} at v{self.version.number}"
