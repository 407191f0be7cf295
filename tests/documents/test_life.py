"""A document's life: taken in, read, approved, searched, changed, removed without a trace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core_pipeline.knowledge.documents.faults import FAULTS, sentence
from core_pipeline.knowledge.documents.reader import REFUSALS
from errors import Impossible, NeedsOwner, Retryable
from tenants.models import Chunk, DocumentState, Entry, Product, Tenant
from tests.conftest import Floor
from tests.documents import files
from tests.documents.files import LINES, NOTE, PRICES, SHEET
from tests.documents.plant import Plant, planted, rows
from tests.factories import make_tenant


async def test_a_sound_file_goes_straight_to_the_search(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "ساعات_العمل.txt", NOTE)
    assert (added.state, added.title, added.progress) == (DocumentState.QUEUED, "ساعات العمل", 0.0)
    before = await plant.version(tenant)
    await plant.settle()
    done = await plant.state(added)
    assert (done.state, done.progress, done.error, done.claimed_at) == (DocumentState.READY, 1.0, None, None)
    assert (done.mime, done.mended, done.size) == ("text/plain", False, len(NOTE))
    chunks = [chunk for chunk in await rows(plant.db, Chunk, added.id) if isinstance(chunk, Chunk)]
    assert [chunk.text for chunk in chunks] == ["نفتح أبوابنا من التاسعة صباحا.\nWe close at midnight."]
    assert plant.search.told == [(tenant.id, added.id, 1)]
    assert await plant.version(tenant) > before


async def test_a_mended_file_waits_until_somebody_has_looked(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.pdf", files.pdf(LINES[:3]))
    await plant.settle()
    waiting = await plant.state(added)
    assert (waiting.state, waiting.mended, waiting.claimed_at) == (DocumentState.APPROVAL, True, None)
    assert all(line in waiting.pages[0] for line in LINES[:3])
    assert await rows(plant.db, Chunk, added.id) == []
    await plant.library.approve(tenant.id, added.id, [waiting.pages[0].replace("الزيتون", "الياسمين")])
    await plant.settle()
    assert (await plant.state(added)).state == DocumentState.READY
    (chunk,) = await rows(plant.db, Chunk, added.id)
    assert isinstance(chunk, Chunk)
    assert "مطعم الياسمين" in chunk.text
    assert chunk.page == 1
    with pytest.raises(Impossible, match="document-not-waiting"):
        await plant.library.approve(tenant.id, added.id)


async def test_questions_and_prices_become_rows_of_their_own(plant: Plant, tenant: Tenant) -> None:
    asked = await plant.library.add_file(tenant.id, "faq.csv", SHEET)
    sold = await plant.library.add_file(tenant.id, "menu.csv", PRICES)
    await plant.settle()
    entries = [entry for entry in await rows(plant.db, Entry, asked.id) if isinstance(entry, Entry)]
    assert {(entry.question, entry.answer, entry.language) for entry in entries} == {
        ("متى تفتحون؟", "في التاسعة", "ar"),
        ("أين أنتم؟", "في القاهرة", "ar"),
    }
    products = [product for product in await rows(plant.db, Product, sold.id) if isinstance(product, Product)]
    assert sorted((each.name, each.price, each.currency, each.language) for each in products) == [
        ("Coffee", "15", "EGP", "en"), ("Tea", "10", "EGP", "en"), ("شاي", "10", "EGP", "ar"),
        ("قهوة", "15", "EGP", "ar"),
    ]  # fmt: skip
    assert await rows(plant.db, Chunk, sold.id) == []


async def test_the_same_bytes_are_one_document_also_at_once(plant: Plant, tenant: Tenant) -> None:
    twice = await asyncio.gather(*(plant.library.add_file(tenant.id, f"{n}.txt", NOTE) for n in range(4)))
    assert len({document.id for document in twice}) == 1
    assert len(plant.files()) == 1
    await plant.settle()
    again = await plant.library.add_file(tenant.id, "again.txt", NOTE)
    assert again.id == twice[0].id
    assert again.state == DocumentState.READY
    other = await make_tenant(plant.db)
    assert (await plant.library.add_file(other.id, "a.txt", NOTE)).id != again.id


async def test_what_is_wrong_is_kept_and_said(plant: Plant, tenant: Tenant) -> None:
    broken = await plant.library.add_file(tenant.id, "a.pdf", b"%PDF-1.7 nothing")
    await plant.settle()
    failed = await plant.state(broken)
    assert (failed.state, failed.error) == (DocumentState.FAILED, "document-unreadable")
    assert not await plant.librarian.once()
    again = await plant.library.add_file(tenant.id, "a.pdf", b"%PDF-1.7 nothing")
    assert (again.id, again.state) == (broken.id, DocumentState.QUEUED)
    for name, data in (("a", b""), ("a", bytes((25 << 20) + 1))):
        with pytest.raises(Impossible):
            await plant.library.add_file(tenant.id, name, data)


def test_every_fault_has_a_sentence_in_both_languages() -> None:
    assert set(FAULTS) >= REFUSALS | {"document-too-slow", "document-too-large", "quota-pieces", "url-forbidden"}
    for code, (arabic, english) in FAULTS.items():
        assert sentence(code, "ar") == arabic != english == sentence(code, "en")
    assert "odd" in sentence("odd", "ar")


async def test_a_search_that_is_down_delays_and_does_not_lose(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", NOTE)
    plant.search.trouble = Retryable("embedder-down", after=100.0)
    assert await plant.librarian.once()
    waiting = await plant.state(added)
    assert (waiting.state, waiting.error) == (DocumentState.INDEXING, "embedder-down")
    assert not await plant.librarian.once()
    await plant.age(added, 6)
    plant.search.trouble = None
    await plant.settle()
    assert (await plant.state(added)).error is None
    plant.search.trouble = NeedsOwner("embedder-key")
    await plant.library.edit(tenant.id, added.id, ["نص جديد تماما"])
    await plant.settle()
    assert ((await plant.state(added)).state, (await plant.state(added)).error) == (
        DocumentState.FAILED,
        "embedder-key",
    )


async def test_a_fault_of_ours_over_one_document_stops_no_other(plant: Plant, tenant: Tenant) -> None:
    async def broken(tenant_id: str, document_id: str, progress: object) -> None:
        raise ZeroDivisionError

    added = await plant.library.add_file(tenant.id, "a.txt", NOTE)
    plant.librarian._index = broken
    await plant.settle()
    assert (await plant.state(added)).error == "document-failed"


async def test_editing_changes_only_what_changed(plant: Plant, tenant: Tenant) -> None:
    pages = [f"# قسم {number}\n\nهذا نص القسم رقم {number} كما هو." for number in range(5)]
    added = await plant.library.add_file(tenant.id, "a.md", "\n\n".join(pages).encode())
    await plant.settle()
    before = {row.id for row in await rows(plant.db, Chunk, added.id) if isinstance(row, Chunk)}
    text = (await plant.state(added)).pages[0].replace("رقم 3 كما هو", "رقم 3 وقد تغير")
    await plant.library.edit(tenant.id, added.id, [text])
    with pytest.raises(Impossible, match="document-busy"):
        await plant.library.edit(tenant.id, added.id, [text])
    await plant.settle()
    after = {row.id for row in await rows(plant.db, Chunk, added.id) if isinstance(row, Chunk)}
    assert len(before) == len(after) == 5
    assert len(before & after) == 4


async def test_replacing_keeps_the_old_text_until_the_new_is_ready(plant: Plant, tenant: Tenant) -> None:
    added = await plant.library.add_file(tenant.id, "a.txt", NOTE)
    other = await plant.library.add_file(tenant.id, "b.txt", b"something else")
    await plant.settle()
    with pytest.raises(Impossible, match="document-exists"):
        await plant.library.replace(tenant.id, added.id, "b.txt", b"something else")
    await plant.library.replace(tenant.id, added.id, "new.txt", b"Open all night.")
    assert len(await rows(plant.db, Chunk, added.id)) == 1
    await plant.settle()
    (chunk,) = await rows(plant.db, Chunk, added.id)
    assert isinstance(chunk, Chunk)
    assert chunk.text == "Open all night."
    assert (await plant.state(added)).title == "new"
    kept = {(await plant.state(document)).blob for document in (added, other)}
    assert {str(path.relative_to(plant.folder)) for path in plant.files()} == kept


@asynccontextmanager
async def _site(said: dict[str, str]) -> AsyncIterator[str]:
    """A web site of one page, at a local address."""

    async def answer(request: asyncio.StreamReader, response: asyncio.StreamWriter) -> None:
        await request.readuntil(b"\r\n\r\n")
        page = f"<html><title>Shop news</title><body><h1>News</h1><p>We say {said['text']} today.</p>".encode()
        head = f"HTTP/1.1 {said['status']} X\r\nContent-Type: text/html\r\nContent-Length: {len(page)}"
        response.write(head.encode() + b"\r\nConnection: close" + b"\r\n\r\n" + page)
        await response.drain()
        response.close()
        await response.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def test_a_page_is_fetched_and_fetched_again(database: Floor, tmp_path: Path, tenant: Tenant) -> None:
    said = {"text": "first", "status": "200"}
    async with _site(said) as place, planted(database.db, tmp_path / "blobs", allow=[place]) as plant:
        url = f"http://{place}/news"
        added = await plant.library.add_url(tenant.id, url)
        await plant.settle()
        ready = await plant.state(added)
        assert (ready.state, ready.url, ready.title, ready.mime) == (DocumentState.READY, url, "Shop news", "text/html")
        assert not await plant.library.refresh(tenant.id, added.id)
        said["text"] = "second"
        assert (await plant.library.add_url(tenant.id, url)).id == added.id
        await plant.settle()
        (chunk,) = await rows(plant.db, Chunk, added.id)
        assert isinstance(chunk, Chunk)
        assert "We say second today." in chunk.text
        assert len(plant.files()) == 1
        said["status"] = "404"
        with pytest.raises(Impossible, match="url-status"):
            await plant.library.refresh(tenant.id, added.id)
        assert (await plant.state(added)).state == DocumentState.READY
        note = await plant.library.add_file(tenant.id, "a.txt", NOTE)
        with pytest.raises(Impossible, match="document-no-address"):
            await plant.library.refresh(tenant.id, note.id)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://169.254.169.254/latest", "file:///etc/passwd", "nonsense"]
)
async def test_our_own_network_is_out_of_reach(plant: Plant, tenant: Tenant, url: str) -> None:
    with pytest.raises(Impossible, match="url-forbidden"):
        await plant.library.add_url(tenant.id, url)
    assert await plant.library.listing(tenant.id) == []
    assert plant.files() == []
