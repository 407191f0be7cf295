"""An action as the form of the tools page holds it: one row a parameter, one a header; secrets only go in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError

from errors import Impossible
from tenants.actions import ActionDraft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenants.models import Action

PLAIN = ("name", "description", "method", "url")
TYPES = ("string", "integer", "number", "boolean")
PARTS = ("name", "type", "what", "required", "choices")
MOST_ROWS, BLANK_ROWS = 20, 3
_SIMPLE = frozenset({"type", "description", "enum"})


def shown(action: Action | None) -> dict[str, str]:
    """What the form's controls hold; secret headers by their names only."""
    if action is None:
        return {"method": "GET", "timeout": "8", "active": "yes", "schema": ""}
    held = {name: str(getattr(action, name)) for name in PLAIN}
    held |= {name: "yes" if getattr(action, name) else "" for name in ("changes", "active")}
    held["timeout"] = f"{action.timeout:g}"
    held["headers"] = "\n".join(f"{name}: {value}" for name, value in action.headers.items())
    rows = _rows(action.parameters)
    if rows is None:
        return held | {"schema": json.dumps(action.parameters, ensure_ascii=False, indent=2)}
    filled = {f"p-{at}-{part}": value for at, row in enumerate(rows) for part, value in row.items()}
    return held | filled | {"schema": ""}


def drafted(typed: Mapping[str, str], kept: Action | None) -> ActionDraft:
    """The action that was typed; `Impossible` with what is wrong. A secret left empty keeps its value."""
    given: dict[str, Any] = {
        **{name: typed.get(name, "") for name in PLAIN},
        "headers": dict(_headers(typed.get("headers", ""))),
        "secrets": _secrets(typed, kept),
        "parameters": _schema(typed),
        "changes": typed.get("changes") == "yes",
        "active": typed.get("active") == "yes",
        "timeout": typed.get("timeout") or 8.0,
    }
    try:
        return ActionDraft.model_validate(given)
    except ValidationError as error:
        place = str(error.errors()[0]["loc"][0])
        raise Impossible(f"action-{place}", f"{place}: {error.errors()[0]['msg']}") from None


def row_numbers(held: Mapping[str, str]) -> list[int]:
    """The rows of parameters that are shown: the filled ones and some for new ones."""
    filled = [at for at in range(MOST_ROWS) if held.get(f"p-{at}-name")]
    first = max(filled, default=-1) + 1
    return [*filled, *range(first, min(MOST_ROWS, first + BLANK_ROWS))]


def arguments(schema: Mapping[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of a test call, as their types want them; what can't be read goes as it was typed."""
    found: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        raw = typed.get(f"arg-{name}", "")
        if raw:
            found[name] = _typed(raw, str(part.get("type")))
    return found


def _typed(raw: str, kind: str) -> Any:
    if kind == "string":
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _headers(text: str) -> list[tuple[str, str]]:
    pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _secrets(typed: Mapping[str, str], kept: Action | None) -> dict[str, SecretStr | None]:
    """Those that are kept and not taken away, and a new one."""
    found: dict[str, SecretStr | None] = {}
    for at, name in enumerate(sorted(kept.sealed) if kept else ()):
        if typed.get(f"s-{at}-gone") != "yes":
            value = typed.get(f"s-{at}-value", "")
            found[name] = SecretStr(value) if value else None
    name, value = typed.get("secret-name", ""), typed.get("secret-value", "")
    return found | ({name: SecretStr(value)} if name and value else {})


def _schema(typed: Mapping[str, str]) -> dict[str, Any]:
    if written := typed.get("schema", "").strip():
        try:
            schema = json.loads(written)
        except (ValueError, RecursionError):
            raise Impossible("action-schema", "the parameters are no JSON") from None
        if not isinstance(schema, dict):
            raise Impossible("action-schema", "the parameters must be a JSON object")
        return schema
    rows = [{part: typed.get(f"p-{at}-{part}", "") for part in PARTS} for at in range(MOST_ROWS)]
    rows = [row for row in rows if row["name"]]
    properties = {row["name"]: _property(row) for row in rows}
    required = [row["name"] for row in rows if row["required"] == "yes"]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _property(row: Mapping[str, str]) -> dict[str, Any]:
    kind = row["type"] if row["type"] in TYPES else "string"
    choices = [one.strip() for one in re.split(r"[,،]", row["choices"]) if one.strip()]
    enum = {"enum": [_typed(one, kind) for one in choices]} if choices else {}
    return {"type": kind, **({"description": row["what"]} if row["what"] else {}), **enum}


def _rows(schema: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """The parameters as rows; None for a schema that says more than rows can."""
    properties = schema.get("properties", {})
    simple = all(set(one) <= _SIMPLE and one.get("type") in TYPES for one in properties.values())
    if not simple or set(schema) - {"type", "properties", "required"}:
        return None
    required = set(schema.get("required", []))
    return [
        {
            "name": name,
            "type": part["type"],
            "what": part.get("description", ""),
            "required": "yes" if name in required else "",
            "choices": ", ".join(str(one) for one in part.get("enum", [])),
        }
        for name, part in properties.items()
    ]
