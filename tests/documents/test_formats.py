"""Every kind of file through the sandbox: what it is, what is written in it."""

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.knowledge.documents.blocks import Block, Heading, Item, Paragraph, Table, read, written
from core_pipeline.knowledge.documents.formats.encoding import decoded
from core_pipeline.knowledge.documents.formats.sheets import delimiter_of
from core_pipeline.knowledge.documents.reader import Reader
from core_pipeline.knowledge.documents.reading import KINDS, Reading
from errors import Impossible
from tests.documents import files
from tests.documents.bidi import shaped, visual
from tests.documents.files import LINES

TEXT = "\n".join(LINES[:12])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
LINE = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
CELL = st.one_of(st.just(""), LINE)


@pytest.mark.asyncio(loop_scope="module")
async def test_each_kind_is_known_by_its_bytes(reader: Reader) -> None:
    made = {
        "pdf": files.pdf(),
        "docx": files.word(),
        "xlsx": files.workbook(List=[["a", "b"], ["c", 1]]),
        "csv": "name,price\nشاي,10\nقهوة,15\n".encode(),
        "html": files.page(),
        "md": "# عنوان\n\n- one\n".encode(),
        "txt": TEXT.encode(),
    }
    assert set(made) == set(KINDS)
    for kind, data in made.items():
        assert (await reader.read(data)).kind == kind
        assert (await reader.read(data, "wrong.bin")).kind == kind
    assert (await reader.read(files.latin_pdf(), "invoice.txt")).kind == "pdf"
    assert (await reader.read(TEXT.encode(), "list.csv")).kind == "csv"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_word_file_keeps_its_order(reader: Reader) -> None:
    found = await reader.read(files.word(), "a.docx")
    assert read(found.pages[0]) == [
        Heading("دليل الموظف", 1),
        Heading("الإجازات", 1),
        Paragraph("لكل موظف 21 يوما في السنة."),
        Item("إجازة سنوية"),
        Item("إجازة مرضية"),
        Table((("المدة", "النوع"), ("5", "عارضة")), headed=True),
        Heading("Salaries", 2),
        Paragraph("Paid on the 25th of each month."),
    ]
    assert not found.mended


@pytest.mark.asyncio(loop_scope="module")
async def test_a_web_page_gives_its_text_and_not_its_frame(reader: Reader) -> None:
    for charset in ("utf-8", "windows-1256"):
        found = await reader.read(files.page(charset), "index.html")
        blocks = read(found.pages[0])
        assert found.title == "مطعم الزيتون"
        assert blocks[0] == Heading("عن المطعم", 1)
        assert Heading("ساعات العمل", 2) in blocks
        assert Item("الجمعة: 1 ظهرا حتى منتصف الليل") in blocks
        assert Table((("الصنف", "السعر"), ("كشري", "25 جنيه"), ("كفتة", "90 جنيه")), headed=True) in blocks
        assert not any(word in found.pages[0] for word in ("الرئيسية", "جميع الحقوق", "سر", "color"))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_bare_fragment_of_html_is_read_whole(reader: Reader) -> None:
    found = await reader.read(b"<p>Open <b>daily</b>.<br>Call us.</p><ul><li>Tea<li>Coffee</ul><p>&copy; us", "x.html")
    assert found.pages[0] == "Open daily. Call us.\n\n- Tea\n- Coffee\n\n© us"


@pytest.mark.asyncio(loop_scope="module")
async def test_sheets_are_pages_and_figures_stay_plain(reader: Reader) -> None:
    data = files.workbook(
        Sheet1=[
            ["قائمة الأسعار 2026"],
            [],
            ["الصنف", "", "السعر", "خصم"],
            ["شاي", "", 10.1, 0.1],
            ["قهوة", "", 15, None],
        ],
        فروع=[["المدينة", "العنوان"], ["القاهرة", "12 شارع النيل"]],
        Empty=[],
    )
    found = await reader.read(data, "a.xlsx")
    assert found.pages == (
        "قائمة الأسعار 2026\n\n| الصنف | السعر | خصم |\n|---|---|---|\n| شاي | 10.1 | 0.1 |\n| قهوة | 15 |  |",
        "# فروع\n\n| المدينة | العنوان |\n|---|---|\n| القاهرة | 12 شارع النيل |",
    )


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "iso8859_6", "cp720"]
)
def test_a_text_is_read_in_any_of_its_encodings(encoding: str) -> None:
    text = TEXT.replace("،", ",") if encoding == "cp720" else TEXT  # that one has no Arabic comma
    kept = "".join(sign for sign in text if _encodes(sign, encoding))
    assert decoded(kept.encode(encoding)) == kept


