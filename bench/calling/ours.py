"""Our side of `bench.calls`: the loop on the telephone's leg, with a host that hears, thinks and speaks at once.

`python -m bench.calling.ours PORT SOUNDS TURN MODEL`, where SOUNDS is as for the peer, TURN "model" or "pause".
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from bench.calling.answer import HEARD, RATE
from channels.phone.leg import PhoneLeg
from core_pipeline.calls.call import Call
from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Heard, Manner, Minutes, Outcome, Say, Step
from core_pipeline.contracts.engines import Pcm, Speech
from core_pipeline.contracts.phrases import READY
from webhooks.sockets import StarletteSocket


class QuickHost:
    """Hears the same words and answers the same sentences at once, whatever is said."""

    def __init__(self, spoken: dict[str, Pcm]) -> None:
        self._spoken = spoken

    def words(self, name: str, language: str) -> str:
        """Our ready words."""
        return READY[name][language]

    async def hear(self, speech: Pcm) -> Heard:  # noqa: ARG002 - whatever is said
        """Hear."""
        return Heard(HEARD, "ar")

    async def answer(self, minutes: Minutes) -> AsyncIterator[Step]:  # noqa: ARG002 - whatever is said
        """Answer."""
        for text in self._spoken:
            await asyncio.sleep(0)
            yield Say(text, "ar")

    async def pressed(self, digits: str, minutes: Minutes) -> AsyncIterator[Step]:
        """Answer keys as words."""
        del digits
        async for step in self.answer(minutes):
            yield step

    async def speak(self, say: Say) -> AsyncIterator[Speech]:
        """Speak what was spoken before the benchmark, a tenth of a second at a time."""
        sound = self._spoken.get(say.text, Pcm(b"", RATE))
        step = RATE // 10 * 2
        for at in range(0, len(sound.data), step):
            yield Speech(Pcm(sound.data[at : at + step], RATE))

    async def wrote(self, minutes: Minutes) -> None:
        """Keep nothing."""

    async def ended(self, outcome: Outcome) -> None:
        """Keep nothing."""


class NoRemote:
    """No vendor's REST: calls end by their socket."""

    async def end(self) -> None:
        """Nothing to end."""

    async def put_through(self, to: str) -> None:
        """Nowhere to go."""


async def serve(port: int, folder: Path, turn: str, model: Path) -> None:
    """Answer every caller on /stream."""
    names: dict[str, str] = json.loads((folder / "sentences.json").read_text(encoding="utf-8"))
    host = QuickHost({text: Pcm((folder / name).read_bytes(), RATE) for text, name in names.items()})
    manner = Manner("ar", turn="model" if turn == "model" else "pause", filler=0.0)
    async with Equipment(model if turn == "model" else None) as equipment:

        async def stream(websocket: WebSocket) -> None:
            socket = StarletteSocket(websocket, "http://127.0.0.1")
            await socket.accept()
            await socket.receive()
            started = json.loads(await socket.receive() or "{}")
            leg = PhoneLeg(socket, started["streamSid"], NoRemote())
            await Call(leg, host, manner, equipment).run()

        app = Starlette(routes=[WebSocketRoute("/stream", stream)])
        config = uvicorn.Config(
            app, "127.0.0.1", port, log_level="warning", ws="websockets-sansio", ws_ping_interval=None
        )
        gc.collect()
        gc.freeze()
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
