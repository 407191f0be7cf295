"""The real platform in a process of its own, with customers who have a telephone, and WhatsApp on it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
from sqlalchemy import select
from sqlmodel import col

from channels.phone.emulator import TwilioCaller
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.channel import CustomerMessage, Delivery
from core_pipeline.contracts.engines import Pcm, Saying
from core_pipeline.engines.asr.demo.engine import DemoAsr
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import join, peak
from tenants import demo, directory
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.models import Call, Direction, Message, Tenant, Turn, TurnStage
from tenants.seed import seed
from tests.e2e.running import Town, environment, town
from webhooks.rehearsal import Conversing
from webhooks.simulate import VOICES, free_port, spec_of

SPEC = spec_of("phone")
RATE = 16_000
AUDIBLE, ALIKE = 0.02, 0.75
STEP = 0.05

Found = TypeVar("Found")


async def until(there: Callable[[], Awaitable[Found | None]], timeout: float = 30.0) -> Found:
    """What `there` finds, as soon as it finds something."""
    async with asyncio.timeout(timeout):
        while not (found := await there()):
            await asyncio.sleep(STEP)
    return found


@dataclass
class People:
    """Customers' voices, and an ear that writes down what they hear."""

    voice: EspeakTts
    ear: DemoAsr

    async def says(self, text: str, language: str = "ar") -> Pcm:
        """This in a customer's voice."""
        saying = Saying(text, language, voice=VOICES[language])
        return join([part.pcm async for part in self.voice.speak(saying)])

    async def understands(self, heard: Pcm) -> str:
        """The Arabic words in what somebody heard."""
        return (await self.ear.transcribe(heard)).text


@asynccontextmanager
async def people() -> AsyncIterator[People]:
    """Customers who speak and understand Arabic."""
    voice, ear = EspeakTts(EspeakConfig()), await DemoAsr.load()
    try:
        yield People(voice, ear)
    finally:
        await voice.close()
        await ear.close()


@dataclass
class Exchange:
    """A platform whose tenants have telephone numbers, and whose demo tenant is on WhatsApp, too."""

    town: Town
    people: People
    vendor: int
    demo_id: str

    @property
    def db(self) -> Database:
        return self.town.floor.db

    async def business(self, slug: str, answers: Mapping[str, str], **policy: Any) -> str:
        """Another tenant with these answers to the demo's questions (by fact), in Arabic and English; gives its id."""
        known = demo.load()
        entries = tuple(replace(one, answer=answers[one.fact]) for one in known.entries if one.fact in answers)
        await seed(self.db, replace(known, slug=slug, entries=entries, phrases={}))
        tenant_id = await directory.id_of(self.db, slug)
        await self.policy(tenant_id, **policy)
        return tenant_id

    async def number(self, tenant_id: str, number: str = SPEC.demo.external_id, **config: Any) -> str:
        """Connect a telephone number to a tenant; gives the account's id."""
        given, secrets = {**SPEC.demo_config, "number": f"+{number}", **config}, SPEC.demo.secrets
        return await self.town.floor.book.connect(tenant_id, "phone", number, "emulator", given, secrets)

    async def policy(self, tenant_id: str, **policy: Any) -> None:
        """Change a tenant's policy from now on."""
        async with self.db.platform() as session:
            tenant = await session.get_one(Tenant, tenant_id)
            tenant.policy = {**tenant.policy, **policy}

    @asynccontextmanager
    async def customer(self, account_id: str, number: str = "") -> AsyncIterator[Customer]:
        """Somebody with a telephone, whose number this is, and who may call that account."""
        setup = replace(SPEC.demo, port=self.vendor)
        async with TwilioCaller(setup, self.town.running.url, account_id) as phone:
            phone.number = f"+{number}" if number else phone.number
            yield Customer(self, phone, account_id)

    async def writes(self, customer: str, text: str) -> None:
        """Have a customer write on WhatsApp and get the answer."""
        before = len(self.sent_to(customer))
        await self.town.emulator.customer_says(CustomerMessage(customer, text=text))
        await self.sent(customer, before + 1)

    def sent_to(self, customer: str) -> list[Delivery]:
        """Everything that a customer got on WhatsApp."""
        return [one for one in self.town.emulator.deliveries if one.customer == customer]

    async def sent(self, customer: str, count: int) -> Delivery:
        """The last of so many messages to a customer on WhatsApp, once it is there."""

        async def there() -> bool:
            return len(self.sent_to(customer)) >= count

        await until(there)
        return self.sent_to(customer)[count - 1]


