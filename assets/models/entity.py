"""Entities: the assets, shots and sequences of a project, in one table."""

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from simple_history.models import HistoricalRecords

from assets.confining import find_confines
from assets.limits import CODE_LENGTH, NAME_LENGTH, TYPE_LENGTH
from assets.models.project import Project


class Kind(models.TextChoices):
    """What an entity is for the graph and for people."""

    ASSET = "asset"
    SHOT = "shot"
    SEQUENCE = "sequence"
    PROJECT = "project", "project: the production itself, as something that has versions"


class Priority(models.TextChoices):
    """How urgent an entity is: critical ones go through the realtime lane first."""

    NORMAL = "normal"
    CRITICAL = "critical"


class EntityQuerySet(models.QuerySet["Entity"]):
    """Entities, narrowed to what someone may see."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the entities of the projects that the user may see."""
        visible = self if user.is_superuser else self.filter(project__memberships__user_id=user.pk)
        confines = find_confines(user)
        return visible if confines is None else visible.filter(project__in=confines)


class Entity(models.Model):
    """Anything versioned in a project. Its content lies in its versions.

    `type` is what people call it: character, prop, wardrobe, location, style or any other word
    for an asset; the kind itself for all else. `code` is the people's id, opaque and
    case-sensitive; that of the project's own entity is the project's code and a colon
    (`write_project_code`), so that nothing of the people's is called like it. `name` repeats the
    content's name so that lists need not read versions; it is written by the services that publish
    a definition. `is_locked`: people change none of its slots (`assets.services.entity_lock`).
    """

    project = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="entities",
        db_index=False,  # the unique constraint below begins with it
    )
    kind = models.CharField(max_length=16, choices=Kind)
    type = models.CharField(max_length=TYPE_LENGTH)
    code = models.CharField(max_length=CODE_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    priority = models.CharField(max_length=16, choices=Priority, default=Priority.NORMAL)
    is_locked = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Any] = EntityQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name_plural = "entities"
        constraints = [
            models.UniqueConstraint(fields=["project", "code"], name="one_entity_per_code"),
            models.UniqueConstraint(
                fields=["project"],
                name="one_entity_is_the_project",
                condition=models.Q(kind="project"),
            ),
            models.CheckConstraint(condition=~models.Q(code=""), name="entity_has_a_code"),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="entity_kind_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(priority__in=Priority.values), name="entity_priority_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="asset")
                & ~models.Q(type__in=["", "shot", "sequence", "project"])
                | models.Q(kind="shot", type="shot")
                | models.Q(kind="sequence", type="sequence")
                | models.Q(kind="project", type="project"),
                name="entity_type_fits_its_kind",
            ),
        ]
        indexes = [
            # GET /assets/{code} without a project: 0.1 ms instead of a scan of all entities.
            models.Index(fields=["code"], name="entity_by_bare_code"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def qualified_code(self) -> str:
        """The code that is unique over all projects, such as night-ferry:char-001."""
        return f"{self.project.code}:{self.code}"


def write_project_code(project_code: str) -> str:
    """Return the code of the project's own entity, such as night-ferry: with its colon."""
    return f"{project_code}:"


class _KindManager(models.Manager["Entity"]):
    """Entities of the one kind that a proxy stands for."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def get_queryset(self) -> models.QuerySet["Entity"]:
        return super().get_queryset().filter(kind=self.kind)

    def deconstruct(self) -> Any:  # noqa: ANN401 (Django's signature)
        return False, "django.db.models.Manager", None, (), {}


class Asset(Entity):
    """A character, prop, wardrobe, location, style, or an asset of a type of one's own."""

    objects: ClassVar[Any] = _KindManager(Kind.ASSET)

    class Meta:
        proxy = True


class Shot(Entity):
    """A shot."""

    objects: ClassVar[Any] = _KindManager(Kind.SHOT)

    class Meta:
        proxy = True


class Sequence(Entity):
    """A sequence; scenes, acts, episodes, reels and seasons are sequences with a parent."""

    objects: ClassVar[Any] = _KindManager(Kind.SEQUENCE)

    class Meta:
        proxy = True
