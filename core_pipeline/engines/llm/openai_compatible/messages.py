"""Our messages and tools in the words of OpenAI's protocol."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core_pipeline.contracts.engines import Tool
    from core_pipeline.engines.prompt.messages import Line


def message(line: Line) -> dict[str, Any]:
    """Return a message of the chat."""
    told: dict[str, Any] = {"role": line.role, "content": line.text}
    if line.call and line.role == "assistant":
        function = {"name": line.call.name, "arguments": json.dumps(dict(line.call.arguments), ensure_ascii=False)}
        told["tool_calls"] = [{"id": line.call.id, "type": "function", "function": function}]
    elif line.call:
        told["tool_call_id"] = line.call.id
    return told


def tool_of(tool: Tool) -> dict[str, Any]:
    """Return the offer of a tool."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