def test_western_european_text_is_no_arabic() -> None:
    assert decoded("Café à la crème, prix: 3 €. Déjà vu à Noël.".encode("cp1252")).startswith("Café à la crème")


def _encodes(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "،"])
def test_the_delimiter_is_found(sign: str) -> None:
    rows = [["name", "price"], ["شاي بالنعناع", "10.5"], ["قهوة", "15"], ["a" + sign + "b", "1"]]
    text = "\n".join(sign.join(f'"{cell}"' if sign in cell else cell for cell in row) for row in rows)
    assert delimiter_of(text) == sign


@pytest.mark.asyncio(loop_scope="module")
async def test_values_in_an_old_encoding(reader: Reader) -> None:
    text = 'السؤال;الإجابة\nمتى تفتحون؟;"من التاسعة; كل يوم"\nأين أنتم؟;في الشارع الرئيسي\n'
    found = await reader.read(text.encode("cp1256"), "faq.csv")
    assert found.pages[0].splitlines()[2] == "| متى تفتحون؟ | من التاسعة; كل يوم |"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("suffix", ["txt", "md", "csv", "html", "docx"])
async def test_backward_arabic_is_mended_in_every_kind_and_shown(reader: Reader, suffix: str) -> None:
    lines = [visual(shaped(line)) for line in LINES[:8]]
    if suffix == "docx":
        document = docx.Document()
        for line in lines:
            document.add_paragraph(line)
        data = files.saved(document.save)
    elif suffix == "html":
        data = ("<html><body>" + "".join(f"<p>{line}</p>" for line in lines) + "</body></html>").encode()
    elif suffix == "csv":
        data = "\n".join(f'"{line}";1' for line in lines).encode()
    else:
        data = "\n\n".join(lines).encode()
    found = await reader.read(data, f"a.{suffix}")
    assert found.mended
    assert [line for line in LINES[:8] if line not in found.pages[0]] == []


@settings(deadline=None)
@given(st.lists(st.one_of(
    st.builds(Heading, LINE, st.integers(1, 6)), st.builds(Item, LINE), st.builds(Paragraph, LINE),
    st.lists(st.tuples(CELL, CELL), min_size=2, max_size=4).map(lambda rows: Table(tuple(rows), headed=True)),
), max_size=6))  # fmt: skip
def test_markup_gives_back_what_was_written(blocks: list[Block]) -> None:
    once = read(written(blocks))
    assert read(written(once)) == once
    assert [type(block) for block in once] == [type(block) for block in blocks]
    for block, again in zip(blocks, once, strict=True):
        if isinstance(block, Paragraph):
            assert again == block


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_markup(text: str) -> None:
    assert read(written(read(text))) == read(text)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_what_a_child_says_is_checked(noise: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        Reading.unpack(noise)


def test_a_reading_travels() -> None:
    reading = Reading("txt", ("نص", "two"), mended=True, title="عنوان")
    assert Reading.unpack(reading.pack()) == reading


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "document-unreadable"),
        (b"   \n\t ", "document-empty"),
        (b"...---...", "document-empty"),
        (bytes(range(256)) * 40, "document-kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "document-kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "document-old"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "document-locked"),
        (files.packed(readme_txt=b"x"), "document-kind"),
        (b"PK\x03\x04 broken", "document-unreadable"),
        (b"%PDF-1.4 broken", "document-unreadable"),
        (files.bare_pdf(b"10 10 50 50 re f"), "document-scanned"),
        (files.pdf()[:2000], "document-unreadable"),
        (b"<html><body><script>x()</script></body></html>", "document-empty"),
    ],
)
async def test_what_cannot_be_read_is_named(reader: Reader, data: bytes, code: str) -> None:
    with pytest.raises(Impossible) as refused:
        await reader.read(data, "a")
    assert refused.value.code == code
