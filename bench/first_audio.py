"""First sound before the last token: an answer spoken sentence by sentence, against one spoken when it is whole.

A server in this process streams an answer at a model's pace; the engine, the thinking and the speaking are the
platform's own, the voice is espeak's. Run: .venv/bin/python -m bench.first_audio [--pace 40] [--rounds 9]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from channels import discover
from core_pipeline.contracts.specs import Bench
from core_pipeline.engines.emulation.server import serving
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.router import Engines, For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.history.memory import Memory
from core_pipeline.knowledge.shelf import Shelf
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.thinking.think import think
from core_pipeline.turns.deps import Deps, Here
from core_pipeline.turns.situation import Situation
from core_pipeline.turns.speaking import Script, Speaking
from tenants import demo, directory
from tenants.accounts import AccountBook
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.policy import Policy
from tenants.schema import migrate
from tenants.seed import seed
from tenants.vault import Vault
from webhooks.lines import OpenLines

QUESTION = "ما هي ساعات العمل يوم الجمعة؟"
ANSWER = (
    "يوم الجمعة نفتح من الساعة الواحدة ظهرا بعد الصلاة. نبقى مفتوحين حتى الساعة الثانية بعد منتصف الليل. "
    "المطبخ يستقبل آخر طلب قبل الإغلاق بنصف ساعة. يسعدنا أن نحجز لكم طاولة قرب النافذة إن أحببتم ذلك."
)
TOKENS, FIRST_TOKEN = 60, 0.25


@dataclass(frozen=True)
class Took:
    """Milliseconds from the question on: the first sound, the model's last token, the finished note."""

    first_audio: float
    last_token: float
    note: float


def tokens() -> list[str]:
    """The answer in `TOKENS` pieces of nearly the same length."""
    cuts = [round(len(ANSWER) * place / TOKENS) for place in range(TOKENS + 1)]
    return [ANSWER[start:end] for start, end in pairwise(cuts)]


@asynccontextmanager
async def model(pace: float) -> AsyncIterator[str]:
    """A server that writes the answer at `pace` tokens a second, by the clock; gives its base address."""

    async def stream() -> AsyncIterator[str]:
        start = perf_counter() + FIRST_TOKEN
        for place, token in enumerate(tokens()):
            await asyncio.sleep(max(0.0, start + place / pace - perf_counter()))
            yield f"data: {json.dumps({'choices': [{'delta': {'content': token}}]})}\n\n"
        yield 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

    async def chat(request: Request) -> StreamingResponse:
        await request.json()
        return StreamingResponse(stream(), media_type="text/event-stream")

    async with serving(Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])) as address:
        yield f"{address}/v1"


@asynccontextmanager
async def platform(folder: Path, address: str) -> AsyncIterator[tuple[Deps, str]]:
    """The rooms that thinking and speaking need, and the demo tenant's id."""
    urls = f"sqlite+aiosqlite:///{folder}/main.db", f"sqlite+aiosqlite:///{folder}/inbox.db"
    migrate(*urls)

    def given(kind: str, name: str) -> Mapping[str, Any]:
        del kind
        return {"base_url": address, "model": "paced"} if name == "openai_compatible" else {}

    async with Database(urls[0]) as db, httpx.AsyncClient() as http, Sandbox() as sandbox:
        await seed(db, demo.load())
        engines = Engines({"llm": "openai_compatible", "tts": "espeak"}, Bench(folder, http), given)
        lines = OpenLines(AccountBook(db, Vault.generate()), http, lambda _: {})
        blobs, shelf = Blobs(f"file://{folder}/blobs"), Shelf(db, folder / "search")
        try:
            yield Deps(db, blobs, lines, sandbox, engines, shelf, FairGate(2)), await directory.id_of(db, "demo")
        finally:
            await shelf.close()
            await engines.close()


async def one(deps: Deps, tenant_id: str, *, at_once: bool) -> Took:
    """Answer the question once; `at_once` speaks each sentence when it is there, otherwise all of them at the end."""
    here, order = Here("t", tenant_id, "c", "a", 1), For(Ledger(), tenant_id)
    now = Situation(("text",), Policy(), "مطعم اللؤلؤة", "ar", Memory(), QUESTION)
    script = Script("ar", "", None, discover()["whatsapp"].limits)
    begun = perf_counter()
    speaking, kept = Speaking(deps, here, order, script), list[str]()
    thought = await think(deps.mind, now.matter(tenant_id), order, None, speaking.say if at_once else kept.append)
    for sentence in kept:
        speaking.say(sentence)
    await speaking.finish()
    ended = perf_counter()
    if thought.text != ANSWER or speaking.first_audio is None:
        raise RuntimeError(f"another answer: {thought.text}")
    return Took(*((when - begun) * 1000 for when in (speaking.first_audio, thought.last_token, ended)))


def row(name: str, took: list[Took]) -> str:
    """Medians as a line of the table."""
    middle = [statistics.median(getattr(one, part) for one in took) for part in ("first_audio", "last_token", "note")]
    return f"| {name} | {' | '.join(f'{ms:.0f}' for ms in middle)} |"


async def bench(pace: float, rounds: int) -> None:
    """Both ways in turns, after one of each that does not count."""
    ways: dict[bool, list[Took]] = {True: [], False: []}
    with tempfile.TemporaryDirectory(prefix="sawtak-first-", dir="var") as name:
        async with model(pace) as address, platform(Path(name), address) as (deps, tenant_id):
            for number in range(rounds + 1):
                for at_once, found in ways.items():
                    found.append(await one(deps, tenant_id, at_once=at_once))
                    if not number:
                        found.clear()
    wait = FIRST_TOKEN * 1000
    print(f"{TOKENS} tokens, the first after {wait:.0f} ms, then {pace:g} a second; median of {rounds}, ms\n")
    print("| | first audio | last token | whole note |\n|---|---|---|---|")
    print(row("spoken as it is thought", ways[True]))
    print(row("spoken after the last token", ways[False]))
    first, peer = (statistics.median(one.first_audio for one in ways[way]) for way in (True, False))
    last = statistics.median(one.last_token for one in ways[True])
    print(f"\nratio of first audio: {first / peer:.2f}; {last - first:.0f} ms before the last token")


def main() -> None:
    """Read the pace and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pace", type=float, default=40.0, help="tokens a second")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    Path("var").mkdir(exist_ok=True)
    asyncio.run(bench(given.pace, given.rounds))


if __name__ == "__main__":
    main()
