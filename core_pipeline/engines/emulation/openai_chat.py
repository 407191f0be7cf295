"""An emulator of servers that speak OpenAI's chat and embeddings protocol, with the habits that they differ in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.llm import EmulatedModel, chunks, tokens, vector
from core_pipeline.engines.emulation.reader import Said, honest
from core_pipeline.engines.emulation.server import serving

KEY = "emulated-key"


class OpenAiEmulator:
    """Plays a server with one model for chats and one for embeddings, for whom brings `KEY`.

    `unknown` names the fields of a request that it refuses, `window` how many words it can read. `breaks` is an error
    in the next stream; `unfinished` lets streams end without a finish; `endless` never ends one until the reader
    leaves, which sets `left`. `arguments` is what it writes instead of a call's own arguments.
    """

    def __init__(self, name: str = "emulated-chat", *, rule: Any = honest) -> None:
        self.model = EmulatedModel(name, rule)
        self.faults = Faults()
        self.unknown: set[str] = set()
        self.window = 100_000
        self.breaks: dict[str, Any] | None = None
        self.unfinished = self.endless = self.without_usage = False
        self.arguments: str | None = None
        self.left = asyncio.Event()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve while the block lasts; gives the base address, with "/v1"."""
        app = Starlette(
            routes=[
                Route("/v1/models", self._models),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/embeddings", self._embed, methods=["POST"]),
            ]
        )
        async with serving(self.faults.around(app)) as address:
            yield f"{address}/v1"

    async def _models(self, request: Request) -> JSONResponse:
        if (refused := self._stranger(request)) is not None:
            return refused
        return JSONResponse({"object": "list", "data": [{"id": self.model.name, "object": "model"}]})

    async def _embed(self, request: Request) -> JSONResponse:
        asked = await request.json()
        self.model.asked.append(asked)
        if (refused := self._stranger(request) or self._unable(asked)) is not None:
            return refused
        data = [{"index": n, "embedding": vector(text)} for n, text in enumerate(asked["input"])]
        return JSONResponse({"object": "list", "model": asked["model"], "data": data[::-1]})

    async def _chat(self, request: Request) -> JSONResponse | StreamingResponse:
        asked = await request.json()
        if (refused := self._stranger(request) or self._unable(asked)) is not None:
            return refused
        if tokens(asked) > self.window:
            said = f"This model's maximum context length is {self.window} tokens."
            return _error(400, said, "context_length_exceeded")
        return StreamingResponse(self._stream(asked, self.model.answer(asked)), media_type="text/event-stream")

    async def _stream(self, asked: dict[str, Any], said: Said) -> AsyncIterator[str]:
        broken, self.breaks = self.breaks, None
        yield ": keep-alive\n\n"
        for piece in chunks(said.text):
            yield _event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            if broken:
                yield _event({"error": broken})
                return
        async for more in self._forever():
            yield more
        for place, (name, arguments) in enumerate(said.calls):
            for delta in self._deltas(place, name, arguments):
                yield _event({"choices": [{"index": 0, "delta": {"tool_calls": [delta]}, "finish_reason": None}]})
        if self.unfinished:
            return
        ended = "tool_calls" if said.calls else "stop"
        yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": ended}]})
        if "stream_options" in asked and not self.without_usage:
            written = len(said.text.split())
            yield _event({"choices": [], "usage": {"prompt_tokens": tokens(asked), "completion_tokens": written}})
        yield "data: [DONE]\n\n"

    async def _forever(self) -> AsyncIterator[str]:
        try:
            while self.endless:
                yield _event({"choices": [{"index": 0, "delta": {"content": " so"}}]})
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.left.set()
            raise

    def _deltas(self, place: int, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """A call comes in pieces: first its name, then its arguments bit by bit."""
        text = self.arguments if self.arguments is not None else json.dumps(arguments)
        first = {"index": place, "id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": ""}}
        return [first, *({"index": place, "function": {"arguments": bit}} for bit in chunks(text))]

    def _stranger(self, request: Request) -> JSONResponse | None:
        known = request.headers.get("authorization") == f"Bearer {KEY}"
        return None if known else _error(401, "Incorrect API key provided.", "invalid_api_key")

    def _unable(self, asked: dict[str, Any]) -> JSONResponse | None:
        if asked["model"] != self.model.name:
            return _error(404, f"The model `{asked['model']}` does not exist.", "model_not_found")
        strange = sorted(self.unknown & asked.keys())
        return _error(400, f"Unsupported parameter: '{strange[0]}'", "unsupported_parameter") if strange else None


def _event(value: dict[str, Any]) -> str:
    return (
        f"data: {json.dumps({'id': 'chatcmpl-1', 'object': 'chat.completion.chunk', **value}, ensure_ascii=False)}\n\n"
    )


def _error(status: int, said: str, code: str) -> JSONResponse:
    kind = "invalid_request_error"
    return JSONResponse({"error": {"message": said, "type": kind, "param": None, "code": code}}, status)
