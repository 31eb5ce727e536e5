"""Versions, the heads that point at them, what is said of them, and what references consumed."""

from versions.models.annotation import Annotation, Status, Tag
from versions.models.best_choice import BestChoice
from versions.models.consumption import Consumption
from versions.models.content import Content
from versions.models.field_facet import FacetName, FieldFacet
from versions.models.field_kind import FieldKind
from versions.models.head import Head
from versions.models.media import Media, MediaType, StoredFile
from versions.models.pin import Pin
from versions.models.version import DEFINITION, Origin, Version
from versions.models.version_input import VersionInput

__all__ = [
    "DEFINITION",
    "Annotation",
    "BestChoice",
    "Consumption",
    "Content",
    "FacetName",
    "FieldFacet",
    "FieldKind",
    "Head",
    "Media",
    "MediaType",
    "Origin",
    "Pin",
    "Status",
    "StoredFile",
    "Tag",
    "Version",
    "VersionInput",
]
