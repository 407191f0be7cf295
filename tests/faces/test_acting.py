"""What a face does while it speaks: visemes, curves of the lips, motion that joins, feelings that differ."""

from __future__ import annotations

import string
from dataclasses import astuple
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Pcm, Word
from core_pipeline.contracts.faces import EMOTIONS, Emotion, Face, Scene, Shape
from core_pipeline.engines.acting.emotions import MOODS
from core_pipeline.engines.acting.heard import from_sound, hear
from core_pipeline.engines.acting.motion import MANNERS, moment
from core_pipeline.engines.acting.performance import Performance, posed
from core_pipeline.engines.acting.pose import Mood, Pose
from core_pipeline.engines.acting.track import HZ, from_phonemes
from core_pipeline.engines.acting.visemes import PARTS, VISEMES, sounds

NOBODY = Face("nobody", "illustrated", {})
# What espeak-ng says in Arabic and English; throat sounds, emphatics, affricates and diphthongs among them.
ARABIC = "a i u aː iː uː b t θ dʒ ħ χ d ð r z s ʃ sˤ dˤ tˤ ðˤ ʕ ɣ f q k l m n h w j ʔ s̪ t̪ lˤ".split()  # noqa: SIM905 - read as a row of sounds
ENGLISH = "æ ɑː ʌ ə ɚ ɜː ɛ ɪ ᵻ iː ɔː ɔɪ ʊ uː aɪ aʊ eɪ oʊ p b t d k ɡ tʃ f v θ ð s z ʃ ʒ h m n ŋ l əl ɹ ɾ w j".split()  # noqa: SIM905


def scene(speech: Pcm, **more: object) -> Scene:
    return Scene(NOBODY, "square", Shape(64, 64), speech, **more)  # type: ignore[arg-type] # whatever a test varies


def tone(seconds: float, rate: int = 16_000, hertz: float = 220.0) -> Pcm:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate) * 9000
    return Pcm(wave.astype("<i2").tobytes(), rate)


def silence(seconds: float, rate: int = 16_000) -> Pcm:
    return Pcm(bytes(2 * int(seconds * rate)), rate)


@pytest.mark.parametrize("phoneme", ARABIC + ENGLISH)
def test_every_phoneme_of_both_languages_moves_the_lips(phoneme: str) -> None:
    targets = sounds(phoneme)
    assert targets
    assert all(astuple(sound.lips) != astuple(VISEMES["rest"]) for sound in targets)


def test_letters_that_no_table_knows_are_sounds_all_the_same() -> None:
    assert [sound.viseme for sound in sounds("ꞎ")] == ["K"]
    assert [sound.viseme for sound in sounds("Ə")] == [sound.viseme for sound in sounds("ə")]
    assert [sound.viseme for sound in sounds("ķ")] == ["K"]


@pytest.mark.parametrize("silent", ["", " ", "sil", "ˈ", "ː", "_", "|", "1"])
def test_pauses_and_marks_alone_are_no_sounds(silent: str) -> None:
    assert sounds(silent) == ()


def test_emphatic_sounds_are_rounder_and_affricates_are_one_sound() -> None:
    assert sounds("sˤ")[0].lips.pucker > sounds("s")[0].lips.pucker
    assert [sound.viseme for sound in sounds("dʒ")] == ["SH"]
    assert [sound.viseme for sound in sounds("aɪ")] == ["AA", "I"]


def test_the_visemes_differ() -> None:
    assert len(VISEMES) == 15
    for one, other in combinations(VISEMES.values(), 2):
        assert max(abs(a - b) for a, b in zip(astuple(one), astuple(other), strict=True)) > 0.1


def test_lips_shut_for_m_b_p_and_meet_the_teeth_for_f_v_in_every_picture_rate() -> None:
    said = [Word(text, 0.1 * at, 0.1 * (at + 1)) for at, text in enumerate("aː m aː b aː f aː p aː v aː".split())]  # noqa: SIM905
    track = from_phonemes(said, 1.2)
    for word in said:
        seen = [track.lips(time) for time in np.arange(word.start, word.end, 1 / 25)]
        if word.text in "mbp":
            assert min(lips.open for lips in seen) < 0.03
            assert max(lips.press for lips in seen) > 0.9
        if word.text in "fv":
            assert max(lips.tuck for lips in seen) > 0.9
        if word.text == "aː":
            assert max(lips.open for lips in seen) > 0.4


