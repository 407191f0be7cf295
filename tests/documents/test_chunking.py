"""Pieces that can be found by themselves: by structure, of a fair length, nothing lost."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.knowledge.documents.blocks import Block, Heading, Item, Paragraph, Table
from core_pipeline.knowledge.documents.chunking import LONGEST, TARGET, pieces
from core_pipeline.knowledge.documents.keeping import contents_of

SENTENCE = "نسلم الطلبات داخل المدينة خلال يومين من تأكيدها. "
WORD = st.text("ابتثجحخدذرزسشصضab.،:؟ ", min_size=1, max_size=1_200)
BLOCK = st.one_of(
    st.builds(Paragraph, WORD), st.builds(Item, WORD), st.builds(Heading, WORD, st.integers(1, 3)),
    st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=5).map(lambda rows: Table(tuple(rows), headed=True)),
)  # fmt: skip


def test_headings_are_the_way_down_to_a_piece() -> None:
    page: list[Block] = [
        Heading("الدليل", 1), Paragraph("مقدمة قصيرة."), Heading("الإجازات", 2), Paragraph("واحد وعشرون يوما."),
        Heading("المرضية", 3), Item("بتقرير طبي"), Heading("Pay", 2), Paragraph("Monthly, on the 25th."),
    ]  # fmt: skip
    cut = pieces([page], paged=False)
    assert [(piece.heading, piece.text, piece.language) for piece in cut] == [
        ("الدليل", "مقدمة قصيرة.", "ar"),
        ("الدليل › الإجازات", "واحد وعشرون يوما.", "ar"),
        ("الدليل › الإجازات › المرضية", "بتقرير طبي", "ar"),
        ("الدليل › Pay", "Monthly, on the 25th.", "en"),
    ]
    assert {piece.page for piece in cut} == {None}


def test_long_text_is_cut_between_sentences_and_overlaps_by_one() -> None:
    cut = pieces([[Paragraph((SENTENCE * 60).strip())]], paged=True)
    assert len(cut) > 3
    for piece in cut:
        assert piece.text.endswith(".")
        assert len(piece.text) <= LONGEST
    assert all(len(piece.text) >= TARGET - 100 for piece in cut[:-1])
    numbered = pieces([[Paragraph(" ".join(f"هذه هي الجملة رقم {n} من النص." for n in range(60)))]], paged=True)
    for one, other in pairwise(numbered):
        assert other.text.startswith(one.text.rsplit(". ", 1)[1])


def test_a_paragraph_goes_on_over_the_page_and_the_piece_keeps_its_first_page() -> None:
    cut = pieces([[Paragraph("نفتح أبوابنا كل يوم من")], [Paragraph("التاسعة صباحا."), Item("مرحبا")]], paged=True)
    assert [(piece.text, piece.page) for piece in cut] == [("نفتح أبوابنا كل يوم من التاسعة صباحا.\nمرحبا", 1)]
    later = pieces([[Paragraph(SENTENCE * 20)], [Heading("ثان"), Paragraph("نص.")]], paged=True)
    assert later[-1].page == 2


def test_rows_carry_the_names_of_their_columns() -> None:
    table = Table((("الفرع", "المدينة", "الهاتف"), ("الأول", "القاهرة", "0100"), ("الثاني", "", "0111")), headed=True)
    (piece,) = pieces([[table]], paged=False)
    assert piece.text == "الفرع: الأول، المدينة: القاهرة، الهاتف: 0100.\nالفرع: الثاني، الهاتف: 0111."
    (pair,) = pieces([[Table((("الهاتف", "0100"), ("العنوان", "شارع النيل")), headed=True)]], paged=False)
    assert pair.text == "الهاتف: 0100\nالعنوان: شارع النيل"
    (bare,) = pieces([[Table((("a1", "b", "c"), ("d", "e", "f")))]], paged=False)
    assert bare.text == "a1 – b – c\nd – e – f"


@settings(deadline=None)
@given(st.lists(st.lists(BLOCK, max_size=5), max_size=4))
def test_no_word_is_lost_and_no_piece_too_long(pages: list[list[Block]]) -> None:
    cut = pieces(pages, paged=True)
    text = " ".join(f"{piece.heading} {piece.text}" for piece in cut)
    for page in pages:
        for block in page:
            if isinstance(block, Paragraph | Item):
                assert all(word in text for word in block.text.split() if word.isalpha() and len(word) < 200)
    for piece in cut:
        assert 0 < len(piece.text) <= 2 * LONGEST
        assert piece.page is not None
        assert 1 <= piece.page <= len(pages)


def test_a_document_of_prices_leaves_no_text_behind() -> None:
    found = contents_of("d", ["# الأسعار\n\n| الصنف | السعر |\n|---|---|\n| شاي | 10 |"], paged=False)
    assert (len(found.pieces), len(found.offers), found.rows) == (0, 1, 1)
    assert found == contents_of("d", ["# الأسعار\n\n| الصنف | السعر |\n|---|---|\n| شاي | 10 |"], paged=False)
