"""What a business knows, by the API: the same services as the panel's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core_pipeline.knowledge.documents.stacks import Stacks, open_stacks, whole_index
from core_pipeline.knowledge.shelf import Shelf
from tenants import open_questions
from tenants.blobs import Blobs
from tests.api.town import Town, founded
from tests.conftest import Floor
from tests.factories import make_tenant

POOL = {"question": "هل عندكم حمام سباحة؟", "answer": "نعم، مغطى.", "alternatives": ["فيه بيسين؟"]}
BASE = "/api/v1/knowledge"


@pytest.fixture
async def school(database: Floor, tmp_path: Path) -> AsyncIterator[tuple[Town, Stacks]]:
    """A town with a real search, and somebody who reads its documents."""
    shelf, blobs = Shelf(database.db), Blobs(f"file://{tmp_path}/blobs")
    async with (
        open_stacks(database.db, blobs, whole_index(shelf.sync)) as stacks,
        founded(database, tmp_path, shelf=shelf, library=stacks.library) as town,
    ):
        yield town, stacks
    await shelf.close()


async def test_entries_are_written_read_and_found(school: tuple[Town, Stacks]) -> None:
    town, _ = school
    made = await town.post("/knowledge/entries", json={"ar": POOL})
    assert made.status_code == 201, made.text
    row = made.json()
    assert row["versions"]["ar"] == POOL
    url = f"{BASE}/entries/{row['key']}"
    english = {"question": "Is there a pool?", "answer": "Yes."}
    put = await town.http.put(url, json={"en": english, "mark": row["mark"]}, headers=town.bearer())
    assert (put.status_code, sorted(put.json()["versions"])) == (200, ["ar", "en"])
    late = await town.http.put(url, json={"en": None, "mark": row["mark"]}, headers=town.bearer())
    assert (late.status_code, late.json()["code"]) == (409, "fact-changed")
    alone = await town.http.put(url, json={"en": None, "mark": put.json()["mark"]}, headers=town.bearer())
    assert alone.json()["versions"] == {"ar": POOL}
    nothing = await town.http.put(url, json={"ar": None}, headers=town.bearer())
    assert nothing.status_code == 422
    tried = (await town.post("/knowledge/search", json={"question": "عندكم بيسين؟"})).json()
    assert tried["answered"] is True
    assert (tried["passages"][0]["kind"], tried["passages"][0]["key"]) == ("entries", row["key"])
    page = (await town.get("/knowledge/entries?q=سباحه&limit=1")).json()
    assert (page["total"], page["next"], page["rows"][0]["key"]) == (1, None, row["key"])
    gone = await town.http.delete(url, headers=town.bearer())
    assert (gone.status_code, (await town.get(f"/knowledge/entries/{row['key']}")).status_code) == (204, 404)


async def test_what_is_wrong_is_refused_and_strangers_learn_nothing(small_town: Town) -> None:
    for wrong in ({}, {"ar": None}, {"ar": {"question": "س", "answer": ""}}, {"ar": POOL, "x": 1}):
        refused = await small_town.post("/knowledge/entries", json=wrong)
        assert refused.status_code == 422, wrong
    lacking = {**small_town.bearer(), "Accept-Language": "ar"}
    half = await small_town.http.post(f"{BASE}/entries", json={"ar": {"question": "س", "answer": ""}}, headers=lacking)
    assert half.json()["errors"] == [{"where": "answer_ar", "what": "هذا الحقل مطلوب."}]
    made = (await small_town.post("/knowledge/entries", json={"ar": POOL})).json()
    other = await small_town.key_of(await make_tenant(small_town.db), "knowledge")
    assert (await small_town.get(f"/knowledge/entries/{made['key']}", other)).status_code == 404
    talker = await small_town.key_of(small_town.tenant, "talk")
    assert (await small_town.get("/knowledge/entries", talker)).status_code == 403
    assert (await small_town.get("/knowledge/documents")).status_code == 422


async def test_products_and_their_file(school: tuple[Town, Stacks]) -> None:
    town, _ = school
    tea: dict[str, Any] = {"ar": {"name": "شاي"}, "en": {"name": "Tea"}, "price": "٢٥", "currency": "جنيه مصري"}
    made = (await town.post("/knowledge/products", json=tea)).json()
    assert made["versions"]["en"]["price"] == "25"
    assert made["versions"]["en"]["currency"] == "EGP"
    only = {"ar": {"name": "شاي"}, "price": "27", "currency": "EGP"}
    put = await town.http.put(f"{BASE}/products/{made['key']}", json=only, headers=town.bearer())
    assert {said["price"] for said in put.json()["versions"].values()} == {"27"}
    off = await town.post("/knowledge/available", json={"keys": [made["key"]], "available": False})
    assert off.json() == {"changed": 2}
    csv = await town.get("/knowledge/products/csv")
    assert csv.headers["content-type"].startswith("text/csv")
    file = csv.content.decode("utf-8-sig").replace(",27,", ",30,").encode("utf-16")
    asked = await town.post("/knowledge/products/csv", files={"file": ("a.csv", file)})
    assert (asked.json()["applied"], asked.json()["counts"]["changed"]) == (False, 1)
    done = await town.post("/knowledge/products/csv", files={"file": ("a.csv", file)}, data={"apply": "true"})
    assert done.json()["applied"] is True
    row = (await town.get(f"/knowledge/products/{made['key']}")).json()
    assert {said["price"] for said in row["versions"].values()} == {"30"}
    bad = "name_ar,price\nفول,غال\n".encode()
    words = {**town.bearer(), "Accept-Language": "ar"}
    told = await town.http.post(f"{BASE}/products/csv", files={"file": ("a.csv", bad)}, headers=words)
    wrong = {"where": "price", "what": "هذا ليس سعرا. اكتبه مثل 50 أو 49.50.", "code": "price"}
    assert told.json()["lines"][0]["errors"] == [wrong]
    junk = await town.post("/knowledge/products/csv", files={"file": ("a.csv", b"\xff\xfe\x00")})
    assert junk.status_code == 422


async def test_documents_go_in_and_out(school: tuple[Town, Stacks]) -> None:
    town, stacks = school
    text = "رسوم التوصيل إلى مدينة نصر أربعون جنيها.".encode()
    sent = await town.post("/knowledge/documents", files={"file": ("fees.txt", text)})
    assert (sent.status_code, sent.json()["state"]) == (202, "queued")
    assert await stacks.librarian.once()
    listed = (await town.get("/knowledge/documents")).json()
    assert (listed["documents"][0]["state"], listed["used"]["documents"]) == ("ready", 1)
    own = f"/knowledge/documents/{sent.json()['id']}"
    assert "أربعون" in (await town.get(own)).json()["text"]
    assert (await town.get(f"{own}?page=9")).status_code == 422
    page = (await town.get(own)).json()
    right = {"text": "رسوم التوصيل إلى مدينة نصر خمسون جنيها.", "mark": page["mark"]}
    put = await town.http.put(f"/api/v1{own}/text", json=right, headers=town.bearer())
    assert (put.status_code, "خمسون" in put.json()["text"], put.json()["mark"] != page["mark"]) == (200, True, True)
    late = await town.http.put(f"/api/v1{own}/text", json=right, headers=town.bearer())
    assert (late.status_code, late.json()["code"]) in {(409, "document-changed"), (409, "document-busy")}
    assert await stacks.librarian.once()
    files = {"file": ("fees.txt", text)}
    again = await town.http.put(f"/api/v1{own}/file", files=files, headers=town.bearer())
    assert (again.status_code, again.json()["state"]) == (202, "queued")
    assert await stacks.librarian.once()
    assert (await town.post(f"{own}/refresh")).json()["code"] == "document-no-address"
    assert (await town.post(f"{own}/approve")).status_code == 409
    found = (await town.post("/knowledge/search", json={"question": "كم رسوم التوصيل إلى مدينة نصر؟"})).json()
    assert (found["passages"][0]["kind"], found["answered"]) == ("documents", True)
    bad = await town.post("/knowledge/documents/link", json={"url": "http://127.0.0.1/secret"})
    assert (bad.status_code, bad.json()["code"]) == (422, "url-forbidden")
    assert (await town.http.delete(f"/api/v1{own}", headers=town.bearer())).status_code == 204
    assert (await town.get(own)).status_code == 404


async def test_open_questions_are_answered(school: tuple[Town, Stacks]) -> None:
    town, _ = school
    async with town.db.tenant(town.tenant.id) as session:
        await open_questions.record(session, "t", "عندكم حمام سباحة؟", "حمام سباحة", "ar")
    [one] = (await town.get("/knowledge/questions")).json()["questions"]
    path = f"/knowledge/questions/{one['id']}"
    put = await town.http.put(f"/api/v1{path}", json={"state": "dismissed"}, headers=town.bearer())
    assert put.json()["state"] == "dismissed"
    done = await town.post(f"{path}/answer", json={"ar": POOL})
    assert done.status_code == 200, done.text
    [closed] = (await town.get("/knowledge/questions?state=answered")).json()["questions"]
    assert closed["entry"] == done.json()["key"]
    assert (await town.post(f"/knowledge/questions/{'0' * 32}/answer", json={"ar": POOL})).status_code == 404
