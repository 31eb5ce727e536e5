"""Whether a reference may stand between two entities."""

from collections.abc import Sequence

from assets.exceptions import CrossProjectReferenceError, SelfReferenceError
from assets.models import AssetReference, Entity, Kind
from propagation.exceptions import InvalidEdgeError
from propagation.interchange.roles import ROLE_RULES
from propagation.services.relinking import Use


def check_ends(*, source: Entity, target: Entity, project_id: int) -> None:
    """Raise CrossProjectReferenceError unless both are in the project."""
    if {source.project_id, target.project_id} != {project_id}:
        raise CrossProjectReferenceError


def check_edge(*, source: Entity, target: Entity, use: Use) -> None:
    """Raise SelfReferenceError or InvalidEdgeError for what no production file could say.

    Else an export of the project would be refused, or would say something else.
    """
    if source.pk == target.pk:
        raise SelfReferenceError(source.code)
    for end, entity in (("source", source), ("target", target)):
        if entity.kind == Kind.PROJECT:
            raise InvalidEdgeError(end, "The project itself is no part of the graph.")
    if "asset_id" in use.attributes:
        raise InvalidEdgeError("attributes/asset_id", "The source says which asset it is.")
    rule = ROLE_RULES.get(use.role)
    if rule is None:
        return
    if not rule.is_source(source):
        detail = f"{source.code} is a {source.type}; {use.role} needs {rule.source}."
        raise InvalidEdgeError("source", detail)
    if target.kind != rule.target_kind:
        detail = f"{target.code} is a {target.type}; {use.role} leads to a {rule.target_kind}."
        raise InvalidEdgeError("target", detail)
    if rule.is_single and (use.attributes or use.position):
        raise InvalidEdgeError("attributes", f"{use.role} has neither attributes nor a position.")


def check_single(*, uses: Sequence[Use]) -> None:
    """Raise InvalidEdgeError for a second worn_by of an asset, or a second parent of a sequence.

    The caller holds the project's lock and passes what is to be added.
    """
    for use in uses:
        if use.role == "worn_by":
            others = AssetReference.objects.filter(target=use.target_id, role=use.role)
        elif use.role == "in_parent":
            others = AssetReference.objects.filter(source=use.source_id, role=use.role)
        else:
            continue
        if others.exists():
            raise InvalidEdgeError("role", f"There is one {use.role} already; remove it first.")
