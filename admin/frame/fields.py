"""What kind of field a part of a pydantic model is, and which constraints it has in HTML's words."""

from __future__ import annotations

import types
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from admin.frame.patterns import for_browsers

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

# A text that may be longer than this gets several lines.
ONE_LINE = 200


class Kind(StrEnum):
    """How a field is shown."""

    TEXT = "text"
    AREA = "area"
    NUMBER = "number"
    TICK = "tick"
    CHOICE = "choice"
    LINES = "lines"
    PAIRS = "pairs"
    SEALED = "sealed"
    GROUP = "group"


def core_of(annotation: Any) -> Any:
    """The type without `Annotated` and without "or None"."""
    if get_origin(annotation) is Annotated:
        return core_of(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        left = [one for one in get_args(annotation) if one is not type(None)]
        return core_of(left[0]) if len(left) == 1 else str
    return annotation


def kind_of(info: FieldInfo) -> Kind:
    """How a model's field is shown."""
    core = core_of(info.annotation)
    origin = get_origin(core)
    if origin is Literal or (isinstance(core, type) and issubclass(core, Enum)):
        return Kind.CHOICE
    if origin in {list, tuple, set, frozenset}:
        return Kind.LINES
    if origin is dict:
        return Kind.PAIRS
    for known, kind in ((SecretStr, Kind.SEALED), (BaseModel, Kind.GROUP), (bool, Kind.TICK), (int, Kind.NUMBER)):
        if isinstance(core, type) and issubclass(core, known):
            return kind
    if core is float:
        return Kind.NUMBER
    return Kind.AREA if int(limits_of(info).get("maxlength", 0)) > ONE_LINE else Kind.TEXT


def options_of(info: FieldInfo) -> list[Any]:
    """What may be chosen."""
    core = core_of(info.annotation)
    return list(get_args(core)) if get_origin(core) is Literal else [one.value for one in core]


def limits_of(info: FieldInfo) -> dict[str, str]:
    """The field's constraints as attributes of HTML; those that HTML can't say are left to the server."""
    core = core_of(info.annotation)
    found: dict[str, str] = {"step": "1" if core is int else "any"} if core in {int, float} else {}
    for rule in info.metadata:
        for name, attribute in (("ge", "min"), ("le", "max"), ("min_length", "minlength"), ("max_length", "maxlength")):
            if getattr(rule, name, None) is not None:
                found[attribute] = (
                    f"{getattr(rule, name):g}" if attribute in {"min", "max"} else str(getattr(rule, name))
                )
        if getattr(rule, "gt", None) is not None:
            found["min"] = f"{rule.gt + (core is int):g}"
        if getattr(rule, "lt", None) is not None:
            found["max"] = f"{rule.lt - (core is int):g}"
        if pattern := for_browsers(getattr(rule, "pattern", None)):
            found["pattern"] = pattern
    return found


def written(value: Any) -> str:
    """A value as it stands in a field of text: lists and pairs by lines."""
    if value is None or value is PydanticUndefined or isinstance(value, SecretStr):
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{name} = {one}" for name, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(str(one) for one in value)
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
