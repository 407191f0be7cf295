"""One suite for all channels that carry calls: a caller's doings come through the same way, whatever the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from channels import discover
from core_pipeline.contracts.calls import CallState
from core_pipeline.contracts.channel import ChannelSpec
from core_pipeline.contracts.engines import Pcm
from core_pipeline.media.pcm import samples
from errors import Impossible
from tenants.models import Call, ContactIdentity
from tests.conftest import Floor
from tests.contract.lines import TONE_HZ, Line, answered, loudness, pitch, tone

SPECS = {name: spec for name, spec in discover().items() if spec.calls is not None}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
KEYED = {name: spec for name, spec in SPECS.items() if spec.calls and spec.calls.keys}
with_keys = pytest.mark.parametrize("spec", KEYED.values(), ids=KEYED)

AUDIBLE, SILENT = 0.05, 0.02
# A second of which the tone was heard for a fifth: what had left us already.
ON_ITS_WAY = 0.15


@pytest.fixture
async def line(spec: ChannelSpec, sqlite_database: Floor, tmp_path: Path) -> AsyncIterator[Line]:
    async with answered(spec, sqlite_database, tmp_path) as ready:
        await ready.caller.dial()
        await asyncio.wait_for(ready.parrot.begun.wait(), 15)
        yield ready


def loud_part(pcm: Pcm) -> Pcm:
    """From the first loud moment to the last."""
    sound = np.abs(samples(pcm))
    loud = np.flatnonzero(sound > AUDIBLE)
    assert loud.size, "nothing was heard"
    raw = np.frombuffer(pcm.data, "<i2")[loud[0] : loud[-1]]
    return Pcm(raw.tobytes(), pcm.sample_rate)


@each_spec
async def test_what_the_caller_says_arrives(line: Line) -> None:
    await line.caller.say(tone(line.caller.sample_rate, 1.0))
    await line.parrot.until(lambda: len(line.parrot.pcm) and loudness(line.parrot.heard) > AUDIBLE)
    await line.parrot.until(lambda: loud_part(line.parrot.heard).seconds > 0.9)
    heard = loud_part(line.parrot.heard)
    assert heard.seconds == pytest.approx(1.0, abs=0.15)
    assert pitch(heard) == pytest.approx(TONE_HZ, abs=6)
    assert line.caller.faults == []


@each_spec
async def test_what_we_play_is_heard_and_its_mark_comes_back(line: Line) -> None:
    assert line.parrot.leg is not None
    await line.parrot.play(tone(line.parrot.leg.sample_rate, 1.5), "first")
    await line.parrot.until(lambda: line.parrot.marks == ["first"])
    heard = loud_part(line.caller.heard)
    assert heard.seconds == pytest.approx(1.5, abs=0.2)
    assert pitch(heard) == pytest.approx(TONE_HZ, abs=6)
    assert line.parrot.leg.played == pytest.approx(1.5, abs=0.1)
    assert line.caller.faults == []


@each_spec
async def test_what_is_cleared_is_not_heard_but_its_mark_comes_back(line: Line) -> None:
    assert line.parrot.leg is not None
    rate = line.parrot.leg.sample_rate
    await line.parrot.leg.play(tone(rate, 3.0).data)
    await line.parrot.leg.mark("cut")
    while loudness(await line.caller.listen(0.1)) < AUDIBLE:
        pass
    await line.parrot.leg.clear()
    await line.parrot.until(lambda: line.parrot.marks == ["cut"])
    assert loudness(await line.caller.listen(1.0)) < ON_ITS_WAY
    assert loudness(await line.caller.listen(0.5)) < SILENT
    await line.parrot.play(tone(rate, 0.5), "after")
    await line.parrot.until(lambda: line.parrot.marks == ["cut", "after"])
    assert loud_part(line.caller.heard).seconds < 3.0


@with_keys
async def test_keys_arrive_in_order(line: Line) -> None:
    for digit in "19#":
        await line.caller.press(digit)
    await line.parrot.until(lambda: line.parrot.keys == list("19#"))


@each_spec
async def test_a_caller_who_hangs_up_is_gone(line: Line) -> None:
    await line.caller.hang_up()
    await asyncio.wait_for(line.parrot.over.wait(), 20)
    assert line.parrot.leg is not None
    await line.parrot.leg.play(bytes(640))
    await line.parrot.leg.clear()
    await line.parrot.leg.hang_up()


@each_spec
async def test_we_hang_up(line: Line) -> None:
    assert line.parrot.leg is not None
    await line.parrot.leg.hang_up()
    assert await line.caller.wait_end(20) == "hangup"
    await asyncio.wait_for(line.parrot.over.wait(), 20)


@each_spec
async def test_a_transfer_is_done_or_refused(line: Line) -> None:
    assert line.parrot.leg is not None
    assert line.spec.calls is not None
    assert line.parrot.leg.transfers == line.spec.calls.transfers
    if line.spec.calls.transfers:
        await line.parrot.leg.transfer("+20221234567")
        assert (await line.caller.wait_end(20)).startswith("transfer:")
        return
    with pytest.raises(Impossible):
        await line.parrot.leg.transfer("+20221234567")


@each_spec
async def test_the_call_is_in_the_register_with_its_caller(line: Line) -> None:
    async with line.floor.db.tenant(line.tenant.id, reads=True) as session:
        [call] = (await session.scalars(select(Call))).all()
        identities = (await session.scalars(select(ContactIdentity))).all()
    assert (call.state, call.account_id) == (CallState.RUNNING, line.account_id)
    assert call.token is None
    assert len(identities) >= 1


@each_spec
async def test_a_caller_whom_we_do_not_take_is_told(spec: ChannelSpec, sqlite_database: Floor, tmp_path: Path) -> None:
    async with answered(spec, sqlite_database, tmp_path, {"most": 0, "voicemail": False}) as line:
        with pytest.raises(Impossible):
            await line.caller.dial()
        assert not line.parrot.begun.is_set()
        async with line.floor.db.tenant(line.tenant.id, reads=True) as session:
            [call] = (await session.scalars(select(Call))).all()
        assert (call.state, call.reason) == (CallState.MISSED, "busy")
