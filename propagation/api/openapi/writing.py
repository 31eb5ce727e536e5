"""From TypedDicts to the schemas of OpenAPI 3.1, which are JSON Schemas of the draft 2020-12."""

import builtins
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from inspect import getdoc
from typing import (
    Any,
    Literal,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from propagation.api.openapi.comparing import PART
from propagation.api.shapes.says import Says, Schema

PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    bytes: {},
    type(None): {"type": "null"},
    Any: {},
}


class ShapeWriter:
    """Writes shapes; each TypedDict is one component, by the name of its class."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def write(self, shape: Any) -> Schema:  # noqa: ANN401 (any type)
        """Return the schema of a type; TypeError for one that is none of JSON."""
        if is_typeddict(shape):
            return self._refer_to(shape)
        return dict(PLAIN[shape]) if shape in PLAIN else self._write_generic(shape)

    def write_part(self, shape: Any) -> Schema:  # noqa: ANN401 (a TypedDict)
        """Return the schema of what has some members of a TypedDict, one at least."""
        self.write(shape)
        name, whole = shape.__name__ + PART, self.components[shape.__name__]
        self.components[name] = {
            "type": "object",
            "description": f"Some members of {shape.__name__}: those that `fields` names.",
            "properties": whole["properties"],
            "minProperties": 1,
        }
        return {"$ref": f"#/components/schemas/{name}"}

    def _write_generic(self, shape: Any) -> Schema:  # noqa: ANN401
        origin, arguments = get_origin(shape), get_args(shape)
        if origin is Literal:
            return {"type": "string", "enum": list(arguments)}
        inner = [self.write(one) for one in arguments if not isinstance(one, Says)]
        match origin:
            case typing.Annotated:
                return {**inner[0], **arguments[1].write()}
            case typing.NotRequired:
                return inner[0]
            case builtins.list:
                return {"type": "array", "items": inner[0]}
            case builtins.dict:
                return {"type": "object", "additionalProperties": inner[1]}
            case typing.Union | types.UnionType:
                return {"anyOf": inner}
        msg = f"{shape} is no shape of JSON"
        raise TypeError(msg)

    def _refer_to(self, shape: Any) -> Schema:  # noqa: ANN401 (a TypedDict)
        name = shape.__name__
        if name not in self.components:
            self.components[name] = {}  # it may refer to itself
            hints = get_type_hints(shape, include_extras=True)
            self.components[name] = {
                "type": "object",
                "description": getdoc(shape) or "",
                "properties": {key: self.write(hint) for key, hint in hints.items()},
                "required": [key for key in hints if key in shape.__required_keys__],
            }
        return {"$ref": f"#/components/schemas/{name}"}