def test_throat_sounds_take_the_lips_of_the_vowels_beside_them() -> None:
    round_one = from_phonemes([Word("uː", 0, 0.2), Word("ħ", 0.2, 0.3), Word("uː", 0.3, 0.5)], 0.5).lips(0.25)
    wide_one = from_phonemes([Word("iː", 0, 0.2), Word("ħ", 0.2, 0.3), Word("iː", 0.3, 0.5)], 0.5).lips(0.25)
    assert round_one.pucker > 0.7
    assert wide_one.pucker < 0.2
    assert wide_one.spread > 0.5 > round_one.spread


def test_a_pause_rests_and_a_short_gap_does_not() -> None:
    long = from_phonemes([Word("a", 0, 0.2), Word("a", 0.7, 0.9)], 1.0)
    short = from_phonemes([Word("a", 0, 0.2), Word("a", 0.26, 0.5)], 1.0)
    assert long.lips(0.45).open < 0.02
    assert short.lips(0.22).open > 0.5


def test_the_jaw_falls_as_far_as_the_sound_is_loud() -> None:
    said = (Word("a", 0.0, 1.0), Word("a", 1.0, 2.0))
    loud_then_soft = Pcm(tone(1).data + (np.frombuffer(tone(1).data, "<i2") // 20).astype("<i2").tobytes(), 16_000)
    track = Performance(scene(loud_then_soft, phonemes=said)).track
    assert track.lips(0.5).open > 1.2 * track.lips(1.5).open > 0.3


@given(
    said=st.lists(
        st.builds(
            Word,
            st.one_of(st.text(max_size=4), st.sampled_from(ARABIC + ENGLISH)),
            st.floats(-2, 9) | st.sampled_from([float("nan"), float("inf"), -1e300]),
            st.floats(-2, 9) | st.sampled_from([float("nan"), float("-inf"), 1e300]),
        ),
        max_size=12,
    ),
    seconds=st.floats(0, 5),
)
def test_any_phonemes_at_any_times_make_lips_within_their_bounds(said: list[Word], seconds: float) -> None:
    curves = from_phonemes(said, seconds).curves
    assert curves.shape == (int(seconds * HZ) + 1, len(PARTS))
    assert np.isfinite(curves).all()
    assert curves.min() >= 0
    assert curves.max() <= 1


@given(
    data=st.binary(max_size=3000), rate=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 12_345, 997])
)
def test_any_sound_at_any_rate_makes_a_performance(data: bytes, rate: int) -> None:
    played = Performance(scene(Pcm(data, rate)))
    for number in range(4):
        pose = played.pose(number)
        assert all(0 <= part <= 1 for part in astuple(pose.lips))
        assert np.isfinite([pose.x, pose.y, pose.roll, pose.yaw, pose.lid, *pose.look]).all()


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_lips_from_sound_open_with_a_vowel_and_rest_in_silence(rate: int) -> None:
    vowel = np.sum([np.sin(2 * np.pi * hertz * np.arange(rate) / rate) for hertz in (180, 720, 1260)], axis=0)
    speech = Pcm(silence(0.5, rate).data + (vowel * 6000).astype("<i2").tobytes() + silence(0.5, rate).data, rate)
    track = from_sound(hear(speech))
    assert track.lips(1.0).open > 0.5
    assert max(track.lips(0.2).open, track.lips(1.8).open) < 0.05


