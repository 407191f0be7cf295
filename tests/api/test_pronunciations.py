"""The dictionary of pronunciation by the API: kept, used in speech, taken in and given out as a table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from core_pipeline.contracts.engines import Pcm, Saying, Speech
from tenants import pronunciations
from tenants.models import AuditEntry
from tests.api.town import Town
from tests.factories import make_tenant

WORD = {"language": "ar", "written": "كافيه نور", "spoken": "كافِيه نُور"}
PATH = "/pronunciations"


async def put(town: Town, word_id: str, word: dict[str, Any]) -> Any:
    return await town.http.put(f"/api/v1{PATH}/{word_id}", headers=town.bearer(), json=word)


async def delete(town: Town, word_id: str, key: str | None = None) -> int:
    return (await town.http.delete(f"/api/v1{PATH}/{word_id}", headers=town.bearer(key))).status_code


async def test_a_word_is_kept_changed_and_deleted_and_every_step_is_audited(town: Town) -> None:
    made = await town.post(PATH, json=WORD)
    word_id = made.json()["id"]
    assert (made.status_code, made.json()) == (201, {"id": word_id, **WORD})
    changed = await put(town, word_id, {**WORD, "spoken": "كَفِيه نُور"})
    assert changed.json()["spoken"] == "كَفِيه نُور"
    assert (await town.get(PATH)).json() == {"words": [changed.json()]}
    assert [await delete(town, word_id) for _ in range(2)] == [204, 404]
    async with town.db.tenant(town.tenant.id, reads=True) as session:
        rows = (await session.scalars(select(AuditEntry).order_by("id"))).all()
    told = [row for row in rows if row.action.startswith("pronunciation.")]
    assert [row.action for row in told] == ["pronunciation.add", "pronunciation.change", "pronunciation.delete"]
    assert (told[1].before, told[1].after) == ({"spoken": "كافِيه نُور"}, {"spoken": "كَفِيه نُور"})
    assert all(row.who.startswith("api:") for row in told)


async def test_speech_by_the_api_says_it_so(town: Town) -> None:
    spoken: list[str] = []

    async def speak(saying: Saying) -> AsyncIterator[Speech]:
        spoken.append(saying.text)
        yield Speech(Pcm(b"\0\1" * 8000, 16_000))

    town.engines.speak = speak  # type: ignore[method-assign]  # for this test only
    await town.post(PATH, json=WORD)
    assert (await town.post("/speak", json={"text": "أهلا بكم في كافيه نور."})).status_code == 200
    assert spoken == ["أهلا بكم في كافِيه نُور."]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ({**WORD, "written": " كـافية  نور "}, "pronunciation-known"),
        ({**WORD, "written": "\u064b"}, "pronunciation-words"),
        ({**WORD, "spoken": "\0"}, "pronunciation-words"),
        ({**WORD, "language": "fr"}, "invalid"),
        ({**WORD, "written": "ن" * 81}, "invalid"),
    ],
)
async def test_what_is_no_new_word_is_refused_with_what_to_do(
    small_town: Town, word: dict[str, str], code: str
) -> None:
    await small_town.post(PATH, json=WORD)
    refused = await small_town.post(PATH, json=word, headers={"Accept-Language": "ar"})
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["detail"]


async def test_a_table_goes_out_and_comes_in_again(town: Town) -> None:
    await town.post(PATH, json=WORD)
    await town.post(PATH, json={"language": "en", "written": "=SUM", "spoken": "-sum"})
    table = await town.get(f"{PATH}/table")
    assert table.headers["content-type"].startswith("text/csv")
    text = table.content.decode("utf-8-sig")
    assert "'=SUM,'-sum" in text
    other = await make_tenant(town.db)
    key = await town.key_of(other, "voices")
    for expected in ({"new": 2, "changed": 0}, {"new": 0, "changed": 0}):
        taken = await town.post(f"{PATH}/table", key, files={"table": ("t.csv", table.content)})
        assert (taken.status_code, taken.json()) == (200, expected)
    there = (await town.get(PATH, key)).json()["words"]
    assert [(one["written"], one["spoken"]) for one in there] == [("كافيه نور", "كافِيه نُور"), ("=SUM", "-sum")]
    changed = "language;written;spoken\nar;كافية نور;جديد\n".encode()
    assert (await town.post(f"{PATH}/table", key, files={"table": ("t.csv", changed)})).json()["changed"] == 1


@pytest.mark.parametrize("table", [b"\xff\xfe\0", b"ar,one\n", b"fr,one,two\n", b'ar,"one,two\0\nx'])
async def test_what_is_no_table_changes_nothing(small_town: Town, table: bytes) -> None:
    good = "ar,كشري,كُشَرِي\n".encode()
    refused = await small_town.post(f"{PATH}/table", files={"table": ("t.csv", good + table)})
    assert (refused.status_code, refused.json()["code"]) == (422, "pronunciation-table")
    assert (await small_town.get(PATH)).json() == {"words": []}


async def test_there_is_room_for_so_many_words(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pronunciations, "MOST", 1)
    await small_town.post(PATH, json=WORD)
    full = await small_town.post(PATH, json={**WORD, "written": "كشري"})
    assert full.json()["code"] == "pronunciation-quota"


async def test_only_a_secret_key_with_the_scope_gets_in_and_only_to_its_own(town: Town) -> None:
    made = (await town.post(PATH, json=WORD)).json()
    assert (await town.get(PATH, town.public)).status_code == 403
    assert (await town.get(PATH, await town.key_of(town.tenant, "talk"))).status_code == 403
    foreign = await town.key_of(await make_tenant(town.db), "voices")
    assert (await town.get(PATH, foreign)).json() == {"words": []}
    assert await delete(town, made["id"], foreign) == 404
