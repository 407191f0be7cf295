"""The line to one worker: requests out, whole answers and streams in, every mishap as an error of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import SecretStr

from core_pipeline.engines.worker.faults import fault_from
from core_pipeline.engines.worker.frames import MEDIA_TYPE, Frame, unpacked
from errors import NeedsOwner, Retryable

_LONGEST_ANSWER = 64 << 20
_LONGEST_REFUSAL = 64 << 10
_MOST_KNOWN_CLONES = 1000
_HEALTH_SECONDS = 5.0


@dataclass(frozen=True)
class Patience:
    """Seconds: to connect, of silence within an answer, for a whole request."""

    connect: float = 5.0
    silence: float = 60.0
    whole: float = 300.0


@dataclass(frozen=True)
class Health:
    """What a worker says of itself."""

    kinds: frozenset[str]
    engine: str
    version: str
    languages: frozenset[str]
    busy: int
    waiting: int
    memory: int
    gpu_memory: int


@dataclass
class Line:
    """One worker's address; `http` is its owner's to close. `known_clones` and `curve` are what we learnt of it."""

    http: httpx.AsyncClient
    url: str
    token: SecretStr | None = None
    patience: Patience = Patience()
    known_clones: set[str] = field(default_factory=set)
    curve: list[float] = field(default_factory=list)

    async def whole(self, path: str, request: Mapping[str, Any], name: str | None = None) -> Any:
        """Post and return the answer's JSON; raises the worker's error, or Retryable when it can't be had."""
        try:
            async with asyncio.timeout(self.patience.whole), self._asked(path, request, name) as response:
                return json.loads(await _read(response, _LONGEST_ANSWER))
        except TimeoutError as error:
            raise Retryable("worker-slow", f"no answer within {self.patience.whole:g} seconds") from error
        except ValueError as error:
            raise Retryable("worker-garbled", "the answer is no JSON", after=1.0) from error

    async def stream(
        self, path: str, request: Mapping[str, Any], name: str | None = None
    ) -> AsyncGenerator[Frame, None]:
        """Post and yield the answer's frames; closing this stream hangs up, and the worker stops."""
        async with self._asked(path, request, name) as response:
            if response.headers.get("content-type") != MEDIA_TYPE:
                raise NeedsOwner("no-worker", "what answers at this address does not speak our protocol")
            async with aclosing(unpacked(response.aiter_bytes())) as frames:
                async for frame in frames:
                    yield frame

    async def health(self) -> Health:
        """Ask how it is; Retryable when it doesn't say within five seconds."""
        with _mishaps():
            response = await self.http.get(f"{self.url}/health", headers=self._proof(), timeout=_HEALTH_SECONDS)
        if response.status_code != httpx.codes.OK:
            raise fault_from(_json_or_none(response.content), response.status_code)
        told = _json_or_none(response.content)
        try:
            return Health(
                kinds=frozenset(told["kinds"]),
                engine=str(told["engine"]),
                version=str(told["version"]),
                languages=frozenset(told["languages"]),
                **{name: int(told[name]) for name in ("busy", "waiting", "memory", "gpu_memory")},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NeedsOwner("no-worker", "what answers at this address is no worker") from error

    async def cancel(self, name: str) -> bool:
        """Stop the request of that id; False when the worker knows none. Who holds the stream just closes it."""
        with _mishaps():
            response = await self.http.post(f"{self.url}/cancel/{quote(name, safe='')}", headers=self._proof())
        if response.status_code != httpx.codes.OK:
            raise fault_from(_json_or_none(response.content), response.status_code)
        return bool(response.json()["cancelled"])

    async def forget(self, clone_id: str) -> None:
        """Make the worker drop what it keeps of that clone."""
        self.known_clones.clear()
        with _mishaps():
            response = await self.http.delete(f"{self.url}/clones/{quote(clone_id, safe='')}", headers=self._proof())
        if response.status_code != httpx.codes.NO_CONTENT:
            raise fault_from(_json_or_none(response.content), response.status_code)

    def knows(self, digest: str) -> None:
        """Note that the worker keeps the clone of that digest."""
        if len(self.known_clones) >= _MOST_KNOWN_CLONES:
            self.known_clones.clear()
        self.known_clones.add(digest)

    @asynccontextmanager
    async def _asked(self, path: str, request: Mapping[str, Any], name: str | None) -> AsyncIterator[httpx.Response]:
        headers = self._proof() | {"sawtak-request": name or uuid4().hex}
        headers |= {"sawtak-deadline": f"{self.patience.whole:g}", **request.get("headers", {})}
        timeout = httpx.Timeout(self.patience.silence, connect=self.patience.connect)
        asked = {**request, "headers": headers, "timeout": timeout}
        with _mishaps():
            async with self.http.stream("POST", f"{self.url}{path}", **asked) as response:
                if response.status_code != httpx.codes.OK:
                    told = _json_or_none(await _read(response, _LONGEST_REFUSAL))
                    raise fault_from(told, response.status_code)
                yield response

    def _proof(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token.get_secret_value()}"} if self.token else {}


@contextmanager
def _mishaps() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Retryable("worker-down", "no connection to the worker", after=1.0) from error
    except httpx.TimeoutException as error:
        raise Retryable("worker-slow", "the worker was silent for too long") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise NeedsOwner("worker-address", "a worker's address is http://host:port or https://host") from error
    except httpx.TransportError as error:
        raise Retryable("half-sent", "the connection to the worker broke", after=1.0) from error


async def _read(response: httpx.Response, most: int) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > most:
            raise Retryable("worker-garbled", "an answer is absurdly long", after=1.0)
    return bytes(data)


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
