"""Ears hear the same however the sound is cut; what turns rates, collects keys and judges endings keeps its promise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.calls.ears import Began, Ears, Notice, Paused
from core_pipeline.calls.endings import patience
from core_pipeline.calls.equipment import Equipment
from core_pipeline.calls.keypad import Keypad
from core_pipeline.calls.lag import Lag
from core_pipeline.calls.rates import Stream
from tests.calls.loop.scene import noise, tone

Speech = Callable[..., bytes]


def heard(equipment: Equipment, sound: bytes, rate: int, cuts: list[int]) -> list[Notice]:
    ears = Ears(equipment.voices, rate)
    places = [0, *sorted({cut % len(sound) for cut in cuts}), len(sound)]
    return [notice for one, other in pairwise(places) for notice in ears.feed(sound[one:other])[1]]


@pytest.fixture(scope="session")
def sounds(speech: Speech) -> dict[int, bytes]:
    return {
        rate: noise(0.6, rate) + speech("short", rate) + noise(0.8, rate) + speech("barge", rate) + noise(0.5, rate)
        for rate in (8_000, 16_000, 24_000, 48_000)
    }


@pytest.fixture(scope="session")
def whole(equipment: Equipment, sounds: dict[int, bytes]) -> dict[int, list[Notice]]:
    return {rate: heard(equipment, sound, rate, []) for rate, sound in sounds.items()}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_ears_hear_the_same_wherever_the_sound_is_cut(
    equipment: Equipment, sounds: dict[int, bytes], whole: dict[int, list[Notice]], data: st.DataObject
) -> None:
    rate = data.draw(st.sampled_from([8_000, 48_000]))
    cuts = data.draw(st.lists(st.integers(0, 10**7), max_size=60))
    assert heard(equipment, sounds[rate], rate, cuts) == whole[rate]


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_all_rates_hear_the_two_utterances(whole: dict[int, list[Notice]], speech: Speech, rate: int) -> None:
    notices = whole[rate]
    at = 8_000 if rate == 8_000 else 16_000
    assert isinstance(notices[0], Began)
    assert 0.55 < notices[0].at / at < 0.85
    assert isinstance(notices[-1], Paused)
    assert [type(one) for one in notices] == [Began, Paused] * (len(notices) // 2)
    said = [len(one.speech) / 2 / at for one in notices if isinstance(one, Paused)]
    assert sum(said) > 0.8 * len(speech("barge")) / 2 / 8_000


def test_nothing_is_heard_in_noise_for_a_minute(equipment: Equipment) -> None:
    assert heard(equipment, noise(60.0, 8_000, 60.0), 8_000, []) == []


def test_a_quiet_caller_is_heard(equipment: Equipment, speech: Speech) -> None:
    loud = np.frombuffer(speech("question"), "<i2")
    quiet = (loud / np.sqrt(np.mean(loud.astype(float) ** 2)) * 32_768 * 10 ** (-36 / 20)).astype("<i2").tobytes()
    assert isinstance(heard(equipment, noise(0.5, 8_000, 5.0) + quiet + noise(0.5, 8_000, 5.0), 8_000, [])[0], Began)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(22_050, 8_000), (24_000, 48_000), (48_000, 16_000), (16_000, 8_000), (8_000, 8_000)]),
    st.binary(max_size=6_000),
    st.lists(st.integers(0, 6_000), max_size=12),
)
def test_a_stream_at_another_rate_has_no_seams(rates: tuple[int, int], sound: bytes, cuts: list[int]) -> None:
    sound = sound[: len(sound) // 2 * 2]
    at_once = Stream(*rates)
    wanted = at_once.feed(sound) + at_once.flush()
    pieces = Stream(*rates)
    places = [0, *sorted({cut % (len(sound) + 1) for cut in cuts}), len(sound)]
    made = b"".join(pieces.feed(sound[one:other]) for one, other in pairwise(places)) + pieces.flush()
    one, other = np.frombuffer(wanted, "<i2").astype(int), np.frombuffer(made, "<i2").astype(int)
    assert len(wanted) // 2 == -(-len(sound) // 2 * rates[1] // rates[0])
    assert one.size == other.size
    assert np.abs(one - other).max(initial=0) <= 1  # sums in another order


@pytest.mark.parametrize(("source", "target"), [(22_050, 8_000), (24_000, 48_000), (48_000, 16_000), (22_050, 48_000)])
def test_what_both_rates_can_hold_passes_and_nothing_else_does(source: int, target: int) -> None:
    def through(pitch: float) -> np.ndarray:
        stream = Stream(source, target)
        made = stream.feed(tone(1.0, source, pitch=pitch).data) + stream.flush()
        return np.frombuffer(made, "<i2").astype(float)

    same = np.frombuffer(tone(1.0, target, pitch=1000.0).data, "<i2").astype(float)
    middle = slice(target // 10, -target // 10)
    assert np.abs(through(1000.0) - same)[middle].max() < 8
    if target < source:
        assert np.abs(through(target * 0.56))[middle].max() < 8


def test_keys_are_complete_when_nothing_longer_may_come() -> None:
    pad = Keypad(frozenset({"0", "1", "12", "*#"}), 5)
    assert pad.press("0") == "0"
    assert pad.press("1") is None
    assert pad.press("2") == "12"
    assert pad.press("1") is None
    assert pad.press("#") == "1"
    assert pad.press("*") is None
    assert pad.press("#") == "*#"
    assert [pad.press(digit) for digit in "34567"] == [None] * 4 + ["34567"]
    assert not pad.waiting
    assert pad.press("#") == "#"
    assert pad.take() == ""


@given(st.text("0123456789*#", max_size=60), st.frozensets(st.text("0123456789*#", min_size=1, max_size=4)))
def test_no_key_is_lost(keys: str, known: frozenset[str]) -> None:
    pad = Keypad(known, 8)
    taken = [digits for key in keys if (digits := pad.press(key)) is not None]
    taken.append(pad.take())
    assert "".join(taken).replace("#", "") == keys.replace("#", "")
    assert all(len(digits) <= 8 for digits in taken)


@pytest.mark.parametrize(
    "text", ["أريد أن أسأل عن", "بدي أعرف لأنّ", "ممكن", "حسناً، و", "I would like to", "because", "طلبي،", "and so…"]
)
def test_who_has_not_finished_is_given_time(text: str) -> None:
    assert patience(text, 0.5) == pytest.approx(1.2)


@pytest.mark.parametrize("text", ["رقمي 0 5 5", "صفر خمسة وستة", "my number is four five", "٠٥٥"])
def test_who_dictates_figures_is_given_time(text: str) -> None:
    assert patience(text, 0.5) == pytest.approx(1.2)
    assert patience(text, 2.0) == pytest.approx(2.0)


@pytest.mark.parametrize("text", ["", "أين طلبي؟", "شكرا", "كم سعر الكنافة", "where is my order", "بدي خمسة"])
def test_who_has_finished_is_answered(text: str) -> None:
    assert patience(text, 0.5) == 0.5


def test_delays_are_counted_from_where_one_began_to_look() -> None:
    lag = Lag()
    since = lag.counts()
    assert lag.p95(since) == 0.0
    for late in [1] * 96 + [9] * 4:
        lag.note(late / 1000)
    assert lag.p95(since) == 1.0
    for _ in range(10):
        lag.note(0.04)
    assert lag.p95(since) == 40.0
