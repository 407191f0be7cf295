"""A tenant's own system on this machine: answers as a test tells it, and keeps what was posted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response

from channels.emulation.server import served


@dataclass
class Post:
    """One delivery as it arrived; header names in lower case."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def genuine(self, secret: str) -> bool:
        """Check the signature as a receiver would, by the scheme's own words and none of our code."""
        key = base64.b64decode(secret.split("_", 1)[1])
        signed = b".".join((self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Where it listens; `answer` decides about each post."""

    port: int = 0
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Post], Response] = lambda _: Response(status_code=204)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/hook"


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Serve during the block."""
    app, receiver = FastAPI(), Receiver()

    async def take(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        post = Post(headers, await request.body())
        receiver.posts.append(post)
        return receiver.answer(post)

    app.add_api_route("/hook", take, methods=["POST"])
    async with served(app) as port:
        receiver.port = port
        yield receiver
