"""What each method of each route takes and answers, by the name of the route."""

from collections.abc import Mapping

from propagation.api.openapi.operation import Operation
from propagation.api.openapi.operations import control, entities, people, runs

OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    **entities.OPERATIONS,
    **runs.OPERATIONS,
    **control.OPERATIONS,
    **people.OPERATIONS,
}