def test_silence_alone_moves_no_lips() -> None:
    assert from_sound(hear(silence(1))).curves.max() < 1e-3


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_stretches_made_apart_move_as_one(emotion: Emotion) -> None:
    words = tuple(Word("ˈa", 0.02 + 0.2 * at, 0.18 + 0.2 * at) for at in range(10))
    loud = tone(2.0)
    first = Performance(scene(loud, phonemes=words, emotion=emotion, seed=7))
    second = Performance(scene(loud, phonemes=words, emotion=emotion, seed=7, first=50))
    film = [first.pose(number) for number in range(50)] + [second.pose(number) for number in range(50)]
    steps = np.abs(np.diff([[pose.x, pose.y, pose.roll, 8 * pose.yaw] for pose in film], axis=0)).max(axis=1)
    assert steps[49] <= np.percentile(steps, 90) + 0.05
    assert max(abs(film[at].y - posed(emotion, 7, (at + 0.5) / 25).y) for at in (0, 49, 50, 99)) < 0.15


def test_a_stretch_in_the_middle_is_what_the_whole_film_shows_there() -> None:
    whole, part = Performance(scene(silence(4), seed=3)), Performance(scene(silence(1), seed=3, first=50))
    assert [whole.pose(50 + number) for number in range(25)] == [part.pose(number) for number in range(25)]


def test_seeds_move_differently_and_the_same_seed_the_same() -> None:
    one, again, other = (
        [posed("neutral", seed, time / 5) for time in range(40)] for seed in (11, 11, 12)
    )  # fmt: skip
    assert one == again != other


@pytest.mark.parametrize("seed", [0, 1, -5, 2**70])
def test_eyes_blink_as_people_do_and_look_at_the_viewer_most_of_the_time(seed: int) -> None:
    moments = [moment(seed, time / 50, MANNERS["neutral"]) for time in range(50 * 60)]
    shut = [now.lid > 0.9 for now in moments]
    blinks = sum(later and not sooner for sooner, later in pairwise(shut))
    assert 12 <= blinks <= 30
    assert np.mean(shut) < 0.08
    assert np.mean([abs(now.look[0]) < 0.05 for now in moments]) > 0.45
    assert max(abs(now.look[0]) for now in moments) > 0.25


def test_the_head_stays_where_the_art_allows() -> None:
    for emotion in EMOTIONS:
        for seed in range(4):
            for time in range(0, 600, 3):
                pose = posed(emotion, seed, time / 10)
                assert abs(pose.x) <= 10
                assert abs(pose.roll) <= 6
                assert -4 <= pose.y <= 11


def test_stressed_sounds_nod_and_lift_the_brows() -> None:
    said = (Word("a", 0.2, 0.8), Word("ˈa", 1.0, 1.6))
    played, quiet = Performance(scene(tone(2.5), phonemes=said)), Performance(scene(silence(2.5)))
    nods = [played.pose(number).y - quiet.pose(number).y for number in range(60)]
    brows = [played.pose(number).mood.raised - quiet.pose(number).mood.raised for number in range(60)]
    assert 24 <= int(np.argmax(nods)) <= 30
    assert max(nods) > 2
    assert max(brows) > 0.15


def test_feelings_differ_from_one_another_in_more_than_one_part() -> None:
    for one, other in combinations(EMOTIONS, 2):
        apart = [abs(a - b) for a, b in zip(astuple(MOODS[one]), astuple(MOODS[other]), strict=True)]
        assert sum(part > 0.2 for part in apart) >= 2, (one, other)


def test_a_smile_parts_the_lips_but_never_where_a_sound_shuts_them() -> None:
    smiling = Pose(mood=Mood(parted=1.0))
    assert smiling.mouth.open > 0.1
    assert smiling.saying(VISEMES["MBP"]).mouth.open == 0
    assert smiling.saying(VISEMES["AA"]).mouth.open >= VISEMES["AA"].open


def test_thanks_bow_and_nearly_close_the_eyes() -> None:
    poses = [posed("thankful", 2, time / 25) for time in range(250)]
    deepest = max(poses, key=lambda pose: pose.y)
    assert deepest.lid > 0.7
    assert deepest.y - min(pose.y for pose in poses) > 4


def test_names_of_letters_never_crash_the_table() -> None:
    for letter in string.printable:
        assert isinstance(sounds(letter), tuple)
