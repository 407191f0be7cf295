"""Asks a model of an OpenAI-compatible server, streaming, through plain HTTP."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from core_pipeline.contracts.engines import Usage
from core_pipeline.engines.llm.openai_compatible.messages import message, tool_of
from core_pipeline.engines.llm.openai_compatible.refusals import StrangeFieldError, accepted
from core_pipeline.engines.llm.openai_compatible.stream import Reading, events
from core_pipeline.engines.prompt.conversation import Raw, converse
from core_pipeline.engines.vendor import object_of, translated, whole
from core_pipeline.engines.wrap.flowing import flowing
from errors import NeedsOwner, Retryable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from core_pipeline.contracts.engines import Ask, Piece, Tool
    from core_pipeline.contracts.specs import Bench
    from core_pipeline.engines.llm.openai_compatible import OpenAiLlmConfig
    from core_pipeline.engines.prompt.messages import Line

log = logging.getLogger(__name__)

VENDOR = "the language model's server"
_CONNECT = 5.0
_PROBE = 10.0
# Characters of a token, tokens beside the answer for marks or a call, and the characters that are tried at the least.
_CHARACTERS, _SPARE, _LEAST = 2, 200, 1024


class OpenAiLlm:
    """Answers with the model of its configuration; learns which optional fields its server refuses."""

    def __init__(self, config: OpenAiLlmConfig, bench: Bench) -> None:
        self._config, self._http = config, bench.http
        self._refuses: set[str] = set()

    def answer(self, ask: Ask) -> AsyncIterator[Piece]:
        """Stream the answer by sentences; closing the stream ends the request."""
        room = self._config.context * _CHARACTERS - ask.longest - (_SPARE + self._config.thinking) * _CHARACTERS
        return converse(ask, partial(self._chat, longest=ask.longest), room=max(room, _LEAST))

    async def close(self) -> None:
        """Nothing is held: the network's client is the bench's."""

    async def _chat(self, lines: Sequence[Line], tools: Sequence[Tool], longest: int) -> AsyncIterator[Raw]:
        """Call the model once, and again without a field that the server refuses."""
        while True:
            known = set(self._refuses)
            try:
                async with flowing(self._stream(self._body(lines, tools, longest))) as raws:
                    async for raw in raws:
                        yield raw
            except StrangeFieldError as error:
                if error.field in known:
                    raise error.refusal from None
                log.warning("%s refuses %s; asking without", VENDOR, error.field)
                self._refuses.add(error.field)
            else:
                return

    async def _stream(self, body: dict[str, Any]) -> AsyncIterator[Raw]:
        reading = Reading(VENDOR)
        request = _request(self._config, self._http, "POST", "chat/completions", body)
        with translated(VENDOR):
            async with accepted(self._http, request, VENDOR) as response, flowing(events(response, VENDOR)) as found:
                async for event in found:
                    for text in reading.take(event):
                        yield text
        if not reading.finished:
            raise Retryable("vendor-garbled", f"the answer of {VENDOR} broke off")
        if reading.usage is not None:
            yield self._priced(reading.usage)
        for call in reading.calls():
            yield call

    def _body(self, lines: Sequence[Line], tools: Sequence[Tool], longest: int) -> dict[str, Any]:
        most = "max_completion_tokens" if "max_tokens" in self._refuses else "max_tokens"
        body: dict[str, Any] = {
            "model": self._config.model,
            "messages": [message(line) for line in lines],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": self._config.temperature,
            most: longest + _SPARE + self._config.thinking,
        }
        if tools:
            body["tools"] = [tool_of(tool) for tool in tools]
        return {name: value for name, value in body.items() if name not in self._refuses}

    def _priced(self, usage: Usage) -> Usage:
        read, written = self._config.usd_per_million_read, self._config.usd_per_million_written
        return Usage(usage.read, usage.written, round(usage.read * read + usage.written * written))


async def probe(config: OpenAiLlmConfig, bench: Bench) -> None:
    """Raise what is wrong: no server, a key that it refuses, a model that it does not list."""
    request = _request(config, bench.http, "GET", "models")
    found = object_of(await whole(bench.http, request, VENDOR, seconds=_PROBE), VENDOR)
    rows = found.get("data")
    names = [str(row.get("id")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if names and not any(name == config.model or name.endswith(f"/{config.model}") for name in names):
        raise NeedsOwner("vendor-lacks", f"{VENDOR} has no model named {config.model}: check `model`")


def _request(
    config: OpenAiLlmConfig, http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Request:
    key = config.api_key.get_secret_value()
    return http.build_request(
        method,
        f"{config.base_url.rstrip('/')}/{path}",
        json=body,
        headers={"authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(config.seconds, connect=_CONNECT),
    )
