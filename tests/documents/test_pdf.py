"""PDF pages: read by place, in order, whatever way a program had drawn them."""

from collections.abc import Callable

import pypdfium2
import pytest

from core_pipeline.knowledge.documents.blocks import Heading, Item, Paragraph, Table, written
from core_pipeline.knowledge.documents.formats.pdf import read_pdf
from core_pipeline.media.wire import Refused
from tests.documents.files import LINES, bare_pdf, latin_pdf
from tests.documents.paper import HEIGHT, MARGIN, Paper, one_page, width

Draw = Callable[[Paper, str, float], None]
WAYS: dict[str, Draw] = {
    "visual order": lambda paper, text, y: paper.visual(text, y),
    "presentation forms": lambda paper, text, y: paper.forms(text, y),
    "ligatures": lambda paper, text, y: paper.ligatures(text, y),
    "glyph by glyph": lambda paper, text, y: paper.scattered(text, y),
    "back to front": lambda paper, text, y: paper.backwards(text, y),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_line_is_read_however_it_is_drawn(way: str) -> None:
    read: list[str] = []
    for start in range(0, len(LINES), 20):
        draft = read_pdf(one_page(WAYS[way], LINES[start : start + 20]))
        assert draft.mended
        read += [block.text for block in draft.pages[0] if not isinstance(block, Table)]
    assert read == list(LINES)


def test_a_letter_and_its_vowel_sign_may_be_one_glyph() -> None:
    """As browsers print: the sign with its letter, a little off the line, and no blank but where one is."""
    paper = Paper().page()
    x = 100.0
    for glyph in ("ا", "دً", "ق", "ن", " ", "ا", "هً", "ي", "ن", "ج", " ", "95"):
        paper.glyphs([glyph], x, 698 if glyph == "هً" else 700)
        x += width(glyph, 12)
    [page] = read_pdf(paper.bytes()).pages
    assert [block.text for block in page if isinstance(block, Paragraph)] == ["95 جنيهًا نقدًا"]


def test_the_library_alone_would_have_read_most_of_them_wrong() -> None:
    """Keeps the figures of the README true, and the mending from outliving its reason."""
    right = 0
    for start in range(0, len(LINES), 20):
        document = pypdfium2.PdfDocument(one_page(WAYS["ligatures"], LINES[start : start + 20]))
        plain = document[0].get_textpage().get_text_range().splitlines()
        right += sum(line in plain for line in LINES[start : start + 20])
        document.close()
    assert right < len(LINES) / 2


def test_a_sound_page_waits_for_nobody() -> None:
    draft = read_pdf(latin_pdf())
    assert not draft.mended
    assert written(draft.pages[0]) == "We deliver within two days.\n\nReturns are free of charge."
    assert not read_pdf(one_page(WAYS["visual order"], ["مرحبا بكم في متجر الكتب"])).mended


def test_lone_brackets_keep_their_look() -> None:
    lines = ["أ) البند الأول من العقد", "السعر 50$ (خمسون", "انظر الملحق (ب) والجدول [3]"]
    assert [
        block.text for block in read_pdf(one_page(WAYS["visual order"], lines)).pages[0] if not isinstance(block, Table)
    ] == lines


def _brochure() -> bytes:
    paper = Paper()
    for number, title in enumerate(("الاسترجاع", "التوصيل", "الدفع", "الأسعار"), start=1):
        paper.page()
        paper.visual("شركة النور للتجارة", 820, size=9)
        paper.visual(title, 780, size=18)
        for line in range(6):
            paper.visual(f"العمود الأيمن يبدأ هنا سطر {line}", 740 - 16 * line, right=535, size=11)
            if line < 5:
                paper.visual(f"العمود الأيسر يأتي بعده سطر {line}", 740 - 16 * line, right=270, size=11)
        for column, cells in (
            (535, ("الصنف", "كشري", "شاي")),
            (400, ("الحجم", "كبير", "صغير")),
            (200, ("السعر", "45", "10")),
        ):
            for row, cell in enumerate(cells):
                paper.visual(cell, 600 - 20 * row, right=column)
        paper.visual("• توصيل مجاني", 500)
        paper.visual("• دفع عند الاستلام", 484)
        for row in range(2):
            paper.visual(f"عصير برتقال ........ {20 + row}", 440 - 20 * row)
        paper.visual(f"خاتمة {title}", 300)
        paper.visual(f"صفحة {number} من 4", 20, size=9)
    return paper.bytes()


def test_columns_tables_lists_and_furniture() -> None:
    draft = read_pdf(_brochure())
    assert len(draft.pages) == 4
    right = " ".join(f"العمود الأيمن يبدأ هنا سطر {line}" for line in range(6))
    left = " ".join(f"العمود الأيسر يأتي بعده سطر {line}" for line in range(5))
    assert draft.pages[2] == [
        Heading("الدفع", 1),
        Paragraph(right),
        Paragraph(left),
        Table((("الصنف", "الحجم", "السعر"), ("كشري", "كبير", "45"), ("شاي", "صغير", "10")), headed=True),
        Item("توصيل مجاني"),
        Item("دفع عند الاستلام"),
        Table((("عصير برتقال", "20"), ("عصير برتقال", "21"))),
        Paragraph("خاتمة الدفع"),
    ]


def test_a_turned_page_is_read_upright() -> None:
    upright = one_page(WAYS["visual order"], LINES[:3])
    paragraphs = [block.text for block in read_pdf(upright).pages[0] if isinstance(block, Paragraph)]
    assert paragraphs == list(LINES[:3])
    for turn in (90, 180, 270):
        # The content is turned back by its matrix, so that the page looks as before.
        matrix = {90: b"0 1 -1 0 595 0", 180: b"-1 0 0 -1 595 842", 270: b"0 -1 1 0 0 842"}[turn]
        box = {90: b"0 0 842 595", 180: b"0 0 595 842", 270: b"0 0 842 595"}[turn]
        matrix = {90: b"0 1 -1 0 842 0", 180: matrix, 270: b"0 -1 1 0 0 595"}[turn]
        turned = upright.replace(b"/MediaBox[0 0 595 842]", b"/MediaBox[" + box + b"]/Rotate %d" % turn)
        turned = turned.replace(b"stream\nBT", b"stream\n" + matrix + b" cm\nBT")
        read = [block.text for block in read_pdf(turned).pages[0] if isinstance(block, Paragraph)]
        assert read == list(LINES[:3]), turn


def test_pages_without_text_are_said_to_be_pictures() -> None:
    with pytest.raises(Refused, match="document-scanned"):
        read_pdf(bare_pdf(b"10 10 50 50 re f"))


def test_too_many_pages_are_refused() -> None:
    paper = Paper()
    for _ in range(4):
        paper.page().latin("words", HEIGHT - MARGIN)
    assert len(read_pdf(paper.bytes(), most_pages=4).pages) == 4
    with pytest.raises(Refused, match="document-too-long"):
        read_pdf(paper.bytes(), most_pages=3)
