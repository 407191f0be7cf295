"""Files of every kind, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
import openpyxl

from tests.documents.paper import one_page

LINES = tuple(line for line in Path(__file__).with_name("lines.txt").read_text(encoding="utf-8").splitlines() if line)

NOTE = "نفتح أبوابنا من التاسعة صباحا.\n\nWe close at midnight.".encode()
SHEET = "السؤال,الإجابة\nمتى تفتحون؟,في التاسعة\nأين أنتم؟,في القاهرة\n".encode()
PRICES = "الصنف,Name,السعر\nشاي,Tea,١٠ جنيه\nقهوة,Coffee,15 EGP\n".encode()

PAGE = """<!doctype html><html lang="ar" dir="rtl"><head><meta charset="{charset}"><title>مطعم الزيتون</title>
<style>p {{ color: red }}</style></head><body><nav><a href="/">الرئيسية</a> <a href="/c">اتصل بنا</a></nav>
<h1>عن المطعم</h1><p>نقدم أشهى المأكولات الشرقية منذ عام 1995 في قلب القاهرة، ونسعد بخدمتكم <b>كل يوم</b>.</p>
<h2>ساعات العمل</h2><ul><li>من السبت إلى الخميس: 10 صباحا حتى 11 مساء</li>
<li>الجمعة: 1 ظهرا<br>حتى منتصف الليل</li></ul>
<h2>قائمة الأسعار</h2><table><tr><th>الصنف</th><th>السعر</th></tr><tr><td>كشري</td><td>25 جنيه</td></tr>
<tr><td>كفتة</td><td>90 جنيه</td></tr></table><div>التوصيل مجاني للطلبات التي تزيد على 200 جنيه.</div>
<footer>جميع الحقوق محفوظة</footer><script>document.write("سر")</script></body></html>"""


def page(charset: str = "utf-8") -> bytes:
    """A restaurant's web page."""
    return PAGE.format(charset=charset).encode("cp1256" if charset == "windows-1256" else charset)


def word() -> bytes:
    """A Word file with headings, a list and a table between paragraphs."""
    document = docx.Document()
    document.add_heading("دليل الموظف", 0)
    document.add_heading("الإجازات", 1)
    document.add_paragraph("لكل موظف 21 يوما في السنة.")
    document.add_paragraph("إجازة سنوية", style="List Bullet")
    document.add_paragraph("إجازة مرضية", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("المدة", "النوع", "5", "عارضة"), strict=True
    ):
        cell.text = text
    document.add_heading("Salaries", 2)
    document.add_paragraph("Paid on the 25th of each month.")
    return saved(document.save)


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook of these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return saved(book.save)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """What a library saves into a file."""
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def pdf(lines: Sequence[str] = LINES[:5]) -> bytes:
    """A page of Arabic whose plain text would be wrong."""
    return one_page(lambda paper, text, y: paper.ligatures(text, y), lines)


def latin_pdf(lines: Sequence[str] = ("We deliver within two days.", "Returns are free of charge.")) -> bytes:
    """A page of English, in which nothing is to be mended."""
    return one_page(lambda paper, text, y: paper.latin(text, y), lines)


def bare_pdf(body: bytes) -> bytes:
    """A PDF of one page whose content is as given, and nothing else."""
    return (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Length %d>>stream\n%s\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF" % (len(body), body)
    )


def packed(**parts: bytes) -> bytes:
    """An archive with these parts; a double underscore in a name stands for a slash, a single one for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def repacked(data: bytes, name: str, part: bytes) -> bytes:
    """The same archive with one part exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for known in old.namelist():
            new.writestr(known, part if known == name else old.read(known))
    return out.getvalue()
