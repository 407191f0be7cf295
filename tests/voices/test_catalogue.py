"""Every folder on the shelf is a voice that an engine has; and a tenant's choice means one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.engines.catalogue import discover
from core_pipeline.engines.tts.espeak.native import variants
from errors import Impossible, NeedsOwner
from voices.catalogue import SHELF, Chosen, Voice, catalogue, find, is_clone, resolve

VOICES = [pytest.param(voice, id=slug) for slug, voice in catalogue().items()]


def test_every_folder_is_found() -> None:
    folders = {entry.name for entry in SHELF.iterdir() if entry.is_dir() and entry.name != "__pycache__"}
    assert folders == set(catalogue())
    assert len(folders) >= 7


@pytest.mark.parametrize("voice", VOICES)
class TestVoice:
    def test_it_says_what_it_is_in_both_languages(self, voice: Voice) -> None:
        assert voice.name.keys() == {"ar", "en"}
        assert all(voice.name.values())
        assert len(voice.licence) > 5
        assert voice.style

    def test_it_has_a_sentence_for_each_of_its_languages_and_no_other(self, voice: Voice) -> None:
        assert voice.sample.keys() == voice.languages
        assert all(len(sentence) > 15 for sentence in voice.sample.values())

    def test_its_engine_speaks_these_languages(self, voice: Voice) -> None:
        spec = discover().get(("tts", voice.engine))
        assert spec is not None
        assert voice.languages <= spec.languages

    def test_an_embedded_voice_is_one_that_the_wheel_has(self, voice: Voice) -> None:
        _, _, variant = voice.voice.partition("+")
        assert voice.engine != "espeak" or not variant or variant in variants()

    def test_its_folder_holds_its_manifest_only(self, voice: Voice) -> None:
        assert [file.name for file in (SHELF / voice.slug).iterdir()] == ["voice.toml"]

    def test_the_slug_chooses_it(self, voice: Voice) -> None:
        assert find(voice.slug) is voice
        for language in voice.languages:
            assert resolve(voice.slug, language) == Chosen(voice.engine, voice.voice)


def test_arabic_and_english_have_men_and_women() -> None:
    for language in ("ar", "en"):
        assert {one.gender for one in catalogue().values() if language in one.languages} == {"woman", "man"}


@pytest.mark.parametrize(
    ("choice", "means"),
    [
        (None, Chosen()),
        ("", Chosen()),
        ("clone:4f", Chosen(clone_id="4f")),
        ("espeak:ar+f3", Chosen("espeak", "ar+f3")),
        ("piper:", Chosen("piper")),
        ("ar+f3", Chosen(voice="ar+f3")),
        ("embedded-woman", Chosen("espeak", "ar+f1")),
    ],
)
def test_what_a_choice_means(choice: str | None, means: Chosen) -> None:
    assert resolve(choice, "ar") == means
    assert is_clone(choice) == (means.clone_id is not None)


def test_a_voice_for_a_language_it_does_not_speak_is_refused_and_others_are_named() -> None:
    with pytest.raises(NeedsOwner, match="embedded-woman"):
        resolve("kareem", "en")


def test_an_unknown_slug_names_those_there_are() -> None:
    with pytest.raises(Impossible, match="embedded-man"):
        find("nobody")


@given(st.text(max_size=40), st.sampled_from(["ar", "en"]))
def test_any_text_means_something(choice: str, language: str) -> None:
    chosen = resolve(choice, language)
    assert (chosen.clone_id is not None) == is_clone(choice)
