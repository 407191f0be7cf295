"""What an engine wants to call an action with, checked before anything happens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry

_FORMATS = FormatChecker(formats=("date", "email"))
_LARGEST = 8192
_LONGEST = 1000
_MOST_FAULTS = 5


def faults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
    """Say in short sentences what is wrong with the arguments; nothing if they fit. Properties not named are wrong."""
    try:
        size = len(json.dumps(arguments, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        return ["The arguments are no JSON object."]
    if size > _LARGEST:
        return ["The arguments are too long."]
    strict = {"additionalProperties": False, **schema}
    # An empty registry: the library would otherwise fetch what a schema refers to.
    checker: Draft202012Validator = Draft202012Validator(strict, format_checker=_FORMATS, registry=Registry())
    found = sorted(checker.iter_errors(dict(arguments)), key=lambda error: error.json_path)
    return [_sentence(error) for error in found[:_MOST_FAULTS]] or list(_long_ones(arguments))


def _sentence(error: ValidationError) -> str:
    name = ".".join(str(step) for step in error.absolute_path) or "the arguments"
    wanted = error.validator_value
    reasons = {
        "required": f"{_missing(error)} is missing; ask the customer for it.",
        "type": f"{name} must be of type {wanted}.",
        "enum": f"{name} must be one of: {_listed(wanted)}.",
        "format": f"{name} must be a valid {wanted}{' like 2030-12-31' if wanted == 'date' else ''}.",
        "minimum": f"{name} must be at least {wanted}.",
        "maximum": f"{name} must be at most {wanted}.",
        "additionalProperties": f"{name} may only hold: {_listed(_described(error))}.",
    }
    return reasons.get(str(error.validator), f"{name} does not fit: {error.validator} {json.dumps(wanted)[:100]}.")


def _described(error: ValidationError) -> Any:
    return error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}


def _missing(error: ValidationError) -> str:
    here = error.instance if isinstance(error.instance, dict) else {}
    wanted = error.validator_value if isinstance(error.validator_value, list) else []
    return ", ".join(str(name) for name in wanted if name not in here)


def _listed(names: Any) -> str:
    return ", ".join(str(name)[:60] for name in list(names)[:20]) if isinstance(names, list | Mapping) else ""


def _long_ones(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name, value in arguments.items():
        if isinstance(value, str) and (len(value) > _LONGEST or "\x00" in value):
            yield f"{name} is too long."
