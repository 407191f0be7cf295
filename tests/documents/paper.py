"""PDF files made here, with a font made here, drawn the ways that programs draw Arabic."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from tests.documents.bidi import shaped, visual

WIDTH, HEIGHT, MARGIN = 595, 842, 60
LETTER, BLANK = 500, 250
LAM_ALEF = ("لا", "لأ", "لإ", "لآ")


class Paper:
    """A PDF in the making; a glyph is the string that the font's own table names for it."""

    def __init__(self) -> None:
        self._glyphs: dict[str, int] = {}
        self._pages: list[list[str]] = []

    def page(self) -> Paper:
        """Begin a page."""
        self._pages.append([])
        return self

    def glyphs(self, glyphs: Sequence[str], x: float, y: float, size: float = 12) -> None:
        """Draw glyphs from left to right, beginning at `x`."""
        codes = "".join(f"{self._glyphs.setdefault(glyph, len(self._glyphs) + 1):04x}" for glyph in glyphs)
        self._pages[-1].append(f"BT /F {size} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{codes}> Tj ET")

    def visual(self, text: str, y: float, *, right: float = WIDTH - MARGIN, size: float = 12) -> None:
        """Draw a line as type-setting programs do: in visual order, ending at `right`."""
        self._ending(list(visual(text)), right, y, size)

    def forms(self, text: str, y: float, *, right: float = WIDTH - MARGIN, size: float = 12) -> None:
        """Draw a line in visual order with presentation forms."""
        self._ending(list(visual(shaped(text))), right, y, size)

    def ligatures(self, text: str, y: float, *, right: float = WIDTH - MARGIN, size: float = 12) -> None:
        """Draw a line in visual order with lam-alef as one glyph that the font's table names by both letters."""
        self._ending(_ligated(visual(text)), right, y, size)

    def backwards(self, text: str, y: float, *, left: float = MARGIN, size: float = 12) -> None:
        """Draw a line as programs do that know nothing of Arabic: first letter at the left."""
        self.glyphs(list(text), left, y, size)

    def scattered(self, text: str, y: float, *, right: float = WIDTH - MARGIN, size: float = 12) -> None:
        """Draw a line from its right end, each glyph put at its own place."""
        x = right
        for letter in reversed(visual(text)):
            x -= width(letter, size)
            self.glyphs([letter], x, y, size)

    def latin(self, text: str, y: float, *, left: float = MARGIN, size: float = 12) -> None:
        """Draw a line of Latin text."""
        self.glyphs(list(text), left, y, size)

    def bytes(self) -> bytes:
        """Return the finished file."""
        names = list(self._glyphs)
        font = _font(names)
        widths = " ".join(f"{code} [{LETTER if name.strip() else BLANK}]" for name, code in self._glyphs.items())
        descriptor = (
            "<</Type/FontDescriptor/FontName/Own/Flags 4/Ascent 800/Descent -200/CapHeight 700/ItalicAngle 0"
            "/StemV 80/FontBBox[0 -200 1000 800]/FontFile2 6 0 R>>"
        )
        pages = " ".join(f"{7 + 2 * number} 0 R" for number in range(len(self._pages)))
        parts = [
            b"<</Type/Catalog/Pages 2 0 R>>",
            f"<</Type/Pages/Count {len(self._pages)}/Kids[{pages}]/Resources<</Font<</F 3 0 R>>>>>>".encode(),
            b"<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
            f"<</Type/Font/Subtype/CIDFontType2/CIDToGIDMap/Identity/BaseFont/Own/CIDSystemInfo<</Registry(Adobe)"
            f"/Ordering(Identity)/Supplement 0>>/DW 500/W[{widths}]/FontDescriptor{descriptor}>>".encode(),
            _stream(_table(self._glyphs)),
            _stream(font),
        ]
        for number, operations in enumerate(self._pages):
            parts.append(
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {8 + 2 * number} 0 R>>".encode()
            )
            parts.append(_stream("\n".join(operations).encode()))
        return _assembled(parts)

    def _ending(self, glyphs: list[str], right: float, y: float, size: float) -> None:
        self.glyphs(glyphs, right - sum(width(glyph, size) for glyph in glyphs), y, size)


def width(glyph: str, size: float) -> float:
    """Return how wide a glyph is, in points."""
    return (LETTER if glyph.strip() else BLANK) * size / 1000


def one_page(draw: Callable[[Paper, str, float], None], lines: Sequence[str]) -> bytes:
    """Return a page with these lines, drawn that way."""
    paper = Paper().page()
    for number, line in enumerate(lines):
        draw(paper, line, HEIGHT - MARGIN - 30 * number)
    return paper.bytes()


def _ligated(shown: str) -> list[str]:
    glyphs: list[str] = []
    for sign in shown:
        if glyphs and sign + glyphs[-1] in LAM_ALEF:
            glyphs[-1] = sign + glyphs[-1]
        else:
            glyphs.append(sign)
    return glyphs


def _font(names: Sequence[str]) -> bytes:
    order = [".notdef", *(f"g{number}" for number in range(1, len(names) + 1))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({})
    empty = TTGlyphPen(None).glyph()
    builder.setupGlyf(
        {".notdef": _box()} | {n: _box() if g.strip() else empty for n, g in zip(order[1:], names, strict=True)}
    )
    builder.setupHorizontalMetrics(
        {".notdef": (LETTER, 30)}
        | {n: (LETTER, 30) if g.strip() else (BLANK, 0) for n, g in zip(order[1:], names, strict=True)}
    )
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Own", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800)
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def _box() -> object:
    pen = TTGlyphPen(None)
    corners = ((30, 0), (30, 600), (470, 600), (470, 0))
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
    return pen.glyph()


def _table(glyphs: dict[str, int]) -> bytes:
    named = "\n".join(f"<{code:04x}> <{name.encode('utf-16-be').hex()}>" for name, code in glyphs.items())
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Own def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{len(glyphs)} beginbfchar\n{named}\nendbfchar\n"
        "endcmap end end"
    ).encode()


def _stream(data: bytes) -> bytes:
    return b"<</Length %d/Length1 %d>>stream\n%s\nendstream" % (len(data), len(data), data)


def _assembled(parts: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out) + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start)
