import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("متى تفتحون؟", "ar"),
        ("When do you open?", "en"),
        ("fein el mat3am", "ar"),
        ("عايز pizza margherita كبيرة من غير جبنة", "ar"),
        ("I would like two portions of كشري please", "en"),
        ("delivery بكام", "ar"),
        ("شوف https://example.com/a-long-english-address", "ar"),
        ("ﻣﺮﺣﺒﺎ", "ar"),
    ],
)
def test_the_language_of_most_words(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "   ", "😀👍", "12345", "؟!", "https://example.com", "٣٣٣"])
def test_without_words_there_is_no_language(text: str) -> None:
    assert detect(text) is None


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert detect(text) in {"ar", "en", None}


def test_the_statistical_model_is_not_loaded_at_start_up() -> None:
    code = "import sys, core_pipeline.arabic.language as l; l.detect('مرحبا'); sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
