"""A drawing is let through as it is or refused by name; nothing is mended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatars.catalogue import SHELF
from core_pipeline.media.wire import Refused
from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.drawing.paths import is_bendable, is_path
from core_pipeline.portraits.drawing.reader import clean
from core_pipeline.portraits.drawing.values import growth, number, numbers
from tests.portraits.files import FACE, LAYERS, SKIN, art

SHAPE = '<rect x="1" y="1" width="9" height="9"/>'
ENTITY = b'<!DOCTYPE svg [<!ENTITY a "b">]>'

REFUSED: dict[str, tuple[str, bytes]] = {
    "script": ("svg-element", art("<script>alert(1)</script>")),
    "foreign object": ("svg-element", art("<foreignObject/>")),
    "image": ("svg-element", art('<image href="http://a.example/x.png"/>')),
    "use": ("svg-element", art('<use href="#skin"/>')),
    "style element": ("svg-element", art("<style>*{fill:url(http://a.example)}</style>")),
    "text": ("svg-element", art("<text>hello</text>")),
    "filter": ("svg-element", art(defs=SKIN + '<filter id="f"/>')),
    "mask": ("svg-element", art(defs=SKIN + '<mask id="f"/>')),
    "animation": ("svg-element", art('<animate attributeName="x"/>')),
    "link": ("svg-element", art('<a href="http://a.example"/>')),
    "prefixed": ("svg-element", art('<x:script xmlns:x="http://www.w3.org/2000/svg"/>')),
    "event": ("svg-attribute", art('<rect onclick="x()"/>')),
    "root event": ("svg-attribute", art().replace(b"<svg ", b'<svg onload="x()" ')),
    "style": ("svg-attribute", art('<rect style="fill:url(http://a.example)"/>')),
    "href": ("svg-attribute", art(defs=SKIN + '<linearGradient id="b" href="#skin"/>')),
    "xlink": (
        "svg-attribute",
        art('<rect xlink:href="#skin"/>', defs=SKIN).replace(b"<svg ", b'<svg xmlns:xlink="x" '),
    ),
    "outside": ("svg-value", art('<rect fill="url(http://a.example/#a)"/>')),
    "data": ("svg-value", art('<rect fill="url(data:image/svg+xml,x)"/>')),
    "javascript": ("svg-value", art('<rect fill="javascript:x"/>')),
    "huge number": ("svg-value", art('<rect x="1e9"/>')),
    "endless number": ("svg-value", art('<rect x="' + "9" * 500 + '"/>')),
    "infinite": ("svg-value", art('<rect x="inf"/>')),
    "negative width": ("svg-value", art('<rect width="-5"/>')),
    "huge path": ("svg-value", art('<path d="M0,0 L99999,0"/>')),
    "broken path": ("svg-value", art('<path d="M0,0 L1"/>')),
    "path without start": ("svg-value", art('<path d="L1,1"/>')),
    "unknown transform": ("svg-value", art('<rect transform="perspective(1)"/>')),
    "growing": ("svg-value", art('<g transform="scale(9)"><g transform="scale(9)">' + SHAPE + "</g></g>")),
    "fine dashes": ("svg-value", art('<path d="M0,0 L9,9" stroke-dasharray="0.0001"/>')),
    "other variable": ("svg-value", art('<rect fill="var(--secret,#ffffff)"/>')),
    "deep": ("svg-depth", art("<g>" * 20 + SHAPE + "</g>" * 20)),
    "many": ("svg-elements", art(SHAPE * 500)),
    "long": ("svg-long", art('<path d="M0,0 ' + "L1,1 " * 13_000 + '"/>')),
    "dashed long": ("svg-long", art('<path stroke-dasharray="1" d="M0,0 ' + "L900,1 " * 900 + '"/>')),
    "large": ("svg-too-large", art("<!--" + "a" * rules.MOST_BYTES + "-->")),
    "same id": ("svg-id", art('<rect id="a"/><rect id="a"/>')),
    "doctype": ("svg-doctype", b'<!DOCTYPE svg SYSTEM "http://a.example/x.dtd">' + art()),
    "entity": ("svg-doctype", ENTITY + art('<rect id="&a;"/>')),
    "instruction": ("svg-instruction", art("<?php echo 1 ?>")),
    "style sheet": ("svg-instruction", b'<?xml-stylesheet href="http://a.example/x.css"?>' + art()),
    "cdata": ("svg-text", art("<![CDATA[ ]]>")),
    "words": ("svg-text", art("hello")),
    "nothing": ("svg-unreadable", b" "),
    "cut off": ("svg-unreadable", art()[:-9]),
    "twice": ("svg-unreadable", art('<rect x="1" x="2"/>')),
    "html": ("svg-place", b"<g/>"),
    "latin": ("svg-encoding", b'<?xml version="1.0" encoding="iso-8859-1"?>' + art()),
    "utf-16": ("svg-encoding", art().decode().encode("utf-16")),
    "no utf-8": ("svg-encoding", art("<!--\xe9-->").replace("é".encode(), b"\xe9")),
    "svg in svg": ("svg-place", art('<svg viewBox="0 0 1 1"/>')),
    "shape on top": ("svg-place", art(layers=SHAPE + LAYERS + FACE)),
    "shape in defs": ("svg-place", art(defs=SKIN + SHAPE)),
    "clip in clip": ("svg-attribute", art(defs=SKIN + '<clipPath id="c"><rect clip-path="url(#c)"/></clipPath>')),
    "no aim": ("svg-reference", art('<rect fill="url(#nothing)"/>')),
    "wrong aim": ("svg-reference", art('<rect clip-path="url(#skin)"/>')),
    "other canvas": ("svg-canvas", art(canvas="0 0 100 100")),
    "no namespace": ("svg-canvas", art().replace(b' xmlns="http://www.w3.org/2000/svg"', b"")),
    "missing layer": ("svg-layers", art(layers=LAYERS)),
    "order": ("svg-layers", art(layers=FACE + LAYERS)),
    "layer twice": ("svg-id", art(layers=LAYERS + FACE + '<g id="front"/><g id="front"/>')),
    "layers astray": ("svg-layers", art(layers=LAYERS + FACE + '<g id="front"/><g id="over"/>')),
    "unknown layer": ("svg-layers", art(layers=LAYERS + FACE + '<g id="hat"/>')),
    "nameless layer": ("svg-layers", art(layers=LAYERS + FACE + "<g/>")),
    "chin": ("svg-chin", art('<path class="chin" d="M1,1 h5 Z"/>')),
    "moved chin": ("svg-chin", art('<g transform="scale(2)"><path class="chin" d="M1,1 L5,5 Z"/></g>')),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named(name: str) -> None:
    code, data = REFUSED[name]
    start = time.perf_counter()
    with pytest.raises(Refused) as refused:
        clean(data)
    assert refused.value.code == code
    assert time.perf_counter() - start < 2


def test_a_drawing_comes_back_as_it_was_but_for_comments() -> None:
    told = '<path class="chin soft" id="p" transform="rotate(0)" d="M1,1 L5,5 Z" fill="none" stroke="#fff"/>'
    plain = told.replace(' transform="rotate(0)"', "")
    found = clean(art(f"<!-- <script> -->{plain}"))
    assert "script" not in found
    for part in ('class="chin soft"', 'd="M1,1 L5,5 Z"', 'fill="none"', 'fill="var(--clothes,#2f6f62)"'):
        assert part in found
    assert clean(found.encode()) == found


@pytest.mark.parametrize("file", sorted(SHELF.glob("*/art.svg")), ids=lambda file: file.parent.name)
def test_our_own_art_passes_and_stays_what_it_is(file: Path) -> None:
    found = clean(file.read_bytes())
    assert clean(found.encode()) == found


@pytest.mark.parametrize(
    ("text", "whole", "bendable"),
    [
        ("M1 2L3 4", True, True),
        ("M1,2C1,2,3,4,5,6Z", True, True),
        ("M.5.5-1-1", True, True),
        ("m1 2a5 5 0 01 3 4", True, False),
        ("M1 2a5 5 0 21 3 4", False, False),
        ("M1 2H5V6", True, False),
        ("M1", False, False),
        ("", False, False),
        ("Z", False, False),
        ("M1 2 L", False, False),
        ("M1 2 Z Z", True, True),
        ("M1 2 X", False, False),
        ("M1e5 2", False, False),
        ("M1 2;url(x)", False, False),
    ],
)
def test_paths(text: str, whole: bool, bendable: bool) -> None:
    assert (is_path(text), is_bendable(text)) == (whole, bendable)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("", 1.0),
        ("translate(5, 6) rotate(30 1 2)", 1.0),
        ("scale(.5)", 1.0),
        ("scale(2 3)", 3.0),
        ("scale(8)scale(9)", None),
        ("matrix(1 0 0 1 5 5)", 2.0),
        ("matrix(1 0)", None),
        ("skewX(89)", None),
        ("rotate(1) x", None),
        ("url(#a)", None),
    ],
)
def test_transforms(text: str, times: float | None) -> None:
    assert growth(text) == times


def test_numbers() -> None:
    assert [number(text) for text in ("1", "-.5", "1.", "4e2", "1e9", "nan", "", "0x1", "1 ")] == [
        1.0, -0.5, 1.0, 400.0, None, None, None, None, None,
    ]  # fmt: skip
    assert numbers("1,2 3") == [1.0, 2.0, 3.0]
    assert numbers("1,,2") is None


@given(st.text(alphabet="MmLlCcAaZz0123456789.,-+eE \n", max_size=300))
def test_any_path_is_judged_quickly_and_the_same_way(text: str) -> None:
    start = time.perf_counter()
    whole = is_path(text)
    assert time.perf_counter() - start < 0.1
    assert not is_bendable(text) or whole


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_by_a_code_of_ours(data: bytes) -> None:
    with pytest.raises(Refused) as refused:
        clean(data)
    assert refused.value.code.startswith("svg-")
