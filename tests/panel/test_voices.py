"""Voices in the panel: found, heard, chosen; made of a sample with consent, and gone when revoked; pronunciation."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from core_pipeline.cloning.use import clone_of, keep_render
from core_pipeline.contracts.engines import Pcm, Saying, Speech
from core_pipeline.engines.tts.espeak import EspeakConfig
from core_pipeline.engines.tts.espeak.engine import EspeakTts
from errors import Impossible, NeedsOwner
from tenants import pronunciations, voices
from tenants.models import AuditEntry, CachedAnswer, ClonedVoice, Tenant
from tenants.people.roles import Role
from tests.cloning.people import MAN, PAGE, WOMAN, note, say
from tests.panel.house import Panel, Visitor

HERE = "/t/demo/voices"
SCRIPT = {"Accept": "application/json"}
SENTENCE = re.compile(r'<blockquote class="sentence"[^>]*>(.*?)</blockquote>', re.DOTALL)


@pytest.fixture
async def tts() -> AsyncIterator[EspeakTts]:
    engine = EspeakTts(EspeakConfig())
    yield engine
    await engine.close()


async def audited(panel: Panel, *actions: str) -> list[AuditEntry]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        rows = (await session.scalars(select(AuditEntry).order_by("id"))).all()
    return [row for row in rows if not actions or row.action in actions]


async def policy(panel: Panel) -> dict[str, Any]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        return (await session.get_one(Tenant, panel.tenant.id)).policy


async def own(panel: Panel) -> list[ClonedVoice]:
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        return list(await voices.listing(session))


def sample(name: str = "خالد", **more: str) -> dict[str, str]:
    return {"name": name, "language": "ar", "agrees": "yes", **more}


async def sampled(editor: Visitor, recording: bytes, **more: Any) -> Any:
    return await editor.post(f"{HERE}/new", sample(), files={"recording": ("s.ogg", recording)}, **more)


async def asked(editor: Visitor, page: str) -> str:
    """The sentence to read, drawn for the voice of that page."""
    drawn = await editor.post(f"{page}/sentence", {"person": "خالد يوسف", "scope": "answers"}, follow_redirects=True)
    found = SENTENCE.search(drawn.text)
    assert found is not None
    return html.unescape(found[1])


async def test_the_shelf_is_filtered_and_heard(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.VIEWER) as viewer:
        every, women = (await viewer.get(HERE)).text, (await viewer.get(f"{HERE}?gender=woman")).text
        english = (await viewer.get(f"{HERE}?language=en&dialect=levantine")).text
        first = await viewer.get(f"{HERE}/heard/embedded-woman/ar")
        again = await viewer.get(f"{HERE}/heard/embedded-woman/ar")
        nobody = await viewer.get(f"{HERE}/heard/nobody/ar")
    assert "A man with a deep voice" in every
    assert "A man with a deep voice" not in women
    assert "An elderly woman" in women
    assert "No voice is like that" in english
    assert (first.status_code, first.headers["content-type"], first.content[:4]) == (200, "audio/ogg", b"OggS")
    assert again.content == first.content
    assert nobody.status_code == 422
    assert "Available now" in every
    assert "Not set up here" in every
    assert "action=" not in every.partition("<main")[2]


async def test_a_voice_is_chosen_for_a_language_and_let_go_again(panel: Panel) -> None:
    async with panel.visitor(Role.EDITOR) as editor:
        wrong = await editor.post(f"{HERE}/choose", {"language": "en", "choice": "kareem"})
        foreign = await editor.post(f"{HERE}/choose", {"language": "ar", "choice": f"clone:{'0' * 32}"})
        right = await editor.post(f"{HERE}/choose", {"language": "ar", "choice": "embedded-man-deep"})
        assert (await policy(panel))["voice"]["ar"] == "embedded-man-deep"
        page = (await editor.get(HERE)).text
        await editor.post(f"{HERE}/choose", {"language": "ar", "choice": ""})
    assert [one.status_code for one in (wrong, foreign, right)] == [409, 404, 303]
    assert "A man with a deep voice" in page.partition("</dl>")[0]
    assert "ar" not in (await policy(panel)).get("voice", {})
    assert len(await audited(panel, "persona.save")) == 2


async def test_ones_own_sentence_is_said_in_any_voice(small_panel: Panel) -> None:
    text = {"text": "أهلا بكم في متجرنا", "language": "ar"}
    async with small_panel.visitor(Role.EDITOR) as editor, small_panel.visitor(Role.VIEWER) as viewer:
        said = [await editor.post(f"{HERE}/say", {**text, "choice": f"embedded-{who}"}) for who in ("man", "woman")]
        empty = await editor.post(f"{HERE}/say", {**text, "text": ""}, headers=SCRIPT)
        missing = await editor.post(f"{HERE}/say", {**text, "choice": "kareem"}, headers=SCRIPT)
        refused = await viewer.post(f"{HERE}/say", text)
    man, woman = [one.content for one in said]
    assert man[:4] == woman[:4] == b"OggS"
    assert man != woman
    assert (empty.status_code, missing.status_code, refused.status_code) == (422, 422, 403)
    assert missing.json()["code"] == "voice-language"


async def test_a_voice_is_made_with_consent_and_gone_when_revoked(panel: Panel, tts: EspeakTts) -> None:
    db, blobs, tenant_id = panel.db, panel.house.blobs, panel.tenant.id
    async with panel.visitor(Role.EDITOR) as editor:
        begun = await sampled(editor, note(await say(tts, PAGE, MAN)), headers=SCRIPT)
        page = begun.json()["go"].removeprefix("/admin")
        [voice] = await own(panel)
        assert (begun.status_code, page) == (200, f"{HERE}/own/{voice.id}")
        sentence = await asked(editor, page)
        other = {"recording": ("r.ogg", note(await say(tts, sentence, WOMAN)))}
        wrong = await editor.post(f"{page}/consent", files=other, headers=SCRIPT)
        assert (wrong.status_code, "Attempts left: 9" in wrong.json()["error"]) == (422, True)
        assert "not like the sample" in wrong.json()["error"]
        early = await editor.post(f"{HERE}/choose", {"language": "ar", "choice": f"clone:{voice.id}"})
        assert early.status_code == 409
        read = {"recording": ("r.ogg", note(await say(tts, sentence, MAN)))}
        heard = await editor.post(f"{page}/consent", files=read, follow_redirects=True)
        assert "The voice is ready" in heard.text
        await editor.post(f"{HERE}/choose", {"language": "ar", "choice": f"clone:{voice.id}"})
        blob = await blobs.put(tenant_id, "spoken", b"ogg")
        await keep_render(db, blobs, tenant_id, voice.id, blob)
        kept: dict[str, Any] = {"circumstances": "c", "question": "q", "language": "ar", "answer": "a", "blob": blob}
        async with db.tenant(tenant_id) as session:
            session.add(CachedAnswer(tenant_id=tenant_id, key="k", **kept))
        assert "خالد يوسف" in (await editor.get(HERE)).text
        revoked = await editor.post(f"{page}/revoke", follow_redirects=True)
        record = (await editor.get(page)).text
    assert "deleted" in revoked.text
    [voice] = await own(panel)
    assert (voice.state, voice.sample, voice.consent_blob) == ("revoked", None, None)
    assert "خالد يوسف" in record
    for key in (blob, voice.sample or blob):
        with pytest.raises(Impossible):
            await blobs.get(tenant_id, key)
    with pytest.raises(NeedsOwner):
        await clone_of(db, blobs, tenant_id, voice.id)
    async with db.tenant(tenant_id, reads=True) as session:
        assert (await session.scalars(select(CachedAnswer))).all() == []
    assert "voice" not in await policy(panel)
    told = [row.action for row in await audited(panel) if row.action.startswith("voice.")]
    assert told == ["voice.sample", "voice.sentence", "voice.consent", "voice.consent", "voice.revoke"]


async def test_a_poor_sample_is_refused_with_what_to_do_and_kept_nowhere(small_panel: Panel, tts: EspeakTts) -> None:
    short = note(await say(tts, "أهلا بكم", MAN))
    async with small_panel.visitor(Role.EDITOR, language="ar") as editor:
        script = await sampled(editor, short, headers=SCRIPT)
        plain = await sampled(editor, short)
        junk = await sampled(editor, b"junk" * 50)
        empty = await editor.post(f"{HERE}/new", sample(), headers=SCRIPT)
        unnamed = await editor.post(
            f"{HERE}/new", {"name": "", "language": "fr"}, files={"recording": ("s.ogg", short)}
        )
    assert [one.status_code for one in (script, plain, junk, empty, unnamed)] == [422] * 5
    assert "عشر ثوان" in script.json()["error"]
    assert "عشر ثوان" in plain.text
    assert 'value="خالد"' in plain.text
    assert "اختر ملفا" in empty.json()["error"]
    assert unnamed.text.count('aria-invalid="true"') >= 3
    assert {row.state for row in await own(small_panel)} <= {"revoked"}
    assert all(row.sample is None for row in await own(small_panel))


async def test_who_may_see_may_not_change_and_strangers_find_nothing(small_panel: Panel, tts: EspeakTts) -> None:
    async with small_panel.visitor(Role.EDITOR) as editor:
        begun = await sampled(editor, note(await say(tts, PAGE, MAN)), headers=SCRIPT)
    page = begun.json()["go"].removeprefix("/admin")
    async with small_panel.visitor(Role.VIEWER) as viewer:
        seen = await viewer.get(page)
        deeds = [await viewer.post(f"{page}/{deed}") for deed in ("sentence", "consent", "revoke")]
        sound = await viewer.get(f"{page}/sound")
    assert (seen.status_code, "<form" in seen.text.partition("<main")[2]) == (200, False)
    assert [one.status_code for one in (*deeds, sound)] == [403] * 4


async def test_words_are_kept_heard_and_deleted(panel: Panel) -> None:
    word = {"language": "ar", "written": "كشري", "spoken": "كُشَرِي"}
    async with panel.visitor(Role.EDITOR, language="ar") as editor:
        await editor.post(f"{HERE}/words", word)
        again = await editor.post(f"{HERE}/words", {**word, "written": "كشرى"})
        async with panel.db.tenant(panel.tenant.id, reads=True) as session:
            [row] = await pronunciations.listing(session)
        changed = await editor.post(f"{HERE}/words", {**word, "id": row.id, "spoken": "كُوشَرِي"}, follow_redirects=True)
        sounds = [await editor.post(f"{HERE}/words/hear", {**word, "how": how}) for how in ("before", "after")]
        silent = await editor.post(f"{HERE}/words/hear", {**word, "written": ""}, headers=SCRIPT)
        table = await editor.get(f"{HERE}/words/table")
        await editor.post(f"{HERE}/words/delete", {"id": row.id})
        taken = await editor.post(f"{HERE}/words/table", files={"table": ("t.csv", table.content)}, headers=SCRIPT)
        wrong = await editor.post(f"{HERE}/words/table", files={"table": ("t.csv", b"ar,x\n")}, headers=SCRIPT)
    assert (again.status_code, "موجودة في القاموس" in again.text, 'value="كشرى"' in again.text) == (422, True, True)
    assert 'value="كُوشَرِي"' in changed.text
    assert sounds[0].content[:4] == sounds[1].content[:4] == b"OggS"
    assert sounds[0].content != sounds[1].content
    assert (silent.status_code, wrong.status_code) == (422, 422)
    assert "line 1" in wrong.json()["error"]
    assert taken.json() == {"go": "/admin/t/demo/voices/words"}
    async with panel.db.tenant(panel.tenant.id, reads=True) as session:
        assert [(one.written, one.spoken) for one in await pronunciations.listing(session)] == [("كشري", "كُوشَرِي")]
    told = [row.action for row in await audited(panel) if row.action.startswith("pronunciation.")]
    assert told == [f"pronunciation.{deed}" for deed in ("add", "change", "delete", "import")]


async def test_what_is_heard_before_is_without_the_dictionary(
    small_panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Listing()

    async def tts(*_: Any) -> Listing:
        return engine

    word = {"language": "ar", "written": "كشري", "spoken": "كُشَرِي"}
    monkeypatch.setattr(small_panel.house.engines, "tts", tts)
    async with small_panel.visitor(Role.EDITOR) as editor:
        await editor.post(f"{HERE}/words", word)
        for how in ("before", "after"):
            await editor.post(f"{HERE}/words/hear", {**word, "how": how})
        await editor.post(f"{HERE}/say", {"text": "الكشري جاهز", "language": "ar", "choice": ""})
    assert engine.spoken == ["كشري", "كُشَرِي", "الكُشَرِي جاهز"]


class Listing:
    """Lists what it is given to speak."""

    def __init__(self) -> None:
        self.spoken: list[str] = []

    async def speak(self, saying: Saying) -> AsyncIterator[Speech]:
        self.spoken.append(saying.text)
        yield Speech(Pcm(b"\0\1" * 8000, 16_000))
