"""Numbers within Arabic words read in their own order, and nothing of the words is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.inbox.bidi import pieces


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("رقمي +20 100 123 4567 وشكرا", ["+20 100 123 4567"]),
        ("طلب #4582-A يوم 2026-11-22 14:30", ["#4582-A", "2026-11-22 14:30"]),
        ("الساعة 7:30 PM على mona@example.com", ["7:30 PM", "mona@example.com"]),
        ("رقمي ٠١٠٠ ١٢٣ ٤٥٦٧", ["٠١٠٠ ١٢٣ ٤٥٦٧"]),
        ("عندي 3 أطفال ومعي 45 جنيها", []),
        ("order #4582-A, +20 100 123 4567", []),
    ],
)
def test_what_reads_from_left_to_right_stands_apart(text: str, apart: list[str]) -> None:
    assert [piece for piece, alone in pieces(text) if alone] == apart


@given(st.text(alphabet="اب 12+-#:/@.()AP\n٣", max_size=80) | st.text(max_size=40))
def test_no_letter_is_lost(text: str) -> None:
    assert "".join(piece for piece, _ in pieces(text)) == text
