"""Whatever a page sends is read or refused with what to send instead, and never does more."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.web.protocol import Bye, Played, Resume, Start, read, shown
from core_pipeline.contracts.legs import Finished, Interrupted, Key, Told, Typed
from errors import Impossible

KINDS = ("start", "finish", "interrupt", "text", "key", "mark", "end")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "visitor",
        "name",
        "language",
        "sample_rate",
        "mode",
        "avatar",
        "voice",
        "session",
        "resume",
        "text",
        "digit",
        "last",
    ]
)
KNOWN = Start | Resume | Played | Bye | Finished | Interrupted | Typed | Key


@given(kind=st.sampled_from(KINDS), fields=st.dictionaries(FIELDS, VALUES))
def test_any_message_of_a_known_type_is_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    with suppress(Impossible):
        assert isinstance(read(json.dumps({**fields, "type": kind})), KNOWN)


@given(raw=st.text() | VALUES.map(json.dumps))
def test_anything_else_is_refused(raw: str) -> None:
    with pytest.raises(Impossible) as refused:
        read(raw)
    assert refused.value.code == "message-unknown"


def test_messages_nested_too_deep_or_too_long_are_refused() -> None:
    for raw in (
        "[" * 100_000,
        json.dumps({"type": "text", "text": "a" * 100_000}),
        '{"type":"end"' + " " * 70_000 + "}",
    ):
        with pytest.raises(Impossible):
            read(raw)


def test_what_a_page_says_is_understood() -> None:
    assert read('{"type":"start"}') == Start()
    start = {"visitor": "v", "language": "en", "sample_rate": 48000, "mode": "push", "avatar": "films", "voice": "x"}
    assert read(json.dumps({"type": "start", **start})) == Start("v", "", "en", 48000, "push", True, "x")
    assert read('{"type":"start","session":"s","resume":"r","played":"0.3","last":7}') == Resume("s", "r", "0.3", 7)
    assert read('{"type":"text","text":" ما السعر؟ "}') == Typed("ما السعر؟")
    assert read('{"type":"key","digit":"#"}') == Key("#")
    assert [read(json.dumps({"type": kind})) for kind in ("finish", "interrupt", "end")] == [
        Finished(),
        Interrupted(),
        Bye(),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "start", "sample_rate": 44100},
        {"type": "start", "sample_rate": "16000.5"},
        {"type": "start", "language": "fr"},
        {"type": "start", "mode": "loud"},
        {"type": "start", "avatar": True},
        {"type": "start", "visitor": "v" * 129},
        {"type": "start", "visitor": "~v"},
        {"type": "key"},
        {"type": "key", "digit": "12"},
        {"type": "text", "text": "  "},
        {"type": "text", "text": "a" * 4001},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Impossible):
        read(json.dumps(wrong))


def test_what_is_told_becomes_a_message() -> None:
    assert shown(Told("state", "hearing")) == {"type": "state", "state": "hearing"}
    heard = shown(Told("transcript", "كم", turn=2, language="ar", final=False))
    assert heard == {"type": "transcript", "text": "كم", "turn": 2, "language": "ar", "final": False}
    assert shown(Told("answer", "مئة", 2, "ar")) == {"type": "answer", "text": "مئة", "turn": 2, "language": "ar"}
    assert shown(Told("cleared")) is None
    assert shown(Told("error", "…", code="trouble")) == {"type": "error", "text": "…", "code": "trouble"}
