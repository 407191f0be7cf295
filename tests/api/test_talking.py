"""Questions by the API go the way of all messages and come back with their answers."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from errors import NeedsOwner
from tenants.idempotency import BUSY, GIVEN_UP
from tenants.models import ChannelAccount, Idempotency, Message, Tenant, Turn, now
from tests.api.town import Town, founded
from tests.conftest import Floor
from tests.factories import make_tenant

NOTE = {"audio": ("q.ogg", "متى تفتحون؟".encode(), "audio/ogg")}


async def over(town: Town, job_id: str, key: str | None = None) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            job: dict[str, Any] = (await town.get(f"/jobs/{job_id}", key)).json()
            if job["state"] in {"done", "failed"}:
                return job
            await asyncio.sleep(0.05)


async def test_a_spoken_question_is_answered_by_voice_at_once(town: Town) -> None:
    async with town.working():
        response = await town.post("/voice/query", files=NOTE, data={"visitor": "v1", "wait": "20"})
    assert response.status_code == 200
    job = response.json()
    assert (job["state"], job["progress"], job["visitor"]) == ("done", 100, "v1")
    assert (job["transcript"], job["response_text"], job["language"]) == ("متى تفتحون؟", "[متى تفتحون؟]", "ar")
    sound = await town.http.get(town.local(job["audio_url"]))
    assert sound.headers["content-type"] == "audio/mpeg"
    assert len(sound.content) > 500
    assert job["video_url"] is None


async def test_a_film_is_a_job_that_is_done_some_time(town: Town) -> None:
    begun = await town.post("/complete-flow", json={"text": "كم السعر؟", "form": "video", "visitor": "v1"})
    assert begun.status_code == 202
    job_id = begun.json()["job_id"]
    assert begun.headers["location"] == f"/api/v1/jobs/{job_id}"
    assert (begun.json()["state"], begun.json()["progress"]) == ("queued", 0)
    async with town.working():
        job = await over(town, job_id)
    assert (job["state"], job["transcript"], job["response_text"]) == ("done", "كم السعر؟", "[كم السعر؟]")
    film = await town.http.get(town.local(job["video_url"]))
    assert film.headers["content-type"] == "video/mp4"
    assert film.content[4:8] == b"ftyp"


@pytest.mark.parametrize(("form", "expected"), [("text", (None, None)), ("voice", ("audio", None))])
async def test_the_wish_goes_before_the_policy(
    sqlite_database: Floor, tmp_path: Path, form: str, expected: tuple[Any, Any]
) -> None:
    async with founded(sqlite_database, tmp_path) as town, town.working():
        async with town.db.tenant(town.tenant.id) as session:
            (await session.get_one(Tenant, town.tenant.id)).policy = {**town.tenant.policy, "video": "always"}
        job_id = (await town.post("/complete-flow", json={"text": "كم السعر؟", "form": form})).json()["job_id"]
        job = await over(town, job_id)
        assert [bool(job["audio_url"]), bool(job["video_url"])] == [bool(one) for one in expected]
        assert job["response_text"] == "[كم السعر؟]"


async def test_a_film_is_made_for_who_wishes_it_though_the_business_sends_none(small_town: Town) -> None:
    async with small_town.db.tenant(small_town.tenant.id) as session:
        (await session.get_one(Tenant, small_town.tenant.id)).policy = {**small_town.tenant.policy, "video": "never"}
    async with small_town.working():
        job_id = (await small_town.post("/complete-flow", files=NOTE)).json()["job_id"]
        job = await over(small_town, job_id)
    assert job["video_url"]
    assert job["transcript"] == "متى تفتحون؟"


async def test_a_film_that_can_not_be_drawn_is_heard_instead_and_says_why(small_town: Town) -> None:
    small_town.engines.fail["video"] = [NeedsOwner("no-weights")] * 3
    async with small_town.working():
        job_id = (await small_town.post("/complete-flow", json={"text": "كم السعر؟"})).json()["job_id"]
        job = await over(small_town, job_id)
    assert (job["state"], job["video_url"]) == ("done", None)
    assert job["audio_url"]
    assert job["note"].startswith("video failed")


async def test_a_question_that_nobody_can_answer_is_a_failed_job(small_town: Town) -> None:
    small_town.engines.fail["llm"] = [NeedsOwner("no-engine")] * 5
    async with small_town.working():
        job_id = (await small_town.post("/complete-flow", json={"text": "كم السعر؟"})).json()["job_id"]
        job = await over(small_town, job_id)
        told = await small_town.get(f"/jobs/{job_id}", headers={"Accept-Language": "ar"})
    assert (job["state"], job["error"]["code"]) == ("failed", "no-engine")
    assert "Send the question again" in job["error"]["detail"]
    assert "أرسل السؤال" in told.json()["error"]["detail"]


async def test_who_waits_too_short_gets_the_job(small_town: Town) -> None:
    response = await small_town.post("/voice/query", files=NOTE, data={"wait": "0"})
    assert response.status_code == 202
    assert response.json()["state"] == "queued"


async def test_events_tell_how_far_a_job_is_until_it_is_over(town: Town) -> None:
    job_id = (await town.post("/complete-flow", json={"text": "كم السعر؟", "form": "voice"})).json()["job_id"]
    async with (
        town.working(),
        town.http.stream("GET", f"/api/v1/jobs/{job_id}/events", headers=town.bearer()) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        told = [line.removeprefix("data: ") async for line in response.aiter_lines() if line.startswith("data: ")]
    states = [json.loads(line)["state"] for line in told]
    assert states[-1] == "done"
    assert states.count("done") == 1


async def test_messages_of_one_visitor_are_one_conversation_and_each_is_answered_by_itself(town: Town) -> None:
    async with town.db.tenant(town.tenant.id) as session:
        (await session.get_one(Tenant, town.tenant.id)).policy = {"answerable": 0, "burst_seconds": 5.0}
    asked = [
        town.post("/complete-flow", json={"text": f"سؤال {n}", "form": "text", "visitor": "same"}) for n in range(3)
    ]
    ids = [(await one).json()["job_id"] for one in asked]
    async with town.working():
        jobs = [await over(town, job_id) for job_id in ids]
    assert [job["response_text"] for job in jobs] == [f"[سؤال {n}]" for n in range(3)]
    async with town.db.platform(reads=True) as session:
        turns = (await session.scalars(select(Turn))).all()
    assert len({turn.conversation_id for turn in turns}) == 1


async def test_a_recording_is_kept_before_it_is_taken(town: Town) -> None:
    await town.post("/complete-flow", files=NOTE)
    [row] = await town.needs.inbox.pending(10)
    media = json.loads(row.payload)["media"]
    assert media["mime"] == "audio/ogg"
    assert await town.needs.blobs.get(town.tenant.id, media["blob"]) == NOTE["audio"][1]


@pytest.mark.parametrize("body", [{}, {"files": NOTE, "data": {"text": "سؤال"}}, {"files": {"audio": ("a", b"")}}])
async def test_a_question_is_spoken_or_written(small_town: Town, body: dict[str, Any]) -> None:
    response = await small_town.post("/voice/query", **body)
    assert response.status_code == 422
    assert response.json()["code"] in {"nothing-said", "one-of-both"}
    assert await small_town.needs.inbox.pending(10) == []


@pytest.mark.parametrize("text", ['"\\u0000"', '"\\ud800"', '" \\u0000 "', '""', "7", "[" * 20_000])
async def test_texts_that_are_none(town: Town, text: str) -> None:
    headers = {"Content-Type": "application/json"}
    for path, name in (("/complete-flow", "text"), ("/retrieve", "question"), ("/respond", "question")):
        response = await town.post(path, content=f'{{"{name}": {text}}}', headers=headers)
        assert response.status_code in {400, 422}, path
        assert response.headers["content-type"] == "application/problem+json"


async def test_odd_names_of_files_and_kinds_are_no_trouble(town: Town) -> None:
    odd = {"audio": ("\0?.ogg", "سؤال".encode(), "audio/\0\ud7ff")}
    begun = await town.post("/complete-flow", files=odd, data={"form": "text"})
    async with town.working():
        assert (await over(town, begun.json()["job_id"]))["transcript"] == "سؤال"


async def test_the_business_can_switch_the_channel_off(small_town: Town) -> None:
    await small_town.post("/complete-flow", json={"text": "سؤال"})
    [account] = await small_town.needs.book.list(small_town.tenant.id)
    await small_town.needs.book.disconnect(small_town.tenant.id, account.id)
    response = await small_town.post("/complete-flow", json={"text": "سؤال"})
    assert (response.status_code, response.json()["code"]) == (409, "account-off")


async def test_the_account_comes_once_however_many_ask_first(town: Town) -> None:
    asked = [town.post("/complete-flow", json={"text": f"سؤال {n}"}) for n in range(8)]
    assert {one.status_code for one in await asyncio.gather(*asked)} == {202}
    async with town.db.platform(reads=True) as session:
        assert len((await session.scalars(select(ChannelAccount))).all()) == 1


async def test_the_same_key_and_question_is_one_job(town: Town) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await town.post("/complete-flow", json={"text": "سؤال"}, headers=key)
    again = await town.post("/complete-flow", json={"text": "سؤال"}, headers=key)
    other = await town.post("/complete-flow", json={"text": "سؤال آخر"}, headers=key)
    fresh = await town.post("/complete-flow", json={"text": "سؤال"}, headers={"Idempotency-Key": "k-2"})
    assert first.json()["job_id"] == again.json()["job_id"] != fresh.json()["job_id"]
    assert (other.status_code, other.json()["code"]) == (422, "repeat-differs")
    assert len(await town.needs.inbox.pending(10)) == 2


async def test_a_recording_with_a_key_counts_by_its_bytes(small_town: Town) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await small_town.post("/complete-flow", files=NOTE, headers=key)
    again = await small_town.post("/complete-flow", files=NOTE, headers=key)
    assert first.json()["job_id"] == again.json()["job_id"]
    assert len(list(Path(small_town.needs.blobs._folder or "").rglob("heard/*"))) == 1


async def test_a_server_that_died_before_it_answered_gives_the_same_job_in_the_end(town: Town) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await town.post("/complete-flow", json={"text": "سؤال"}, headers=key)
    async with town.db.platform() as session:
        await session.execute(update(Idempotency).values(status=BUSY, answer=None))
    busy = await town.post("/complete-flow", json={"text": "سؤال"}, headers=key)
    assert (busy.status_code, busy.json()["code"]) == (409, "repeat-busy")
    assert int(busy.headers["retry-after"]) > 0
    async with town.db.platform() as session:
        await session.execute(update(Idempotency).values(created_at=now() - GIVEN_UP - timedelta(seconds=1)))
    again = await town.post("/complete-flow", json={"text": "سؤال"}, headers=key)
    assert again.json()["job_id"] == first.json()["job_id"]
    assert len(await town.needs.inbox.pending(10)) == 1


async def test_what_failed_may_be_tried_again_with_the_same_key(small_town: Town) -> None:
    key = {"Idempotency-Key": "k-1"}
    await small_town.needs.inbox.close()
    assert (await small_town.post("/complete-flow", json={"text": "سؤال"}, headers=key)).status_code == 503
    async with small_town.db.platform(reads=True) as session:
        assert (await session.scalars(select(Idempotency))).all() == []


async def test_a_token_is_for_one_visitor(town: Town) -> None:
    made = await town.post("/token", json={"visitor": "v7", "seconds": 60})
    assert made.status_code == 201
    token = made.json()["token"]
    mine = await town.post("/complete-flow", token, json={"text": "سؤال", "form": "text"})
    theirs = await town.post("/complete-flow", token, json={"text": "سؤال", "visitor": "v8"})
    assert (theirs.status_code, theirs.json()["code"]) == (403, "visitor-differs")
    other = (await town.post("/token", json={"visitor": "v8"})).json()["token"]
    async with town.working():
        job = await over(town, mine.json()["job_id"], token)
    assert job["visitor"] == "v7"
    foreign = await town.get(f"/jobs/{job['job_id']}", other)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "job-missing")


async def test_a_page_can_not_pass_for_a_visitor_whom_the_business_named(town: Town) -> None:
    await town.post("/complete-flow", json={"text": "سؤال", "form": "text", "visitor": "v7"})
    page = {"Origin": "https://shop.example"}
    await town.post("/complete-flow", town.public, headers=page, json={"text": "سؤال", "form": "text", "visitor": "v7"})
    rows = await town.needs.inbox.pending(10)
    assert len({json.loads(row.payload)["chat"] for row in rows}) == 2


async def test_jobs_are_nobody_elses(town: Town) -> None:
    job_id = (await town.post("/complete-flow", json={"text": "سؤال"})).json()["job_id"]
    stranger = await town.key_of(await make_tenant(town.db), "talk")
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/events"):
        assert (await town.get(path, stranger)).status_code == 404
    made_up = job_id[:-1] + ("0" if job_id[-1] != "0" else "1")
    assert (await town.get(f"/jobs/{made_up}")).status_code == 404


async def test_messages_keep_the_wish(small_town: Town) -> None:
    async with small_town.working():
        job_id = (await small_town.post("/complete-flow", json={"text": "سؤال", "form": "text"})).json()["job_id"]
        await over(small_town, job_id)
    async with small_town.db.platform(reads=True) as session:
        wishes = (await session.scalars(select(col(Message.wish)).where(col(Message.direction) == "in"))).all()
    assert list(wishes) == ["text"]
