"""Asks a model on an Ollama server, through the `ollama` package."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from core_pipeline.contracts.engines import ToolCall, Usage
from core_pipeline.engines.ollama_door import VENDOR, asking, client, shut
from core_pipeline.engines.prompt.conversation import Raw, converse
from core_pipeline.engines.wrap.flowing import flowing
from errors import Retryable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ollama import ChatResponse

    from core_pipeline.contracts.engines import Ask, Piece, Tool
    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.llm.ollama import OllamaLlmConfig
    from core_pipeline.engines.prompt.messages import Line

# What is longer than the context, the server cuts off without a word. An Arabic token of Qwen has more than two
# characters, but one of another model may have no more than one; marks or a call come on top of the answer.
_CHARACTERS, _SPARE, _LEAST = 2, 200, 1024


class OllamaLlm:
    """Answers with the model of its configuration."""

    def __init__(self, config: OllamaLlmConfig, bench: Bench) -> None:
        self._config = config
        self._client = client(config, bench)
        self._tools = True

    def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer by sentences; closing the stream stops the model."""
        room = self._config.num_ctx * _CHARACTERS - ask.longest - (_SPARE + self._config.thinking) * _CHARACTERS
        return converse(ask, partial(self._chat, longest=ask.longest), room=max(room, _LEAST))

    async def close(self) -> None:
        """Close the package's client."""
        await shut(self._client)

    async def _chat(self, lines: Sequence[Line], tools: Sequence[Tool], longest: int) -> AsyncIterator[Raw]:
        """Call the model once; a model that knows no tools is asked without them from then on."""
        offered = [_tool(tool) for tool in tools] if self._tools else []
        options = {
            "num_ctx": self._config.num_ctx,
            "temperature": self._config.temperature,
            "num_predict": longest + _SPARE + self._config.thinking,
        }
        finished = False
        with asking(self._config.model):
            stream = await self._begun([_message(line) for line in lines], offered, options)
            async with flowing(stream) as parts:
                async for part in parts:
                    finished = finished or bool(part.done)
                    for raw in _raw(part):
                        yield raw
        if not finished:
            raise Retryable("vendor-garbled", f"the answer of {VENDOR} broke off")

    async def _begun(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]], options: dict[str, Any]
    ) -> AsyncIterator[ChatResponse]:
        """Start a stream and wait for its first part, so that a refusal of tools shows before anything is said."""
        from ollama import ResponseError  # noqa: PLC0415 - opened lazily like all engines

        stream = await self._client.chat(
            self._config.model,
            messages,
            tools=tools or None,
            stream=True,
            options=options,
            keep_alive=self._config.keep_alive,
        )
        try:
            first = await anext(stream, None)
        except ResponseError as error:
            if not (tools and "does not support tools" in str(error.error)):
                raise
            self._tools = False
            return await self._begun(messages, [], options)
        return _again(first, stream)


async def _again(first: ChatResponse | None, stream: AsyncIterator[ChatResponse]) -> AsyncIterator[ChatResponse]:
    async with flowing(stream) as parts:
        if first is not None:
            yield first
        async for part in parts:
            yield part


def _raw(part: ChatResponse) -> list[Raw]:
    said: list[Raw] = [part.message.content] if part.message.content else []
    calls = [call.function for call in part.message.tool_calls or ()]
    used = [Usage(part.prompt_eval_count or 0, part.eval_count or 0)] if part.done else []
    return [*said, *(ToolCall(f"call_{secrets.token_hex(4)}", c.name, dict(c.arguments)) for c in calls), *used]


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _message(line: Line) -> dict[str, Any]:
    message: dict[str, Any] = {"role": line.role, "content": line.text}
    if line.call and line.role == "assistant":
        function = {"name": line.call.name, "arguments": dict(line.call.arguments)}
        message["tool_calls"] = [{"function": function}]
    elif line.call:
        message["tool_name"] = line.call.name
    return message
