"""The single stages: what they give, what they take, and that they are billed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from core_pipeline.contracts.engines import Transcript
from errors import NeedsOwner
from tenants.models import TurnStage
from tests.api.town import Town
from tests.factories import make_tenant

NOTE = {"audio": ("q.ogg", "متى تفتحون؟".encode(), "audio/ogg")}


async def billed(town: Town) -> list[str]:
    async with town.db.tenant(town.tenant.id, reads=True) as session:
        return list((await session.scalars(select(col(TurnStage.name)).order_by(col(TurnStage.name)))).all())


async def over(town: Town, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            job: dict[str, Any] = (await town.get(f"/jobs/{job_id}")).json()
            if job["state"] in {"done", "failed"}:
                return job
            await asyncio.sleep(0.05)


async def test_hearing(town: Town) -> None:
    response = await town.post("/transcribe", files=NOTE, data={"language": "ar"})
    assert response.status_code == 200
    heard = response.json()
    assert (heard["text"], heard["language"], heard["confidence"]) == ("متى تفتحون؟", "ar", 0.9)
    assert "decode" in [bill["stage"] for bill in heard["usage"]]
    assert "decode" in await billed(town)


async def test_what_can_not_be_heard_is_the_callers_trouble(small_town: Town) -> None:
    response = await small_town.post("/transcribe", files={"audio": ("x", b"?")}, headers={"Accept-Language": "ar"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-language"] == "ar"
    assert response.json()["code"] == "media-unreadable"
    assert "OGG" in response.json()["detail"]


async def test_looking_up(town: Town) -> None:
    found = (await town.post("/retrieve", json={"question": "متى تفتحون؟"})).json()
    assert found["language"] == "ar"
    assert found["passages"][0]["answer"] == "في العاشرة"
    assert "recall" in await billed(town)


async def test_answering_a_question_and_a_conversation(town: Town) -> None:
    answered = (await town.post("/respond", json={"question": "متى تفتحون؟"})).json()
    assert (answered["text"], answered["sure"]) == ("[متى تفتحون؟]", True)
    messages = [
        {"role": "user", "content": "عندكم توصيل؟"},
        {"role": "assistant", "content": "نعم"},
        {"role": "user", "content": "بكم؟"},
    ]
    assert (await town.post("/respond", json={"messages": messages})).json()["text"] == "[بكم؟]"
    assert [one.text for one in town.engines.asked[-1].history] == ["عندكم توصيل؟", "نعم"]
    refused = await town.post("/respond", json={"messages": messages[:2]})
    assert (refused.status_code, refused.json()["code"]) == (422, "one-question")


async def test_speaking_gives_a_link_or_the_sound(town: Town) -> None:
    told = (await town.post("/speak", json={"text": "نفتح في العاشرة. أهلا بكم جميعا."})).json()
    assert (told["mime"], told["language"], told["seconds"]) == ("audio/mpeg", "ar", 1.0)
    linked = await town.http.get(town.local(told["audio_url"]))
    sound = await town.post("/speak", json={"text": "نفتح في العاشرة."}, headers={"Accept": "audio/mpeg"})
    assert sound.headers["content-type"] == linked.headers["content-type"] == "audio/mpeg"
    assert sound.content[:2] == linked.content[:2]
    assert "encode" in await billed(town)


async def test_speaking_twice_with_a_key_is_speaking_once(small_town: Town) -> None:
    key = {"Idempotency-Key": "k"}
    for _ in range(2):
        assert (await small_town.post("/speak", json={"text": "أهلا بكم"}, headers=key)).status_code == 200
    assert (await billed(small_town)).count("encode") == 1


@pytest.mark.parametrize(
    ("voice", "code"), [("nobody", "no-such-voice"), (f"clone:{'0' * 32}", "voice-missing"), ("a b", "invalid")]
)
async def test_a_voice_that_there_is_not(small_town: Town, voice: str, code: str) -> None:
    response = await small_town.post("/speak", json={"text": "أهلا بكم", "voice": voice})
    assert (response.status_code, response.json()["code"]) in {(422, code), (404, code)}


async def test_a_voice_of_the_shelf(small_town: Town) -> None:
    shelf = (await small_town.get("/voices")).json()["shelf"]
    choice = next(one["choice"] for one in shelf if "ar" in one["languages"])
    assert (await small_town.post("/speak", json={"text": "أهلا بكم", "voice": choice})).status_code == 200
    small_town.engines.fail["voice"] = [NeedsOwner("voice-language", "not here")]
    response = await small_town.post("/speak", json={"text": "أهلا بكم", "voice": choice})
    assert (response.status_code, response.json()["code"]) == (422, "voice-language")


async def test_a_text_without_words(small_town: Town) -> None:
    small_town.engines.speak = nothing  # type: ignore[method-assign]
    response = await small_town.post("/speak", json={"text": "!؟"})
    assert (response.status_code, response.json()["code"]) == (422, "no-words")


async def nothing(saying: Any) -> Any:
    for part in list[Any]():
        yield part


async def test_a_face_says_a_text(town: Town) -> None:
    begun = await town.post("/animate", json={"text": "نفتح في العاشرة.", "avatar": "omar"})
    assert begun.status_code == 202
    async with town.working():
        job = await over(town, begun.json()["job_id"])
    assert (job["state"], job["response_text"], job["transcript"]) == ("done", "نفتح في العاشرة.", None)
    film = await town.http.get(town.local(job["video_url"]))
    assert film.content[4:8] == b"ftyp"
    assert {scene.face.id for scene in town.engines.scenes} == {"omar"}


async def test_a_face_says_what_we_have_recorded(small_town: Town) -> None:
    url = (await small_town.post("/speak", json={"text": "أهلا بكم"})).json()["audio_url"]
    small_town.engines.transcribe = hello  # type: ignore[method-assign]
    begun = await small_town.post("/animate", json={"audio_url": url})
    assert begun.status_code == 202
    async with small_town.working():
        job = await over(small_town, begun.json()["job_id"])
    assert (job["state"], job["response_text"]) == ("done", "Hello there")
    assert job["video_url"]


async def hello(speech: Any, language: str | None = None) -> Any:
    return Transcript("Hello there", "en", 0.9)


async def test_a_film_that_can_not_be_made_is_a_failed_job(small_town: Town) -> None:
    small_town.engines.fail["video"] = [NeedsOwner("no-weights")] * 3
    begun = await small_town.post("/animate", json={"text": "نفتح في العاشرة."})
    async with small_town.working():
        job = await over(small_town, begun.json()["job_id"])
    assert (job["state"], job["error"]["code"], job["video_url"]) == ("failed", "no-video", None)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "nothing-said"),
        ({"text": "أهلا", "audio_url": "https://sawtak.example/media/x"}, "one-of-both"),
        ({"text": "أهلا", "avatar": "nobody"}, "no-such-avatar"),
        ({"text": "أهلا", "avatar": f"own:{'0' * 32}"}, "no-such-avatar"),
        ({"audio_url": "https://elsewhere.example/media/x"}, "not-ours"),
        ({"audio_url": "https://sawtak.example/media/x.y.z"}, "not-ours"),
    ],
)
async def test_films_that_can_not_be(small_town: Town, asked: dict[str, str], code: str) -> None:
    response = await small_town.post("/animate", json=asked)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_a_face_does_not_say_what_another_business_has_recorded(small_town: Town) -> None:
    other = await make_tenant(small_town.db)
    blob = await small_town.needs.blobs.put(other.id, "spoken", b"theirs")
    url = small_town.needs.links.media(other.id, blob, "audio/mpeg")
    response = await small_town.post("/animate", json={"audio_url": url})
    assert (response.status_code, response.json()["code"]) == (422, "not-ours")
