"""Which JSON schemas an action may have: a small part, that engines understand and that costs nothing to check."""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from errors import Impossible

_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_TYPES = _SCALARS | {"object", "array"}
# No `pattern`: a slow expression would stop the process; no `$ref`: it would be fetched.
_WORDS = frozenset(
    {
        *("type", "title", "description", "properties", "required", "items", "enum", "const", "default", "format"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
        *("minItems", "maxItems", "additionalProperties", "examples"),
    }
)
_FORMATS = frozenset({"date", "email"})
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_LARGEST = 8192
_MOST_PROPERTIES = 20
_DEEPEST = 3


def scalar(schema: Any) -> bool:
    """Whether a property holds one plain value."""
    return isinstance(schema, dict) and _among(schema.get("type"), _SCALARS)


def _among(value: Any, known: frozenset[str]) -> bool:
    return isinstance(value, str) and value in known


def check_schema(schema: dict[str, Any], *, flat: bool) -> None:
    """Raise `Impossible("action-schema")` unless this describes an object in the part of JSON schema that we take.

    `flat` asks for plain values and lists of them only, as a query can carry.
    """
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        raise _wrong('it must have "type": "object" and "properties"')
    try:
        size = len(json.dumps(schema))
    except (TypeError, ValueError, RecursionError):
        raise _wrong("it is no JSON") from None
    if size > _LARGEST:
        raise _wrong(f"it is larger than {_LARGEST} bytes")
    _check_part(schema, 0)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _wrong(f"{error.message[:200]} at {error.json_path}") from None
    if unknown := sorted(set(schema.get("required", [])) - set(schema["properties"])):
        raise _wrong(f"required but not described: {', '.join(map(str, unknown))}")
    if flat and not all(scalar(each) or scalar(each.get("items")) for each in schema["properties"].values()):
        raise _wrong("a GET action takes plain values and lists of them only")


def _check_part(schema: Any, depth: int) -> None:
    if not isinstance(schema, dict) or not _among(schema.get("type"), _TYPES):
        raise _wrong(f'every part needs one "type" of {", ".join(sorted(_TYPES))}')
    if depth > _DEEPEST:
        raise _wrong(f"it is deeper than {_DEEPEST} levels")
    if strange := sorted(set(schema) - _WORDS):
        raise _wrong(f"these words are not supported: {', '.join(strange)[:200]}")
    if not _among(schema.get("format", "date"), _FORMATS):
        raise _wrong(f"supported formats: {', '.join(sorted(_FORMATS))}")
    if not isinstance(schema.get("additionalProperties", False), bool):
        raise _wrong("additionalProperties is true or false")
    _check_inside(schema, depth)


def _check_inside(schema: dict[str, Any], depth: int) -> None:
    properties = schema.get("properties", {})
    if not isinstance(properties, dict) or len(properties) > _MOST_PROPERTIES:
        raise _wrong(f'"properties" is an object of at most {_MOST_PROPERTIES} parts')
    for name, part in properties.items():
        if not _PROPERTY.fullmatch(name):
            raise _wrong("names of properties are letters, digits and _, at most 40")
        _check_part(part, depth + 1)
    if schema["type"] == "array":
        _check_part(schema.get("items"), depth + 1)


def _wrong(why: str) -> Impossible:
    return Impossible("action-schema", f"the parameters can't be used: {why}")
