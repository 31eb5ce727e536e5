"""What exists in a production."""

from assets.models.entity import Asset, Entity, Kind, Priority, Sequence, Shot
from assets.models.membership import Membership, Role
from assets.models.project import Project, Strictness
from assets.models.reference import AssetReference, Follow

__all__ = [
    "Asset",
    "AssetReference",
    "Entity",
    "Follow",
    "Kind",
    "Membership",
    "Priority",
    "Project",
    "Role",
    "Sequence",
    "Shot",
    "Strictness",
]
