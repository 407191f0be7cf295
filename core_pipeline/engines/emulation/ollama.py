"""An emulator of Ollama's server: its routes, its lines of JSON, its errors; the model in it is a plain rule."""

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

_LAYERS = (("pulling manifest", 0, 0), ("pulling dde5aa3fc5ff", 4096, 8192), ("pulling dde5aa3fc5ff", 8192, 8192))
_LAST = (("verifying sha256 digest", 0, 0), ("success", 0, 0))


class OllamaEmulator:
    """Plays a server that has `names`; knows one more name, "new-model", that can be pulled.

    `breaks` is an error that the next stream ends in after some text; with `endless`, a stream goes on until its
    reader leaves, which sets `left`. Without `calls_tools`, requests with tools are refused as by older models.
    """

    def __init__(self, *names: str, rule: Any = honest) -> None:
        self.names = [*names] or ["qwen2.5:14b", "bge-m3:latest"]
        self.model = EmulatedModel(self.names[0], rule)
        self.faults = Faults()
        self.breaks: str | None = None
        self.endless = False
        self.calls_tools = True
        self.left = asyncio.Event()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve while the block lasts; gives the address."""
        app = Starlette(
            routes=[
                Route("/api/tags", self._tags),
                Route("/api/show", self._show, methods=["POST"]),
                Route("/api/pull", self._pull, methods=["POST"]),
                Route("/api/chat", self._chat, methods=["POST"]),
                Route("/api/embed", self._embed, methods=["POST"]),
            ]
        )
        async with serving(self.faults.around(app)) as address:
            yield address

    async def _tags(self, request: Request) -> JSONResponse:  # noqa: ARG002 - the server lists all it has
        return JSONResponse({"models": [{"name": name, "model": name, "size": 8192} for name in self.names]})

    async def _show(self, request: Request) -> JSONResponse:
        wanted = (await request.json())["model"]
        if not self._has(wanted):
            return _missing(wanted)
        abilities = ["completion", *(["tools"] if self.calls_tools else [])]
        return JSONResponse({"details": {"family": "qwen2"}, "model_info": {}, "capabilities": abilities})

    async def _pull(self, request: Request) -> StreamingResponse:
        wanted = (await request.json())["model"]
        if wanted != "new-model" and not self._has(wanted):
            return _lines([_LAYERS[0], "pull model manifest: file does not exist"])
        if not self._has(wanted):
            self.names.append(f"{wanted}:latest")
        return _lines([*_LAYERS, *_LAST])

    async def _embed(self, request: Request) -> JSONResponse:
        asked = await request.json()
        self.model.asked.append(asked)
        if not self._has(asked["model"]):
            return _missing(asked["model"])
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        return JSONResponse({"model": asked["model"], "embeddings": [vector(text) for text in texts]})

    async def _chat(self, request: Request) -> JSONResponse | StreamingResponse:
        asked = await request.json()
        if not self._has(asked["model"]):
            return _missing(asked["model"])
        if asked.get("tools") and not self.calls_tools:
            return JSONResponse({"error": f"registry.ollama.ai/library/{asked['model']} does not support tools"}, 400)
        told = self._stream(asked, self.model.answer(asked))
        return StreamingResponse(told, media_type="application/x-ndjson")

    async def _stream(self, asked: dict[str, Any], said: Said) -> AsyncIterator[str]:
        head = {"model": asked["model"], "created_at": "2026-11-21T10:00:00.000000Z"}
        broken, self.breaks = self.breaks, None
        try:
            for piece in chunks(said.text):
                yield _line({**head, "message": {"role": "assistant", "content": piece}, "done": False})
                await asyncio.sleep(0)
                if broken:
                    yield _line({"error": broken})
                    return
            while self.endless:
                yield _line({**head, "message": {"role": "assistant", "content": " so"}, "done": False})
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.left.set()
            raise
        calls = [{"function": {"name": name, "arguments": arguments}} for name, arguments in said.calls]
        if calls:
            message = {"role": "assistant", "content": "", "tool_calls": calls}
            yield _line({**head, "message": message, "done": False})
        counts = {"prompt_eval_count": tokens(asked), "eval_count": len(said.text.split())}
        end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
        yield _line({**head, **end, "total_duration": 1, **counts})

    def _has(self, name: str) -> bool:
        return name in self.names or f"{name}:latest" in self.names


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _lines(steps: list[Any]) -> StreamingResponse:
    told = []
    for step in steps:
        if isinstance(step, str):
            told.append(_line({"error": step}))
            continue
        status, done, total = step
        told.append(_line({"status": status, **({"completed": done, "total": total} if total else {})}))
    return StreamingResponse(iter(told), media_type="application/x-ndjson")


def _missing(name: str) -> JSONResponse:
    return JSONResponse({"error": f"model '{name}' not found"}, 404)
