"""Our own voice that comes back from a loudspeaker is no caller; a caller who speaks over it is one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from core_pipeline.calls.ears import Began, Ears
from core_pipeline.calls.echo import Echo
from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.host import Say
from core_pipeline.contracts.engines import Pcm
from core_pipeline.contracts.engines import Speech as Part
from tests.calls.loop.scene import FRAME, FakeLeg, Opened, RoteHost
from tests.calls.loop.virtual import run

Speech = Callable[..., bytes]
RATE = 8_000


def room(seed: int, seconds: float = 0.3) -> NDArray[np.float64]:
    """How a room answers a clap: the direct way, and reflections that die away."""
    size = int(seconds * RATE)
    reflections = np.random.default_rng(seed).standard_normal(size) * np.exp(-6.9 * np.arange(size) / size)
    reflections /= 1.5 * np.sqrt(np.sum(reflections**2))
    reflections[0] += 1.0
    return reflections


def echo_of(sound: NDArray[np.float64], seed: int, delay: float, decibels: float) -> NDArray[np.float64]:
    back = np.convolve(sound, room(seed))[: sound.size] * 10 ** (decibels / 20)
    return np.concatenate((np.zeros(int(delay * RATE)), back))[: sound.size]


def beginnings(
    equipment: Equipment, ours: NDArray[np.float64], theirs: NDArray[np.float64], *, guarded: bool = True
) -> list[float]:
    """When a caller was believed to begin, in seconds: ours is played two tenths ahead."""
    now, handed = 0.0, 0
    echo = Echo(RATE, RATE)
    ears = Ears(equipment.voices, RATE, lambda windows, recent: guarded and echo.holds(now, windows, recent))
    played, heard = ours.astype("<i2").tobytes(), np.clip(theirs, -32_768, 32_767).astype("<i2").tobytes()
    size, found = 2 * int(FRAME * RATE), []
    for at in range(0, len(heard), size):
        while handed < len(played) and handed / 2 / RATE < now + 0.2:
            echo.played(handed / 2 / RATE, played[handed : handed + size])
            handed += size
        now += FRAME
        found += [now for notice in ears.feed(heard[at : at + size])[1] if isinstance(notice, Began)]
    return found


@pytest.fixture(scope="session")
def ours(speech: Speech) -> NDArray[np.float64]:
    return np.frombuffer(speech("answer"), "<i2").astype(float)


def level(sound: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(sound**2)))


@pytest.mark.parametrize(("seed", "delay", "decibels"), [(1, 0.05, -10.0), (2, 0.3, -15.0), (3, 0.5, -20.0)])
def test_our_own_voice_interrupts_nobody(
    equipment: Equipment, ours: NDArray[np.float64], seed: int, delay: float, decibels: float
) -> None:
    back = echo_of(ours, seed, delay, decibels) + np.random.default_rng(seed).normal(0, 15, ours.size)
    assert beginnings(equipment, ours, back, guarded=False) != []
    assert beginnings(equipment, ours, back) == []


@pytest.mark.parametrize("name", ["barge", "english", "question"])
def test_a_caller_without_an_echo_is_believed_as_fast_as_ever(
    equipment: Equipment, ours: NDArray[np.float64], speech: Speech, name: str
) -> None:
    theirs = np.random.default_rng(1).normal(0, 15, ours.size)
    voice = np.frombuffer(speech(name), "<i2").astype(float)
    theirs[2 * RATE : 2 * RATE + voice.size] += voice[: theirs.size - 2 * RATE]
    guarded, plain = (beginnings(equipment, ours, theirs, guarded=one)[0] for one in (True, False))
    assert guarded - plain <= 0.04


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_caller_is_heard_over_our_own_voice(
    equipment: Equipment, ours: NDArray[np.float64], speech: Speech, seed: int
) -> None:
    back = echo_of(ours, seed, 0.1 * seed, -15.0)
    voice = np.frombuffer(speech("barge"), "<i2").astype(float)
    voice *= level(back) / level(voice) * 10 ** (12 / 20)
    first = 3 * RATE
    theirs = back.copy()
    theirs[first : first + voice.size] += voice[: theirs.size - first]
    assert 3.0 < beginnings(equipment, ours, theirs)[0] < 3.4


def test_a_call_on_a_loudspeaker_is_not_interrupted_by_itself(equipment: Equipment, recorded: dict[str, Pcm]) -> None:
    class Speaking(RoteHost):
        async def speak(self, say: Say) -> AsyncIterator[Part]:
            self.spoken.append(say.text)
            yield Part(recorded["answer"])

    async def doing() -> None:
        leg = FakeLeg()
        async with Opened(equipment, Speaking(), leg, opening=("أهلا.",)) as scene:
            while scene.leg.now < 9.0:
                await scene.say(heard_back(leg))
        assert leg.clears == []
        assert scene.host.outcome is not None
        assert scene.host.outcome.metrics["echo"] == 1.0
        assert scene.host.heard == []

    run(doing())


def heard_back(leg: FakeLeg) -> bytes:
    """What the microphone beside the loudspeaker hears in this frame: what was played 0.1 s ago, softer."""
    at, sound = leg.now - 0.1, np.zeros(int(FRAME * RATE))
    for begins, pcm in leg.played_at:
        first = round((begins - at) * RATE)
        if -sound.size < first < sound.size:
            piece = np.frombuffer(pcm, "<i2")[max(0, -first) : sound.size - first] * 0.2
            sound[max(0, first) : max(0, first) + piece.size] += piece
    return (sound + np.random.default_rng(abs(round(at * 100))).normal(0, 10, sound.size)).astype("<i2").tobytes()
