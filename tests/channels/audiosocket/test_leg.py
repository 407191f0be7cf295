"""The leg on a real connection: what the far end does comes out, what we play goes in at its pace, ends end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.audiosocket import greeting, leg
from channels.audiosocket.desk import Desk
from channels.audiosocket.frames import DIGIT, ERROR, HANGUP, ID, KINDS, RATES, Frame, Parser
from channels.audiosocket.greeting import Greeter
from core_pipeline.contracts.legs import Key, Leg, LegEvent, Reached, Sound
from errors import Forged, Impossible
from tests.channels.audiosocket.paper import tone

WHO = bytes(range(16))
SOUND = Frame(KINDS[8000], tone(0.02))


@dataclass
class Far:
    """The far end of one connection, and our leg once it is greeted."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    greeted: asyncio.Future[tuple[str, Leg]]
    parser: Parser = field(default_factory=Parser)
    got: list[Frame] = field(default_factory=list)

    def send(self, *frames: Frame) -> None:
        self.writer.write(b"".join(frame.wire for frame in frames))

    async def leg(self) -> Leg:
        return (await self.greeted)[1]

    async def read(self, enough: Callable[[list[Frame]], bool], timeout: float = 10.0) -> list[Frame]:
        """Read until it is enough, or the end."""
        async with asyncio.timeout(timeout):
            while not enough(self.got):
                data = await self.reader.read(4096)
                if not data:
                    break
                self.got += self.parser.feed(data)
        return self.got


@asynccontextmanager
async def connected(desk: Desk | None = None) -> AsyncIterator[Far]:
    greeter = Greeter(desk or Desk())
    greeted: asyncio.Future[tuple[str, Leg]] = asyncio.get_running_loop().create_future()
    mine: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine.append(writer)
        try:
            greeted.set_result(await greeter.greet(reader, writer))
        except Forged as error:
            greeted.set_exception(error)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield Far(reader, writer, greeted)
    finally:
        server.close()
        for one in [writer, *mine]:
            one.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        if greeted.done():
            greeted.exception()


async def all_of(line: Leg) -> list[LegEvent]:
    return [event async for event in line.events()]


async def test_sound_and_keys_come_out_in_order_until_the_hang_up() -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND, Frame(DIGIT, b"5"), Frame(0x77, b"what?"), Frame(DIGIT, b"x"), SOUND)
        who, line = await far.greeted
        assert (who, line.sample_rate, line.screen) == (WHO.hex(), 8000, "none")
        far.send(Frame(DIGIT, b"#"), Frame(HANGUP))
        events = await all_of(line)
        assert events == [Sound(SOUND.payload), Key("5"), Sound(SOUND.payload), Key("#")]
        assert (await far.read(lambda _: False))[-1:] != [Frame(HANGUP)]


@pytest.mark.parametrize("rate", sorted(RATES.values()))
async def test_the_first_sound_says_how_fine_it_is_and_is_answered_likewise(rate: int) -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), Frame(KINDS[rate], tone(0.02, rate)), SOUND)
        line = await far.leg()
        assert line.sample_rate == rate
        running = asyncio.create_task(all_of(line))
        await line.play(tone(0.1, rate))
        frames = await far.read(lambda got: len(got) >= 5)
        assert {(frame.kind, len(frame.payload)) for frame in frames} == {(KINDS[rate], round(rate / 50) * 2)}
        assert b"".join(frame.payload for frame in frames)[: len(tone(0.1, rate))] == tone(0.1, rate)
        far.send(Frame(HANGUP))
        assert all(isinstance(event, Sound) for event in await running)


async def test_without_any_sound_it_is_eight_kilohertz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "SOUND_SECONDS", 0.05)
    async with connected() as far:
        far.send(Frame(ID, WHO), Frame(DIGIT, b"1"))
        line = await far.leg()
        assert line.sample_rate == 8000
        far.writer.close()
        assert await all_of(line) == [Key("1")]


@pytest.mark.parametrize(
    "begin",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 70_000,
        Frame(ID, WHO[:4]).wire,
        Frame(HANGUP).wire,
        SOUND.wire,
        b"",
    ],
)
async def test_what_does_not_begin_with_an_id_is_forged(begin: bytes) -> None:
    async with connected() as far:
        far.writer.write(begin)
        far.writer.write_eof()
        with pytest.raises(Forged, match="audiosocket-greeting"):
            await far.greeted


async def test_silence_instead_of_a_greeting_is_forged_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "GREETING_SECONDS", 0.05)
    async with connected() as far:
        far.writer.write(Frame(ID, WHO).wire[:10])
        with pytest.raises(Forged, match="in time"):
            await far.greeted


