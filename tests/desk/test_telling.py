"""Whatever the desk refuses is told in both languages, with what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core_pipeline import desk
from core_pipeline.desk.duty import HeldError
from core_pipeline.telling import LANGUAGES, general_words, status_of, told
from errors import Impossible

# The plainest refusals: their status says it all.
PLAIN = {"missing"}
_RAISED = re.compile(r'(?:Impossible|__init__)\("([a-z-]+)"')
CODES = {
    code
    for file in Path(desk.__file__).parent.glob("*.py")
    for code in _RAISED.findall(file.read_text(encoding="utf-8"))
} - PLAIN


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_refusal_is_told_in_both_languages(code: str) -> None:
    status = status_of(Impossible(code))
    said = {language: told(code, status, language) for language in LANGUAGES}
    assert len(set(said.values())) == len(LANGUAGES)
    for language, sentence in said.items():
        assert sentence != general_words(status)[f"do_{language}"]


def test_what_time_mends_is_told_from_what_the_request_must_mend() -> None:
    assert "reply-empty" in CODES
    assert status_of(HeldError("somebody")) == 409
    assert [status_of(Impossible(code)) for code in ("window-closed", "reply-alive", "label-many")] == [409] * 3
    assert [status_of(Impossible(code)) for code in ("reply-empty", "label-name", "note-text")] == [422] * 3
