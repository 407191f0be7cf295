"""Reading strangers' JSON: what comes out can always be stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wild import moment, number, parse, rows, table, whole, words

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@pytest.mark.parametrize(
    ("given_text", "read"),
    [("a\x00b", "ab"), ("\x00", None), ("", None), ("\ud800x", "?x"), ("سلام", "سلام"), (b"x", None), (7, None)],
)
def test_texts_are_fit_for_every_database(given_text: Any, read: str | None) -> None:
    assert words(given_text) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7, 7),
        ("-1001234567890", -1001234567890),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        (2**63, None),
        (True, None),
        (1.0, None),
        ("١٢", None),
        ("1_0", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_whole_numbers_fit_a_bigint(value: Any, read: int | None) -> None:
    assert whole(value) == read


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "1", None, 10**400])
def test_what_is_no_finite_number_is_none(value: Any) -> None:
    assert number(value) is None


def test_times_are_read_from_numbers_and_texts() -> None:
    assert moment("1760000000") == moment(1760000000) == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400, 1e300, -1e300, "1e400", "soon", None, [], {}])
def test_times_that_cannot_be_read_are_now(value: Any) -> None:
    assert abs((moment(value) - datetime.now(UTC)).total_seconds()) < 60


@given(ANYTHING)
def test_nothing_makes_reading_fail(value: Any) -> None:
    text = words(value)
    assert text is None or text.encode()
    assert isinstance(moment(value), datetime)
    assert whole(value) is None or abs(whole(value) or 0) <= 2**63
    assert all(isinstance(row, dict) for row in [*rows(value), table(value)])


@given(st.binary(max_size=50))
def test_every_body_is_parsed_or_none(body: bytes) -> None:
    parse(body)
    assert parse(b"{" + body) is None or isinstance(parse(b"{" + body), dict)
