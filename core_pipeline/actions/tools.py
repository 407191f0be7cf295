"""The tools that an engine is offered: the tenant's actions and our own two."""

from __future__ import annotations

from collections.abc import Iterable

from core_pipeline.contracts.engines import Tool
from tenants.models import Action

HANDOFF = Tool(
    "handoff",
    "Ask a person of the business to take over this conversation. Use it when the customer asks for a person, is "
    "upset, or needs what you cannot do. Tell the customer that you did.",
    {
        "type": "object",
        "properties": {"reason": {"type": "string", "description": "why, in one sentence", "maxLength": 300}},
        "required": ["reason"],
    },
)
SEND_CARD = Tool(
    "send_card",
    "Send the customer one of the passages as a written card with its link, beside your answer.",
    {
        "type": "object",
        "properties": {
            "passage": {"type": "string", "description": "the id of the passage, such as p1", "maxLength": 64}
        },
        "required": ["passage"],
    },
)


def own(tools: Iterable[Tool]) -> bool:
    """Whether the tenant's own systems are among the tools."""
    return any(tool.name not in {HANDOFF.name, SEND_CARD.name} for tool in tools)


def tools_of(actions: Iterable[Action]) -> tuple[Tool, ...]:
    """One tool for each action, then our own; a description says when the customer will be asked first."""
    return (*(_tool(action) for action in actions), HANDOFF, SEND_CARD)


def _tool(action: Action) -> Tool:
    first = " The customer is asked to confirm before it is done." if action.changes else ""
    return Tool(action.name, f"{action.description.rstrip('.')}.{first}", action.parameters)
