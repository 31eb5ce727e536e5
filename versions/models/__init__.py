"""Versions, the heads that point at them, and what references consumed."""

from versions.models.consumption import Consumption
from versions.models.content import Content
from versions.models.head import Head
from versions.models.version import DEFINITION, Origin, Version
from versions.models.version_input import VersionInput

__all__ = ["DEFINITION", "Consumption", "Content", "Head", "Origin", "Version", "VersionInput"]
