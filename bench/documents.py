"""Reading documents through the sandbox: pages a second, and milliseconds for a megabyte, of each kind.

Run: python -m bench.documents
"""

import asyncio
import io
import statistics
import time
from collections.abc import Callable

import docx
import openpyxl

from core_pipeline.knowledge.documents.keeping import contents_of
from core_pipeline.knowledge.documents.reader import Reader
from core_pipeline.knowledge.documents.reading import Reading
from tests.documents.files import LINES
from tests.documents.paper import Paper

PAGES, ROWS, PARAGRAPHS = 50, 5_000, 2_000
ROUNDS = 5


def pdf() -> bytes:
    """A book of dense Arabic pages."""
    paper = Paper()
    for number in range(PAGES):
        paper.page()
        for line in range(40):
            paper.ligatures(LINES[(number + line) % len(LINES)], 800 - 18 * line, size=10)
    return paper.bytes()


def word() -> bytes:
    """A long Word file with headings and lists."""
    document = docx.Document()
    for number in range(PARAGRAPHS):
        if number % 20 == 0:
            document.add_heading(f"القسم {number // 20}", 1)
        style = "List Bullet" if number % 5 == 0 else None
        document.add_paragraph(LINES[number % len(LINES)], style=style)
    return _saved(document.save)


def workbook() -> bytes:
    """A price list."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("List")
    sheet.append(["الصنف", "Name", "السعر", "العملة", "الوصف"])
    for number in range(ROWS):
        sheet.append([f"صنف {number}", f"Item {number}", number * 1.25, "EGP", LINES[number % len(LINES)]])
    return _saved(book.save)


def values() -> bytes:
    """Questions and answers."""
    rows = (f'"سؤال {number}؟";"{LINES[number % len(LINES)]}"' for number in range(ROWS))
    return "\n".join(("السؤال;الإجابة", *(row.replace('زر "تأكيد"', "زر تأكيد") for row in rows))).encode("utf-16")


def page() -> bytes:
    """A long web page."""
    parts = (
        f"<h2>{number}</h2><p>{LINES[number % len(LINES)]} {LINES[(number + 1) % len(LINES)]}</p>"
        for number in range(500)
    )
    return f"<html><head><title>x</title></head><body><article>{''.join(parts)}</article></body></html>".encode()


def text() -> bytes:
    """Plain text in an old encoding."""
    return "\n\n".join(LINES * 60).encode("cp1256", errors="ignore")


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


async def measured(reader: Reader, data: bytes, name: str) -> tuple[float, Reading]:
    """Return the median of some rounds in seconds, and what was read."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = await reader.read(data, name)
        times.append(time.perf_counter() - start)
    return statistics.median(times), found


async def main() -> None:
    """Print a line for each kind."""
    start = time.perf_counter()
    async with Reader() as reader:
        print(f"zygote warm in {(time.perf_counter() - start) * 1_000:.0f} ms")
        print("| kind | KiB | pages | read ms | pages/s | ms/MB | cut ms | pieces | rows |")
        print("|---|---|---|---|---|---|---|---|---|")
        kinds = {"pdf": pdf, "docx": word, "xlsx": workbook, "csv": values, "html": page, "txt": text}
        for kind, make in kinds.items():
            data = make()
            seconds, found = await measured(reader, data, f"a.{kind}")
            start = time.perf_counter()
            contents = contents_of("d", found.pages, paged=kind == "pdf")
            cut = time.perf_counter() - start
            letters = sum(map(len, found.pages))
            pages = len(found.pages) if kind == "pdf" else letters / 1_800
            print(
                f"| {kind} | {len(data) >> 10} | {pages:.0f} | {seconds * 1_000:.0f} | {pages / seconds:.0f} "
                f"| {seconds * 1_000 / len(data) * 1e6:.0f} | {cut * 1_000:.0f} | {len(contents.pieces)} "
                f"| {len(contents.answered) + len(contents.offers)} |"
            )


if __name__ == "__main__":
    asyncio.run(main())
