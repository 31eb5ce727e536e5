"""The definitions between two of an entity, and those that changed something of interest."""

from typing import Any

from django.db.models import ExpressionWrapper, F, IntegerField, QuerySet
from django.db.models.functions import Greatest, Least

from versions.models import DEFINITION, Version


def select_between(*, entity: Any, ends: tuple[Any, Any]) -> QuerySet[Version]:  # noqa: ANN401
    """Return the definitions behind the lower of two numbers, up to and with the higher one.

    What changed in them is what may differ between the two. entity and ends: SQL expressions.
    """
    return Version.objects.filter(
        entity=entity,
        slot=DEFINITION,
        number__gt=Least(*ends),
        number__lte=Greatest(*ends),
    ).order_by()


def select_touching(versions: QuerySet[Version], facets: Any) -> QuerySet[Version]:  # noqa: ANN401
    """Return those of the versions that changed one of the facets: a set of bits, or SQL for it."""
    touched = ExpressionWrapper(F("changed").bitand(facets), output_field=IntegerField())
    return versions.annotate(touched=touched).filter(touched__gt=0)
