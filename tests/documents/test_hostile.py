"""Documents made to hurt: they are refused or read, reach nobody, and leave the sandbox standing."""

import asyncio
import io
import random
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core_pipeline.knowledge.documents.reader import REFUSALS, Reader
from core_pipeline.knowledge.documents.reading import Reading
from errors import Impossible
from tests.documents import files
from tests.media.test_hostile import Listener

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "haha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


async def _code(reader: Reader, data: bytes, name: str) -> str:
    try:
        found = await reader.read(data, name)
    except Impossible as refusal:
        return refusal.code if refusal.code in REFUSALS | {"document-too-slow"} else "unknown"
    assert isinstance(found, Reading)
    return "read"


async def test_bombs_are_refused_before_they_go_off(reader: Reader) -> None:
    inner = b"<w:t>" + b"A" * (300 << 20) + b"</w:t>"
    word = files.repacked(files.word(), "word/document.xml", inner)
    assert len(word) < 2 << 20
    start = time.monotonic()
    assert await _code(reader, word, "a.docx") == "document-bomb"
    many = {f"x{n}": b"" for n in range(6_000)}
    assert await _code(reader, files.packed(word__document_xml=b"", **many), "a.docx") == "document-bomb"
    assert time.monotonic() - start < 20


async def test_a_bomb_that_lies_about_its_size_is_read_no_further(reader: Reader) -> None:
    honest = files.repacked(files.word(), "word/document.xml", b"A" * (30 << 20))
    told = bytearray(honest)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("word/document.xml").file_size
    lie = size.to_bytes(4, "little")
    while (at := told.find(lie)) >= 0:
        told[at : at + 4] = (100).to_bytes(4, "little")
    assert await _code(reader, bytes(told), "a.docx") == "document-unreadable"


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "docProps/core.xml"])
async def test_entities_do_not_multiply(reader: Reader, part: str) -> None:
    bomb = files.repacked(files.word(), part, (LAUGHS + "<x>&a9;</x>").encode())
    start = time.monotonic()
    assert await _code(reader, bomb, "a.docx") in {"document-unreadable", "document-empty", "read"}
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"])
async def test_entities_do_not_multiply_in_sheets(reader: Reader, part: str) -> None:
    book = files.workbook(List=[["name", "price"], ["tea", 1]])
    bomb = files.repacked(book, part, (LAUGHS + "<x>&a9;</x>").encode())
    assert await _code(reader, bomb, "a.xlsx") in {"document-unreadable", "document-empty", "read"}


async def test_files_and_addresses_named_in_documents_are_not_fetched(reader: Reader, listener: Listener) -> None:
    outside = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{}">]><x>&e;</x>'
    for target in ("file:///etc/passwd", f"http://127.0.0.1:{listener.port}/x"):
        word = files.repacked(files.word(), "word/document.xml", outside.format(target).encode())
        await _code(reader, word, "a.docx")
        page = f'<html><head><base href="{target}"><link rel=stylesheet href="{target}"></head><body><p>words here</p>'
        found = await reader.read(f'{page}<img src="{target}"><iframe src="{target}"></iframe>'.encode(), "a.html")
        assert "root:" not in "".join(found.pages)
        linked = files.latin_pdf().replace(
            b"/Type/Catalog", f"/Type/Catalog/OpenAction<</S/URI/URI({target})>>".encode()
        )
        await _code(reader, linked, "a.pdf")
    await asyncio.sleep(0.02)
    assert listener.visits == 0


async def test_a_locked_pdf_is_named(reader: Reader) -> None:
    lock = f"/Encrypt<</Filter/Standard/V 1/R 2/P -44/O<{'4f' * 32}>/U<{'55' * 32}>>>/ID[<00><00>]"
    locked = files.bare_pdf(b"BT ET").replace(b"/Root 1 0 R", b"/Root 1 0 R" + lock.encode())
    assert await _code(reader, locked, "a.pdf") == "document-locked"


async def test_a_file_that_takes_too_long_is_given_up() -> None:
    rows = [[f"cell {column}" for column in range(60)] for _ in range(3_000)]
    async with Reader(wall_seconds=0.3) as hasty:
        with pytest.raises(Impossible, match="document-too-slow"):
            await hasty.read(files.workbook(List=rows), "a.xlsx")
        assert (await hasty.read(b"still standing")).pages == ("still standing",)


async def test_deep_nesting_and_long_lines(reader: Reader) -> None:
    for data, name in (
        (b"<div>" * 50_000 + b"deep", "a.html"),
        (b"<table><tr><td>" * 3_000 + b"deep", "a.html"),
        (b"a," * 500_000 + b"\n" + b"b," * 10, "a.csv"),
        (("(" * 200_000).encode() + "نص".encode(), "a.txt"),
        (("[" * 50_000 + "](" * 50_000).encode() + b"x", "a.md"),
        (("**a" * 60_000).encode(), "a.md"),
        (("1-" * 100_000 + "لا").encode(), "a.txt"),
    ):
        start = time.monotonic()
        await _code(reader, data, name)
        assert time.monotonic() - start < 20, name


async def test_the_zygote_has_one_thread_and_its_child_is_locked_up(reader: Reader) -> None:
    assert [entry.name for entry in Path(f"/proc/{reader.pid}/task").iterdir()] == [str(reader.pid)]
    work = asyncio.create_task(reader.read(files.workbook(List=[["a", "b"]] * 4_000), "a.xlsx"))
    seen: set[str] = set()
    while not work.done():
        for child in Path(f"/proc/{reader.pid}/task/{reader.pid}/children").read_text().split():
            try:
                status = Path(f"/proc/{child}/status").read_text()
            except OSError:
                continue
            if "Seccomp:\t2" in status:
                seen.add(status.partition("Threads:\t")[2].split()[0])
        await asyncio.sleep(0.002)
    await work
    assert seen == {"1"}


@pytest.mark.timeout(100)
async def test_hundreds_of_broken_files(reader: Reader) -> None:
    dice = random.Random(7)  # noqa: S311 - the same files every time
    whole = [
        (files.pdf(), "a.pdf"), (files.word(), "a.docx"), (files.page(), "a.html"), (files.LINES[0].encode(), "a.txt"),
        (files.workbook(List=[["السؤال", "الإجابة"], ["متى؟", "الآن"]]), "a.xlsx"), (b"a,b\n1,2\n3,4\n", "a.csv"),
    ]  # fmt: skip
    zygote, threads, outcomes = reader.pid, threading.active_count(), []
    for number in range(300):
        data, name = whole[number % len(whole)]
        broken = bytearray(data)
        for _ in range(dice.randint(1, 30)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        if dice.random() < 0.3:
            del broken[dice.randrange(len(broken)) :]
        outcomes.append(await _code(reader, bytes(broken) or b"x", name))
    assert reader.pid == zygote
    assert threading.active_count() == threads
    assert outcomes.count("read") > 60
    assert len(set(outcomes)) > 2
    assert "unknown" not in outcomes
    with socket.socket() as free:
        assert free.fileno() > 0