async def test_a_mark_comes_back_and_what_is_cleared_is_never_sent() -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND)
        line = await far.leg()
        events, seen = line.events(), list[LegEvent]()
        await line.play(tone(0.1))
        await line.mark("said")
        async with asyncio.timeout(10):
            while Reached("said") not in seen:
                seen.append(await anext(events))
        assert line.played == pytest.approx(0.1)
        await line.play(tone(5.0))
        await line.mark("never")
        await line.clear()
        sent = line.played
        async with asyncio.timeout(10):
            while Reached("never") not in seen:
                seen.append(await anext(events))
        far.send(SOUND, Frame(HANGUP))
        async for event in events:
            seen.append(event)
        assert line.played == sent < 0.4
        spoken = [frame for frame in await far.read(lambda _: False) if any(frame.payload)]
        assert len(spoken) == round(sent / 0.02)


async def test_hanging_up_says_so_and_ends() -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND)
        line = await far.leg()
        running = asyncio.create_task(all_of(line))
        await far.read(bool)
        await line.hang_up()
        await line.hang_up()
        await running
        assert (await far.read(lambda _: False))[-1] == Frame(HANGUP)
        for late in (line.play(tone(0.1)), line.mark("x"), line.clear()):
            await late


async def test_after_hanging_up_we_read_on_until_the_far_end_has_seen_it() -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), *[SOUND] * 50)
        line = await far.leg()
        await line.hang_up()
        for _ in range(20):
            far.send(*[SOUND] * 50)
            await far.writer.drain()
        assert (await far.read(lambda got: Frame(HANGUP) in got))[-1] == Frame(HANGUP)
        far.writer.close()
        async with asyncio.timeout(10):
            await line._leaving  # type: ignore[attr-defined]  # what goes on after the end


async def test_a_far_end_that_does_not_hang_up_in_its_turn_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg, "LINGER_SECONDS", 0.05)
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND)
        line = await far.leg()
        running = asyncio.create_task(all_of(line))
        await far.read(bool)
        await line.hang_up()
        assert all(isinstance(event, Sound) for event in await running)
        assert (await far.read(lambda _: False))[-1] == Frame(HANGUP)


async def test_a_call_is_put_through_only_where_the_dialplan_will_ask() -> None:
    desk = Desk()
    async with connected(desk) as far:
        far.send(Frame(ID, WHO), SOUND)
        line = await far.leg()
        with pytest.raises(Impossible, match="no-transfer"):
            await line.transfer("+201000000009")
        desk.expect(WHO.hex())
        await line.transfer("+201000000009")
        assert [event for event in await all_of(line) if not isinstance(event, Sound)] == []
        assert (await far.read(lambda _: False))[-1] == Frame(HANGUP)
    assert desk.after(WHO.hex()) == "+201000000009"


@pytest.mark.parametrize("end", ["drop", "error", "silence", "stuck"])
async def test_a_dead_line_ends_by_itself(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leg, "SILENT_SECONDS", 0.2 if end == "silence" else 20.0)
    monkeypatch.setattr(leg, "STUCK_SECONDS", 0.0 if end == "stuck" else 60.0)
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND)
        line = await far.leg()
        running = asyncio.create_task(all_of(line))
        if end == "drop":
            far.writer.transport.abort()
        elif end == "error":
            far.send(Frame(ERROR, b"\1"), SOUND)
        elif end == "stuck":
            far.writer.transport.pause_reading()  # type: ignore[attr-defined]  # every transport of a socket has it
            await line.play(bytes(1 << 24))
            while not running.done():
                line._outbox._until = 0.0  # type: ignore[attr-defined]  # as if hours had gone by
                await line.play(b"")
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert all(isinstance(event, Sound) for event in await running)
        await line.play(tone(0.1))
        await line.hang_up()


WILD = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@WILD
@given(st.lists(st.binary(max_size=2000), max_size=8))
async def test_wild_bytes_never_raise(pieces: list[bytes]) -> None:
    async with connected() as far:
        far.send(Frame(ID, WHO), SOUND)
        for piece in pieces:
            far.writer.write(piece)
        far.writer.write_eof()
        line = await far.leg()
        async for event in line.events():
            assert isinstance(event, Sound | Key)


async def test_a_flood_is_read_slowly_and_kept_short(monkeypatch: pytest.MonkeyPatch) -> None:
    breaths = 0

    async def breathe(seconds: float) -> None:
        nonlocal breaths
        breaths += seconds == leg.BREATH_SECONDS

    monkeypatch.setattr(asyncio, "sleep", breathe)
    async with connected() as far:
        far.send(Frame(ID, WHO), *[SOUND] * 3000, Frame(HANGUP))
        line = await far.leg()
        events = line.events()
        first = await anext(events)
        assert isinstance(first, Sound)
        rest = [event async for event in events]
    assert len(rest) <= 3000
    assert breaths > 50
