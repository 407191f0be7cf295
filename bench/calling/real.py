"""Real calls for `bench.calls`: callers on the telephone of a running platform, with the embedded engines."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import app as roof
from bench.calling.answer import QUIET
from channels import discover
from core_pipeline.contracts.calls import Caller
from core_pipeline.contracts.channel import ChannelSpec
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, peak, resample, samples, to_pcm
from settings import Settings
from tenants import directory
from tenants.models import Tenant
from webhooks.simulate import connect_demo

CHANNEL = "phone"
QUESTIONS = ("متى تفتحون يوم الجمعة", "هل عندكم توصيل", "كم سعر الكشري", "أين يقع المطعم")
RATE = 8_000
AUDIBLE, STEP, PATIENCE = 0.02, 0.02, 10.0
STAGGER = 0.7


def environment(folder: Path, port: int, vendor: int) -> dict[str, str]:
    """What the platform runs with."""
    own = {"VAR": str(folder / "var"), "PORT": str(port), "CALLS_AT_ONCE": "200", "LOG_LEVEL": "ERROR"}
    return {**os.environ, **own, "PHONE_API_URL": f"http://127.0.0.1:{vendor}"}  # noqa: TID251 - a process of its own


def prepare(env: dict[str, str]) -> None:
    """Migrate and seed."""
    for command in ("migrate", "seed"):
        subprocess.run([sys.executable, "cli.py", command], env=env, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


async def connect(folder: Path) -> str:
    """Connect the emulated number to the demo tenant, with lines for everybody; gives the account's id."""
    settings = Settings(var=folder / "var")
    async with roof.open_floor(settings) as floor:
        tenant_id = await directory.id_of(floor.db, "demo")
        async with floor.db.tenant(tenant_id) as session:
            tenant = await session.get_one(Tenant, tenant_id)
            tenant.policy = {**tenant.policy, "calls": {"most": 200}}
        return await connect_demo(floor.book, discover()[CHANNEL], tenant_id)


async def spoken() -> list[Pcm]:
    """The questions in a caller's voice, without silence at their ends."""
    voice, found = EspeakTts(EspeakConfig()), []
    for text in QUESTIONS:
        sound = samples(resample(join([part.pcm async for part in voice.speak(Saying(text, "ar", "ar+f2"))]), RATE))
        loud = np.flatnonzero(np.abs(sound) > QUIET)
        found.append(to_pcm(sound[loud[0] : loud[-1] + 1], RATE))
    await voice.close()
    return found


async def _asked(caller: Caller, question: Pcm) -> float | None:
    """Seconds from the end of the question to the first sound of the answer; None when there is none in time."""
    await caller.say(question)
    ended = caller.now
    while caller.now - ended < PATIENCE:
        if peak(await caller.listen(STEP)) > AUDIBLE:
            return caller.now - ended
    return None


async def _call(
    spec: ChannelSpec, vendor: int, base: str, account_id: str, questions: Sequence[Pcm], delay: float
) -> list[float | None]:
    if spec.calls is None:
        raise TypeError(f"{spec.name} carries no calls")
    await asyncio.sleep(delay)
    async with spec.calls.caller(replace(spec.demo, port=vendor), base, account_id) as caller:
        await caller.dial()
        await caller.quiet(0.8)
        took = []
        for question in questions:
            took.append(await _asked(caller, question))
            await caller.quiet(1.0)
        await caller.hang_up()
    return took


async def crowd(base: str, vendor: int, account_id: str, callers: int) -> list[float | None]:
    """Have so many call at once, each asking everything in an order of their own."""
    questions, spec = await spoken(), discover()[CHANNEL]
    turned = [[*questions[at % len(questions) :], *questions[: at % len(questions)]] for at in range(callers)]
    calls = [_call(spec, vendor, base, account_id, own, at * STAGGER) for at, own in enumerate(turned)]
    return [one for took in await asyncio.gather(*calls) for one in took]
