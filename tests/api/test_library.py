"""A business's own voices and avatars by the API: made with consent, used, taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from core_pipeline.engines.asr.demo.engine import DemoAsr, Recogniser
from core_pipeline.engines.speaker.spectral.engine import SpectralSpeaker
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.gallery import Gallery
from core_pipeline.portraits.workshop import Workshop
from tests.api.town import ApiEngines, Town, founded
from tests.cloning.people import MAN, PAGE, WOMAN, note, say
from tests.conftest import Floor
from tests.factories import make_tenant
from tests.portraits.files import corners, pack, png_file
from tests.portraits.house import Engines as Painters

SPOTS = {"left_eye": [40, 30], "right_eye": [80, 30], "mouth": [60, 70]}
OWNER = {"name": "خالد", "person": "خالد يوسف", "text": PAGE}


class Ears(ApiEngines):
    """Hears and tells voices apart for good."""

    recogniser: Recogniser
    ears: SpectralSpeaker

    async def asr(self, language: str | None, order: Any, voice: object = None) -> Any:
        return DemoAsr(self.recogniser)

    async def speaker(self) -> Any:
        return self.ears


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


@pytest.fixture
async def studio(sqlite_database: Floor, tmp_path: Path, recogniser: Recogniser) -> AsyncIterator[Town]:
    async with Sandbox() as sandbox, Workshop() as workshop, founded(sqlite_database, tmp_path) as town:
        engines = town.engines
        engines.__class__ = Ears
        ears = cast("Ears", engines)
        ears.recogniser, ears.ears = recogniser, await SpectralSpeaker.load()
        gallery = Gallery(town.db, town.needs.blobs, workshop, Painters().craft)
        object.__setattr__(town.needs, "sandbox", sandbox)
        object.__setattr__(town.needs, "gallery", gallery)
        yield town


async def test_a_voice_speaks_after_its_owner_has_read_the_sentence(studio: Town, tts: EspeakTts) -> None:
    sample = note(await say(tts, PAGE, MAN))
    key = {"Idempotency-Key": "v"}
    made = await studio.post("/voices", files={"sample": ("s.ogg", sample)}, data=OWNER, headers=key)
    again = await studio.post("/voices", files={"sample": ("s.ogg", sample)}, data=OWNER, headers=key)
    assert made.status_code == 201
    assert made.json() == again.json()
    voice = made.json()
    early = await studio.post("/speak", json={"text": "أهلا بكم", "voice": f"clone:{voice['id']}"})
    assert (early.status_code, early.json()["code"]) == (422, "voice-not-ready")
    other = note(await say(tts, voice["sentence"], WOMAN))
    wrong = await studio.post(f"/voices/{voice['id']}/consent", files={"recording": ("r.ogg", other)})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "other-voice")
    read = note(await say(tts, voice["sentence"], MAN))
    heard = await studio.post(f"/voices/{voice['id']}/consent", files={"recording": ("r.ogg", read)})
    assert heard.json() == {"id": voice["id"], "choice": f"clone:{voice['id']}", "state": "ready"}
    spoken = await studio.post("/speak", json={"text": "أهلا بكم", "voice": f"clone:{voice['id']}"})
    assert spoken.status_code == 200
    link = studio.local(spoken.json()["audio_url"])
    assert (await studio.http.delete(f"/api/v1/voices/{voice['id']}", headers=studio.bearer())).status_code == 204
    assert (await studio.http.get(link)).status_code == 404
    [own] = (await studio.get("/voices")).json()["own"]
    assert own["state"] == "revoked"


async def test_a_sample_that_is_too_short_says_what_to_do(studio: Town, tts: EspeakTts) -> None:
    sample = note(await say(tts, "أهلا بكم", MAN))
    made = await studio.post(
        "/voices", files={"sample": ("s.ogg", sample)}, data=OWNER, headers={"Accept-Language": "ar"}
    )
    assert (made.status_code, made.json()["code"]) == (422, "too-short")
    assert "عشر ثوان" in made.json()["detail"]
    junk = await studio.post("/voices", files={"sample": ("s.ogg", b"junk" * 100)}, data=OWNER)
    assert (junk.status_code, junk.json()["code"]) == (422, "media-unreadable")


async def test_a_sentence_can_be_asked_for_again(studio: Town, tts: EspeakTts) -> None:
    sample = note(await say(tts, PAGE, MAN))
    voice = (await studio.post("/voices", files={"sample": ("s.ogg", sample)}, data=OWNER)).json()
    asked = {"person": "خالد", "scope": "everything"}
    fresh = (await studio.post(f"/voices/{voice['id']}/sentence", json=asked)).json()
    assert fresh["sentence"] != voice["sentence"]
    assert fresh["seconds"] == 900


async def test_a_drawn_avatar_is_ready_at_once(studio: Town) -> None:
    made = await studio.post("/avatars", files={"pack": ("a.zip", pack())})
    assert made.status_code == 201
    avatar = made.json()
    assert (avatar["state"], avatar["kind"], avatar["name"]) == ("ready", "illustrated", {"ar": "هدى", "en": "Huda"})
    [own] = (await studio.get("/avatars")).json()["own"]
    assert own == avatar
    asked = await studio.post("/animate", json={"text": "أهلا", "avatar": avatar["choice"]})
    assert asked.status_code == 202
    url = f"/api/v1/avatars/{avatar['id']}"
    assert (await studio.http.delete(url, headers=studio.bearer())).status_code == 204
    assert (await studio.get("/avatars")).json()["own"] == []
    assert (await studio.post("/animate", json={"text": "أهلا", "avatar": avatar["choice"]})).status_code == 422


async def test_a_person_is_shown_after_their_consent(studio: Town, tts: EspeakTts) -> None:
    names = {"name_ar": "خالد", "name_en": "Khalid"}
    made = await studio.post("/avatars", files={"picture": ("p.png", png_file(corners()))}, data=names)
    avatar = made.json()
    assert (made.status_code, avatar["state"], avatar["kind"]) == (201, "draft", "photo")
    base = f"/avatars/{avatar['id']}"
    early = await studio.post(f"{base}/sentence", json={"person": "خالد يوسف"})
    assert (early.status_code, early.json()["code"]) == (422, "points-needed")
    placed = await studio.http.put(f"/api/v1{base}/points", headers=studio.bearer(), json=SPOTS)
    assert (placed.status_code, placed.json()["problems"]) == (200, [])
    sentence = (await studio.post(f"{base}/sentence", json={"person": "خالد يوسف"})).json()["sentence"]
    read = note(await say(tts, sentence, MAN))
    heard = await studio.post(f"{base}/consent", files={"recording": ("r.ogg", read)})
    assert heard.json() == {"id": avatar["id"], "choice": f"own:{avatar['id']}", "state": "ready"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "pack-or-picture"),
        ({"files": {"picture": ("p.png", b"x")}}, "pack-or-picture"),
        ({"files": {"pack": ("a.zip", b"no zip at all")}}, "pack-kind"),
        ({"files": {"picture": ("p.png", b"x")}, "data": {"name_ar": "خ", "name_en": "K"}}, "picture-kind"),
    ],
)
async def test_avatars_that_can_not_be(studio: Town, body: dict[str, Any], code: str) -> None:
    response = await studio.post("/avatars", **body)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_voices_and_avatars_are_nobody_elses(studio: Town, tts: EspeakTts) -> None:
    sample = note(await say(tts, PAGE, MAN))
    voice = (await studio.post("/voices", files={"sample": ("s.ogg", sample)}, data=OWNER)).json()["id"]
    avatar = (await studio.post("/avatars", files={"pack": ("a.zip", pack())})).json()["id"]
    stranger = await studio.key_of(await make_tenant(studio.db), "admin")
    recording = {"files": {"recording": ("r.ogg", b"x")}}
    tried: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"/voices/{voice}/sentence", {"json": {"person": "x"}}),
        ("POST", f"/voices/{voice}/consent", recording),
        ("DELETE", f"/voices/{voice}", {}),
        ("PUT", f"/avatars/{avatar}/points", {"json": SPOTS}),
        ("POST", f"/avatars/{avatar}/sentence", {"json": {"person": "x"}}),
        ("POST", f"/avatars/{avatar}/consent", recording),
        ("DELETE", f"/avatars/{avatar}", {}),
        ("POST", "/speak", {"json": {"text": "أهلا", "voice": f"clone:{voice}"}}),
        ("POST", "/animate", {"json": {"text": "أهلا", "avatar": f"own:{avatar}"}}),
    ]
    for method, path, body in tried:
        response = await studio.http.request(method, f"/api/v1{path}", headers=studio.bearer(stranger), **body)
        assert response.status_code in {404, 422}, (path, response.text)
        assert response.json()["code"] in {"voice-missing", "avatar-missing", "no-such-avatar"}, path
    assert (await studio.get("/voices", stranger)).json()["own"] == []
    assert (await studio.get("/avatars", stranger)).json()["own"] == []
