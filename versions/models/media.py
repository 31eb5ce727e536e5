"""Media: what versions of the slots beside the definition are made of."""

from django.conf import settings
from django.db import models

from assets.models import Project
from versions.models.version import Version


class MediaType(models.TextChoices):
    """What kind of file it is."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    MODEL = "model", "model: 3D"


class StoredFile(models.Model):
    """A file that somebody uploaded, in Django's storage under `key`. Immutable."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="files", db_index=False)
    key = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255, help_text="What it was called where it came from.")
    content_type = models.CharField(max_length=127)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Media(models.Model):
    """The part of a media version's content that lists are filtered by. Immutable.

    The content itself (`versions.media.MediaDocument`) lies in Content as that of any version,
    under the checksum.
    """

    version = models.OneToOneField(Version, models.PROTECT, primary_key=True, related_name="media")
    type = models.CharField(max_length=16, choices=MediaType)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name_plural = "media"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(type__in=MediaType.values), name="media_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.type})"