class Customer:
    """Somebody who calls a business."""

    def __init__(self, exchange: Exchange, phone: TwilioCaller, account_id: str) -> None:
        self.exchange, self.phone, self.account_id = exchange, phone, account_id

    @property
    def digits(self) -> str:
        """Their number, as WhatsApp knows it."""
        return self.phone.number.removeprefix("+")

    @asynccontextmanager
    async def call(self) -> AsyncIterator[Conversing]:
        """Call, and hear the greeting to its end."""
        await self.phone.dial()
        async with Conversing(self.phone, self.exchange.db, self.account_id) as talk:
            await until(self._greeted)
            yield talk

    async def says(self, text: str) -> None:
        """Say this in Arabic, in real time."""
        await self.phone.say(await self.exchange.people.says(text))

    async def ask(self, text: str) -> str:
        """Ask this, again if we are asked to, and hear the answer to its end; what was understood of it."""
        await self.says(text)
        since = self.phone.now
        said, told = len(await self.said()), len(await self.told())

        async def answered() -> bool:
            return len(await self.said()) > said or len(await self.told()) > told

        await until(answered)
        again = len(await self.said()) == said
        return await self.ask(text) if again else await self.understood(since)

    async def begins_to_hear(self) -> None:
        """Wait until something is heard."""

        async def loud() -> bool:
            return peak(await self.phone.listen(STEP)) > AUDIBLE

        await until(loud)

    async def understood(self, since: float = 0.0) -> str:
        """The Arabic words that were heard since then."""
        heard = self.phone.heard
        rest = Pcm(heard.data[2 * int(since * heard.sample_rate) :], heard.sample_rate)
        return await self.exchange.people.understands(rest)

    async def kept(self) -> Call:
        """The call as it is written down now."""
        async with self.exchange.db.platform(reads=True) as session:
            asked = select(Call).where(col(Call.provider_id) == self.phone.call_sid)
            return (await session.scalars(asked)).one()

    async def over(self) -> Call:
        """The call once it is written down as over."""

        async def found() -> Call | None:
            call = await self.kept()
            return None if call.state in {CallState.RINGING, CallState.RUNNING} else call

        return await until(found)

    async def said(self) -> list[Said]:
        """The exchanges of the call, in order."""
        return await minutes(self.exchange, (await self.kept()).id)

    async def told(self) -> list[str]:
        """What the business said in the call by itself, in order."""
        call = await self.kept()
        async with self.exchange.db.platform(reads=True) as session:
            ours = col(Message.key).like(f"{call.id}:%"), col(Message.turn_id).is_(None)
            asked = select(col(Message.text)).where(*ours).order_by(col(Message.id))
            return [text or "" for text in await session.scalars(asked)]

    async def recording(self) -> tuple[Pcm, Pcm]:
        """Both sides of the recorded call: the customer, the business."""

        async def made() -> str | None:
            return (await self.kept()).recording

        blob, blobs = await until(made), Blobs(self.exchange.town.running.settings.blob_store)
        theirs, ours = sound_of(await blobs.get((await self.kept()).tenant_id, blob))
        return theirs, ours

    async def _greeted(self) -> bool:
        return bool(await self.told())


@dataclass(frozen=True)
class Said:
    """One exchange as it is kept: what was understood, what was answered, and how much of it was heard."""

    question: str
    note: str | None
    answer: str
    heard: str
    times: Mapping[str, float]


def caught(words: str, heard: str) -> bool:
    """Whether these words are in what was heard, give or take a letter: our ear is not the best."""
    wanted, whole = "".join(words.split()), "".join(heard.split())
    pieces = (whole[at : at + len(wanted)] for at in range(max(1, len(whole) - len(wanted) + 1)))
    return any(SequenceMatcher(None, wanted, piece).ratio() > ALIKE for piece in pieces)


def sound_of(file: bytes) -> list[Pcm]:
    """The channels of a sound file."""
    with av.open(io.BytesIO(file), "r") as box:
        resampler = av.AudioResampler("s16p", box.streams.audio[0].layout, RATE)
        parts = [part for frame in box.decode(audio=0) for part in resampler.resample(frame)]
        whole = np.concatenate([part.to_ndarray() for part in [*parts, *resampler.resample(None)]], axis=1)
    return [Pcm(channel.tobytes(), RATE) for channel in whole]


async def minutes(exchange: Exchange, call_id: str) -> list[Said]:
    """The exchanges of a call, in order."""
    async with exchange.db.platform(reads=True) as session:
        asked = select(Turn).where(col(Turn.call_id) == call_id).order_by(col(Turn.started_at))
        kept = []
        for turn in (await session.scalars(asked)).all():
            ours = col(Message.turn_id) == turn.id, col(Message.direction) == Direction.OUT
            said = (await session.scalars(select(Message).where(*ours))).one_or_none()
            stages = (await session.scalars(select(TurnStage).where(col(TurnStage.turn_id) == turn.id))).all()
            times = {stage.name: stage.ms for stage in stages}
            text, heard = (said.text or "", said.heard or "") if said else ("", "")
            kept.append(Said(turn.heard or "", turn.note, text, heard, times))
    return kept


@asynccontextmanager
async def exchange(var: Path, env: Mapping[str, str]) -> AsyncIterator[Exchange]:
    """Everything set up and started; the server is ended with the block."""
    vendor = free_port()
    own = {**environment(), "PHONE_API_URL": f"http://127.0.0.1:{vendor}", **env}
    async with people() as folk, town("whatsapp", var, own, burst_seconds=0.0) as place:
        yield Exchange(place, folk, vendor, await directory.id_of(place.floor.db, "demo"))
