from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.normalise import latin_digits, normalise


def test_one_spelling_for_many() -> None:
    assert normalise("السَّلامُ عَلَيْكُم") == "السلام عليكم"
    assert normalise("أإآٱ ى ة ؤ ئ") == "اااا ي ه و ي"
    assert normalise("مـــرحبا\u200f\u202b") == "مرحبا"
    assert normalise("Café ١٢۳") == "cafe 123"
    assert normalise("ﻻ") == "لا"


def test_digits_of_every_script_and_arabic_separators() -> None:
    assert latin_digits("٣٫٥ و ١٬٢٠٠ و ۹۹٪ و ४") == "3.5 و 1,200 و 99% و 4"


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
