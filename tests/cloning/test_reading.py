"""The sentence of consent is checked by its words, with patience for recognisers and none for refusals."""

from __future__ import annotations

from datetime import date
from secrets import SystemRandom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.cloning import consent
from core_pipeline.cloning.consent import SCOPES, WORDS, Asked, sentence_for, wording
from core_pipeline.cloning.reading import WORD_ALIKE, compare
from core_pipeline.engines.asr.demo.engine import DemoAsr
from core_pipeline.engines.asr.demo.train.grammar import lines
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.pcm import add_noise
from errors import Impossible
from tests.cloning.people import MAN, say

TODAY = date(2026, 3, 5)
DICE = consent.dice  # before tests bring their own


def asked(language: str = "ar", scope: str = "answers", **given: object) -> Asked:
    names = ("مطعم اللؤلؤة", "خالد يوسف") if language == "ar" else ("The Pearl", "John Smith")
    return sentence_for(language, *names, scope, TODAY, **given)  # type: ignore[arg-type]  # only `words` is passed


def test_nobody_can_foresee_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(DICE, SystemRandom)
    monkeypatch.setattr(consent, "dice", DICE)
    assert len({asked().words for _ in range(20)}) == 20


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("scope", SCOPES)
class TestText:
    def test_the_sentence_as_it_is_written_is_read(self, language: str, scope: str) -> None:
        shown = asked(language, scope)
        read = compare(shown, shown.sentence, language)
        assert (read.agree, read.words, read.refused) == (1.0, 1.0, False)

    def test_it_names_who_and_when_and_ends_in_the_words(self, language: str, scope: str) -> None:
        shown = asked(language, scope)
        for part in ("2026", *(("خالد يوسف", "مطعم اللؤلؤة") if language == "ar" else ("John Smith", "The Pearl"))):
            assert part in shown.sentence
        assert shown.agree in shown.sentence
        assert shown.sentence.rstrip(".").endswith(shown.words[-1])

    def test_other_words_are_not_the_words(self, language: str, scope: str) -> None:
        every = wording()[language]["words"]
        shown, before = asked(language, scope, words=every[:WORDS]), asked(language, scope, words=every[WORDS:12])
        assert not compare(shown, before.sentence, language).confirmed

    def test_the_words_in_another_order_are_not_enough(self, language: str, scope: str) -> None:
        shown = asked(language, scope)
        turned = asked(language, scope, words=shown.words[::-1])
        assert not compare(shown, turned.sentence, language).confirmed

    def test_the_words_alone_are_no_consent(self, language: str, scope: str) -> None:
        shown = asked(language, scope)
        assert not compare(shown, " ".join(shown.words), language).agreed


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("أوافق على", "لا أوافق على"),
        ("أوافق على", "لست موافقا على"),
        ("أوافق على", "أرفض"),
        ("أوافق على", "ما أوافق على"),
    ],
)
def test_a_refusal_is_no_consent_in_arabic(said: str, instead: str) -> None:
    shown = asked()
    assert not compare(shown, shown.sentence.replace(said, instead), "ar").agreed


@pytest.mark.parametrize("instead", ["I do not agree", "I don't agree", "I disagree", "I never agree", "I refuse"])
def test_a_refusal_is_no_consent_in_english(instead: str) -> None:
    shown = asked("en")
    read = compare(shown, shown.sentence.replace("I agree", instead), "en")
    assert read.refused
    assert not read.agreed


def test_letters_run_together_or_changed_round_still_count_for_their_word() -> None:
    shown = asked(words=["فستان", "مدرسة", "بطاقة", "أخضر", "رمضان", "حديقة"])
    heard = f"{shown.agree} كلمات التأكيد ثستان أ مدرة سبطاقأخز أرمضان حديقة"
    assert compare(shown, heard, "ar").confirmed


def test_digits_and_spelling_do_not_matter() -> None:
    shown = asked(words=["قهوة", "ثلاثة", "خمسة", "مدرسة", "ثمانية", "عشرين"])
    heard = "انا خالد يوسف اوافق علي استخدام صوتي في الرد علي العملاء كلمات التاكيد قهوه 3 5 مدرسه 8 20"
    read = compare(shown, heard, "ar")
    assert read.agreed
    assert read.confirmed


@given(st.text(max_size=300), st.sampled_from(["ar", "en"]))
def test_nothing_else_is_consent_and_nothing_breaks_it(heard: str, language: str) -> None:
    read = compare(asked(language), heard, language)
    assert not (read.agreed and read.confirmed)
    assert 0 <= read.agree <= 1
    assert 0 <= read.words <= 1


@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_word_of_the_list_is_taken_for_another(language: str) -> None:
    words = wording()[language]["words"]
    assert len(set(words)) == len(words) >= 36
    for word in words:
        for other in set(words) - {word}:
            single = Asked("", "abracadabra", (word,))
            assert compare(single, other, language).words == 0.0, (word, other, WORD_ALIKE)


def test_fresh_words_are_drawn_each_time() -> None:
    assert len({asked().words for _ in range(50)}) > 45


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("fr", "b", "s", "answers"), "consent-language"),
        (("ar", "b", "s", "world"), "consent-scope"),
        (("ar", " ", "s", "answers"), "consent-names"),
        (("ar", "b", "", "answers"), "consent-names"),
        (("ar", "b", "s" * 81, "answers"), "consent-names"),
    ],
)
def test_what_cannot_be_asked_is_refused(given: tuple[str, str, str, str], code: str) -> None:
    with pytest.raises(Impossible, match=code):
        sentence_for(*given, TODAY)


READERS = (MAN, "ar+f5", "ar+zac", "ar+grandpa")


def drawn(reader: str, scope: str) -> list[str]:
    """Six words of the list; all readers and scopes together go once through the whole list."""
    every = wording()["ar"]["words"]
    begin = WORDS * (READERS.index(reader) * len(SCOPES) + SCOPES.index(scope))
    return [every[place % len(every)] for place in range(begin, begin + WORDS)]


def test_every_word_of_the_list_is_read() -> None:
    assert {word for reader in READERS for scope in SCOPES for word in drawn(reader, scope)} == set(
        wording()["ar"]["words"]
    )


@pytest.mark.parametrize("voice", READERS)
async def test_the_demo_recogniser_hears_it_in_noise(tts: EspeakTts, asr: DemoAsr, voice: str) -> None:
    for scope in SCOPES:
        shown = asked(scope=scope, words=drawn(voice, scope))
        heard = await asr.transcribe(add_noise(await say(tts, shown.sentence, voice), 20, 1))
        read = compare(shown, heard.text, "ar")
        assert read.agreed, heard.text
        assert read.confirmed, heard.text
        assert not compare(asked(scope=scope), heard.text, "ar").confirmed


async def test_the_demo_recogniser_hears_a_refusal(tts: EspeakTts, asr: DemoAsr) -> None:
    shown = asked()
    heard = await asr.transcribe(await say(tts, shown.sentence.replace("أوافق", "لا أوافق"), MAN))
    assert compare(shown, heard.text, "ar").refused


def test_a_customers_questions_are_no_consent() -> None:
    every = lines("heldout.txt")
    for start in range(0, len(every) - 4, 4):
        read = compare(asked(), " ".join(every[start : start + 4]), "ar")
        assert not read.agreed
        assert not read.confirmed
