"""Reads a chat's stream of server-sent events, and puts together what comes in bits."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx

from core_pipeline.contracts.engines import ToolCall, Usage
from core_pipeline.engines.vendor import object_of, refused
from errors import Retryable

_LONGEST = 1 << 20
_END = b"[DONE]"


async def events(response: httpx.Response, vendor: str) -> AsyncIterator[dict[str, Any] | None]:
    """Yield each event's JSON object, None for the end; an answer that is no stream is one event."""
    if response.headers.get("content-type", "").startswith("application/json"):
        yield object_of(await response.aread(), vendor)
        return
    rest = b""
    # By line feeds only: other signs that end lines for Python may stand in the JSON.
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            field, _, data = line.strip().partition(b":")
            if field == b"data" and data.strip():
                yield None if data.strip() == _END else object_of(data, vendor)
        if len(rest) > _LONGEST:
            raise Retryable("vendor-garbled", f"{vendor} streamed a line of more than a MiB")


class Reading:
    """What a stream has told so far: calls, usage, and whether it came to its end."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._calls: dict[int, dict[str, str]] = {}
        self.usage: Usage | None = None
        self.finished = False

    def take(self, event: dict[str, Any] | None) -> list[str]:
        """Read one event; return the text in it. An error inside the stream is raised as ours."""
        if event is None:
            self.finished = True
            return []
        if event.get("error"):
            raise refused(_status(event["error"]), json.dumps(event).encode(), self._vendor)
        self._count(event.get("usage"))
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        self.finished = self.finished or bool(choice.get("finish_reason"))
        delta = choice.get("delta") or choice.get("message")
        return self._delta(delta) if isinstance(delta, dict) else []

    def calls(self) -> list[ToolCall]:
        """The calls asked for; arguments that are no JSON object count as none, which the tool's schema will notice."""
        return [
            ToolCall(call["id"] or f"call_{secrets.token_hex(4)}", call["name"], _object(call["arguments"]))
            for _, call in sorted(self._calls.items())
            if call["name"]
        ]

    def _delta(self, delta: dict[str, Any]) -> list[str]:
        bits = delta.get("tool_calls")
        for place, bit in enumerate(bits if isinstance(bits, list) else ()):
            if isinstance(bit, dict):
                self._bit(place, bit)
        text = delta.get("content")
        return [text] if isinstance(text, str) and text else []

    def _bit(self, place: int, bit: dict[str, Any]) -> None:
        """Add a bit of a call to the rest of it: by its index, which some servers leave out."""
        index = bit.get("index")
        call = self._calls.setdefault(
            index if isinstance(index, int) else place, {"id": "", "name": "", "arguments": ""}
        )
        function = bit.get("function")
        function = function if isinstance(function, dict) else {}
        arguments = function.get("arguments")
        call["id"] = call["id"] or str(bit.get("id") or "")
        call["name"] += str(function.get("name") or "")
        call["arguments"] += arguments if isinstance(arguments, str) else json.dumps(arguments or {})

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
            self.usage = Usage(read if isinstance(read, int) else 0, written if isinstance(written, int) else 0)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _status(error: Any) -> httpx.Response:
    """An error inside a stream comes with 200; some name the status that they mean."""
    code = error.get("code") if isinstance(error, dict) else None
    return httpx.Response(code if isinstance(code, int) and httpx.codes.is_error(code) else 500)
