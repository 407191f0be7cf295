"""Captions are read in the right order, set as Arabic is set, lit word by word, and never over the mouth."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.contracts.engines import Word
from core_pipeline.contracts.faces import Shape
from core_pipeline.media.film.captions import Captions, Overlay, blend
from core_pipeline.media.film.lettering import FILE
from tests.film.lettering import SQUARE, STEP, box, cut, likeness, lit, outlined, overlays, places, plain, words

ARABIC = "أهلاً وسهلاً بكم في متجرنا"
MOUTH = (205.0, 330.0, 102.0, 77.0)


def test_arabic_words_run_from_right_to_left() -> None:
    found = places(ARABIC)
    assert len({line for line, _ in found}) == 1
    xs = [x for _, x in found]
    assert len(xs) == 5
    assert all(left > right for left, right in itertools.pairwise(xs))


def test_english_words_run_from_left_to_right() -> None:
    xs = [x for _, x in places("Welcome to our shop", "en")]
    assert len(xs) == 4
    assert xs == sorted(xs)


@pytest.mark.parametrize("text", ["مرحباً", "متجرنا", "السلام", "لا", "والخدمات"])
def test_letters_join_as_a_shaper_joins_them(text: str) -> None:
    (overlay,) = overlays(text)
    assert likeness(cut(lit(overlay)), cut(outlined(text, 28.16, "rtl"))) > 0.9
    apart = outlined("\u200c".join(text), 28.16, "rtl")
    assert likeness(cut(lit(overlay)), cut(apart)) < 0.6


@pytest.mark.parametrize("figures", ["055-1234567", "٠٥٥-١٢٣٤٥٦٧", "12/03/2026", "+966", "٣٬٤٩٩", "15%", "10:30"])
def test_figures_are_read_from_left_to_right_in_arabic(figures: str) -> None:
    """The same figures, set from left to right by the shaper alone, look the same."""
    overlay = overlays(f"الرقم {figures} عندنا")[1]
    assert likeness(cut(lit(overlay)), cut(outlined(figures, 28.16, "ltr"))) > 0.9


def test_latin_words_in_arabic_keep_their_order() -> None:
    (_, first), (_, whats), (_, business), (_, last) = places("عندنا WhatsApp Business الآن")
    assert first > business > whats > last


def test_figures_after_a_latin_word_stay_with_it() -> None:
    (_, first), (_, phone), (_, number), (_, pro), (_, last) = places("جهاز iPhone 15 Pro متوفر")
    assert first > pro > number > phone > last


def test_a_stop_after_a_latin_word_ends_the_line_at_its_left() -> None:
    overlay = overlays("نستخدم WhatsApp.")[1]
    with_stop, without = box(lit(overlay)), box(lit(overlays("نستخدم WhatsApp")[1]))
    assert with_stop[2] - with_stop[0] > without[2] - without[0]
    dot = cut(lit(overlay))[:, :4]
    assert not dot[: dot.shape[0] // 2].any()


def test_brackets_around_a_latin_word_open_at_the_right() -> None:
    mask = cut(lit(overlays("تطبيق (WhatsApp) هنا")[1]))
    right, wrong = (likeness(mask, cut(outlined(text, 28.16, "ltr"))) for text in ("(WhatsApp)", ")WhatsApp("))
    assert right > 0.95 > wrong


def test_arabic_in_english_keeps_its_order() -> None:
    (_, we), (_, say), (_, hello), (_, all_), (_, often) = places("We say مرحبا بكم often", "en")
    assert we < say < all_ < hello < often


@pytest.mark.parametrize(
    "text", ["أهلاً 😀", "😀 أهلاً", "أ\u202eهلاً", "أهلاً\u0000", "أهلاً 漢字", "أهلاً 👩‍👩‍👧 🇸🇦"], ids=ascii
)
def test_what_the_font_does_not_know_is_left_out(text: str) -> None:
    clean = "".join(letter for letter in text if "\u0600" <= letter <= "\u06ff")
    captions = Captions(words(text), SQUARE, "ar", None)
    (reference,) = overlays(clean)
    overlay = next(found for found in map(captions.over, np.arange(0.0, 1.0, 0.1)) if found is not None)
    shown = lit(overlay) | plain(overlay)
    assert likeness(cut(shown), cut(lit(reference))) > 0.98


def test_nothing_to_say_is_nothing_to_see() -> None:
    for text in ("", "😀", "\u200f \u202b", "..."):
        captions = Captions([Word(text, 0.0, 1.0)], SQUARE, "ar", None)
        assert captions.over(0.5) is None
    assert Captions([], SQUARE, "ar", None).over(0.0) is None


@pytest.mark.parametrize("word", ["ا" * 80, "W" * 60, "https://example.com/" + "a" * 90])
def test_a_word_too_long_for_a_line_stays_in_the_picture(word: str) -> None:
    (overlay,) = overlays(word)
    assert overlay.x >= 0
    assert overlay.x + overlay.rgba.shape[1] <= 512
    assert lit(overlay).any()


def test_marks_of_markup_are_letters() -> None:
    (overlay,) = overlays('<b>&amp;"x"</b>', "en")
    assert likeness(cut(lit(overlay)), cut(outlined('<b>&amp;"x"</b>', 28.16, "ltr"))) > 0.9


def test_words_light_up_one_after_the_other_and_the_picture_is_kept() -> None:
    captions = Captions(words(ARABIC), SQUARE, "ar", None)
    first, again, second = captions.over(0.1), captions.over(0.3), captions.over(STEP + 0.1)
    assert first is again
    assert first is not None
    assert second is not None
    assert not (lit(first) & lit(second)).any()
    assert (first.rgba[..., 3] == second.rgba[..., 3]).all()


def test_captions_drawn_at_once_are_those_drawn_alone() -> None:
    texts = [f"{ARABIC} {number}" for number in range(6)]
    alone = [overlays(text) for text in texts]
    with ThreadPoolExecutor(6) as threads:
        together = list(threads.map(overlays, texts))
    for one, other in zip(alone, together, strict=True):
        assert all(np.array_equal(a.rgba, b.rgba) for a, b in zip(one, other, strict=True))


def test_cards_come_and_go_with_the_words() -> None:
    spoken = [Word("أهلاً.", 1.0, 1.4), Word("نعم", 4.0, 4.5)]
    captions = Captions(spoken, SQUARE, "ar", None)
    shown = [captions.over(time) is not None for time in (0.5, 0.95, 1.2, 1.9, 2.5, 3.8, 3.95, 5.0, 6.0)]
    assert shown == [False, True, True, True, False, False, True, True, False]


def test_a_card_ends_with_the_sentence() -> None:
    (first, _), (second, _) = places("أهلاً. نعم")
    assert first == second
    one, two = overlays("أهلاً. نعم")
    assert not plain(one).any()
    assert not plain(two).any()


def test_lines_are_filled_alike_and_two_at_most() -> None:
    text = "نحن سعداء جداً بتواصلكم معنا اليوم وسوف نجيبكم عن كل سؤال تطرحونه علينا في أقرب وقت ممكن"
    found = overlays(text)
    assert len(found) == len(text.split())
    for overlay in found:
        rows = (lit(overlay) | plain(overlay)).any(axis=0)
        assert overlay.rgba.shape[0] <= 28.16 * 3.6
        assert rows.any()


SHAPES = st.sampled_from([Shape(512, 512), Shape(640, 640), Shape(540, 960), Shape(1080, 1920), Shape(256, 256)])


@given(
    shape=SHAPES,
    left=st.floats(0.0, 0.7),
    top=st.floats(-0.1, 0.95),
    size=st.tuples(st.floats(0.05, 0.5), st.floats(0.02, 0.6)),
    circular=st.booleans(),
)
def test_the_mouth_is_never_covered(
    shape: Shape, left: float, top: float, size: tuple[float, float], circular: bool
) -> None:
    mouth = (left * shape.width, top * shape.height, size[0] * shape.width, size[1] * shape.height)
    captions = Captions([Word("أهلاً", 0.0, 1.0)], shape, "ar", mouth, circular=circular)
    overlay = captions.over(0.5)
    if overlay is None:
        assert mouth[3] > shape.height * 0.3 or circular  # only then is there no place
        return
    high, width = overlay.rgba.shape[:2]
    assert overlay.y >= mouth[1] + mouth[3] or overlay.y + high <= mouth[1]
    assert overlay.x >= 0
    assert overlay.y >= 0
    assert overlay.x + width <= shape.width
    assert overlay.y + high <= shape.height


def test_under_the_mouth_is_best_and_above_it_where_that_is_too_low() -> None:
    under = Captions(words(ARABIC), SQUARE, "ar", MOUTH).over(0.1)
    above = Captions(words(ARABIC), SQUARE, "ar", (205.0, 380.0, 102.0, 110.0)).over(0.1)
    assert under is not None
    assert above is not None
    assert under.y >= MOUTH[1] + MOUTH[3]
    assert above.y + above.rgba.shape[0] <= 380


@pytest.mark.parametrize("mouth", [(250.0, 400.0, 140.0, 100.0), (250.0, 120.0, 140.0, 80.0), None], ids=str)
def test_round_pictures_keep_captions_within_the_circle(mouth: tuple[float, float, float, float] | None) -> None:
    text = "نحن سعداء جداً بتواصلكم معنا اليوم وسوف نجيبكم عن كل سؤال"
    captions = Captions(words(text), Shape(640, 640), "ar", mouth, circular=True)
    for number in range(len(text.split())):
        overlay = captions.over((number + 0.5) * STEP)
        assert overlay is not None
        high, width = overlay.rgba.shape[:2]
        for x, y in itertools.product((overlay.x, overlay.x + width), (overlay.y, overlay.y + high)):
            assert np.hypot(x - 320, y - 320) <= 320


def test_blending_lays_the_overlay_over() -> None:
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[0] = (255, 215, 94, 255)
    rgba[1] = (50, 0, 0, 127)
    for channels in (3, 4):
        frame = np.full((5, 6, channels), 200, np.uint8)
        blend(frame, Overlay(2, 1, rgba))
        assert frame[1, 2:5, :3].tolist() == [[255, 215, 94]] * 3
        assert frame[2, 2:5, :3].tolist() == [[150, 100, 100]] * 3
        untouched = np.ones((5, 6), bool)
        untouched[1:3, 2:5] = False
        assert (frame[untouched] == 200).all()


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (0, -1), (4, 0), (0, 4)])
def test_an_overlay_beyond_the_picture_is_an_error(x: int, y: int) -> None:
    with pytest.raises(ValueError, match="beyond"):
        blend(np.zeros((5, 6, 4), np.uint8), Overlay(x, y, np.zeros((2, 3, 4), np.uint8)))


@given(st.lists(st.text(max_size=12), max_size=12), st.sampled_from(["ar", "en"]))
def test_any_words_can_be_captions(texts: list[str], language: str) -> None:
    spoken = [Word(text, number * 0.2, number * 0.2 + 0.2) for number, text in enumerate(texts)]
    captions = Captions(spoken, Shape(256, 256), language, None)
    for number in range(len(texts)):
        overlay = captions.over(number * 0.2 + 0.1)
        assert overlay is None or overlay.rgba.shape[2] == 4


def test_the_font_may_be_used_and_says_so() -> None:
    licence = Path(FILE).with_name("OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Noto" in licence
