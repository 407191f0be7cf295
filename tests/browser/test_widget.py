"""`<voice-mic>` in a real browser with a microphone that babbles: what it sends, shows, plays and survives."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.async_api import BrowserContext, Page, expect

from tenants.db import Database
from tests.browser.chromium import pitch_of
from tests.browser.conftest import PITCH
from tests.browser.paper import ANSWER, HEARD, Paper, served
from tests.browser.peer import Peer
from tests.browser.visit import BUILT, Visit
from tests.factories import make_tenant
from webhooks.pages import routes

pytestmark = pytest.mark.asyncio(loop_scope="module")


def decoded(recording: bytes, rate: int = 16_000) -> np.ndarray:
    resampler = av.AudioResampler("s16", "mono", rate)
    with av.open(io.BytesIO(recording), "r") as container:
        frames = [part.to_ndarray()[0] for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(frames)


def babbled(samples: np.ndarray, rate: int) -> bool:
    """Whether the fake microphone is to be heard in this, at its own pitch."""
    overtones = pitch_of(samples[rate // 4 :], rate) / PITCH
    return np.abs(samples).max() > 500 and abs(overtones - round(overtones)) < 0.05


async def heard_enough(visit: Visit) -> None:
    """Let the microphone hear something for as long as a short question takes."""
    await visit.state("hearing")
    await asyncio.sleep(0.6)


async def test_a_tapped_recording_is_sent_and_its_answer_played(visit: Visit) -> None:
    await visit.open("language=ar")
    await visit.mic.click()
    await expect(visit.mic).to_have_attribute("aria-pressed", "true")
    await heard_enough(visit)
    await visit.mic.click()
    await visit.sees("answer", " ".join(ANSWER))
    await visit.sees("question", HEARD)
    await visit.state("speaking")
    asked, headers = visit.paper.asked[0], visit.paper.headers[0]
    assert babbled(decoded(asked["audio"]), 16_000)
    assert (headers["x-sawtak-key"], asked["language"], len(asked["visitor"])) == ("pk_test", "ar", 32)
    await visit.state("idle")
    assert await visit.events("transcript") == [{"text": HEARD, "turn": 1, "final": True, "language": "ar"}]
    [response] = await visit.events("response")
    assert response["audioUrl"] == f"{visit.paper.address}/answer.wav"
    assert [one["state"] for one in await visit.events("state")] == [
        "asking-permission", "listening", "hearing", "thinking", "speaking", "idle",
    ]  # fmt: skip


async def test_keys_hold_and_toggle_and_escape_stops(visit: Visit) -> None:
    await visit.open()
    await visit.mic.focus()
    await visit.page.keyboard.down("Space")
    await heard_enough(visit)
    await visit.page.keyboard.up("Space")
    await visit.state("speaking")
    await visit.page.keyboard.press("Escape")
    await visit.state("idle")
    await visit.page.keyboard.press("Enter")
    await visit.state("hearing")
    await visit.page.keyboard.press("Enter")
    await visit.state("speaking")
    assert len(visit.paper.asked) == 2
    await visit.page.keyboard.press("Enter")
    await visit.state("hearing")
    await visit.page.keyboard.press("Escape")
    await visit.state("idle")
    assert len(visit.paper.asked) == 2


async def test_a_written_question_is_answered_by_a_film_where_the_avatar_is_on(visit: Visit) -> None:
    visit.paper.film = film()
    await visit.open("avatar=on")
    await visit.write("When do you open?")
    await expect(visit.part("progress")).to_be_visible()
    await visit.sees("answer", ANSWER[0])
    assert visit.paper.asked[0].items() >= {"text": "When do you open?", "form": "video"}.items()
    await expect(visit.part("video").first).to_be_visible()
    await visit.state("idle")
    assert visit.paper.polls == 1


def film() -> bytes:
    """Half a second of a grey picture."""
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as out:
        stream = out.add_stream("h264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(12):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), "rgb24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return file.getvalue()


async def test_a_live_conversation_streams_plays_and_can_be_interrupted(visit: Visit) -> None:
    await visit.open("mode=live&avatar=on&language=ar")
    await visit.mic.click()
    session = await visit.paper.session()
    start = {key: session.start[key] for key in ("type", "mode", "sample_rate", "language", "avatar")}
    assert start == {"type": "start", "mode": "live", "sample_rate": 16_000, "language": "ar", "avatar": "films"}
    await session.until(lambda: len(session.sound) > 32_000)
    samples = np.frombuffer(bytes(session.sound), "<i2")
    assert babbled(samples, 16_000)
    await session.answer()
    await visit.sees("question", HEARD)
    await visit.sees("answer", " ".join(ANSWER))
    await session.until(lambda: session.marks() == ["1.0"])
    await expect(visit.part("stop")).to_be_visible()
    await visit.part("stop").click()
    await session.until(lambda: "interrupt" in session.kinds() and session.marks() == ["1.0", "1.1"])
    assert await visit.sounds() == 2
    for number in range(2):
        await session.tell("film", mark=f"2.{number}", mime="video/mp4", bytes=0)
        await session.socket.send_bytes(b"\x02" + film())
        await session.until(lambda: len(session.marks()) == 3 + number)  # noqa: B023 - awaited here
        # The film before stays in sight until the next has a picture.
        await expect(visit.part("video").nth(number)).to_be_visible()
        await expect(visit.part("video").nth(1 - number)).to_be_hidden()
    await visit.mic.click()
    await session.until(lambda: "end" in session.kinds())
    await visit.state("idle")
    await expect(visit.mic).to_have_attribute("aria-pressed", "false")


async def test_a_conversation_that_loses_its_socket_goes_on(visit: Visit) -> None:
    await visit.open("mode=live")
    await visit.mic.click()
    first = await visit.paper.session()
    await first.socket.close(1012)
    again = await visit.paper.session()
    assert again.start == {"type": "start", "session": "s1", "resume": "r1", "last": 0, "played": ""}
    await again.until(lambda: len(again.sound) > 3200)
    await visit.state("listening")
    await again.tell("ended", reason="goodbye")
    await visit.state("idle")


async def test_who_leaves_the_page_says_good_bye(visit: Visit) -> None:
    await visit.open("mode=live")
    await visit.mic.click()
    session = await visit.paper.session()
    await visit.state("listening")
    await visit.page.goto(f"{visit.paper.address}/health/live")
    await session.until(lambda: "end" in session.kinds())


async def test_writing_needs_no_microphone(visit: Visit) -> None:
    await visit.open("mode=live")
    await visit.write("Hello")
    session = await visit.paper.session()
    await session.until(lambda: "text" in session.kinds())
    assert (session.start["mode"], session.got[0], len(session.sound)) == ("push", {"type": "text", "text": "Hello"}, 0)


async def test_what_is_written_while_the_microphone_is_asked_for_comes_with_the_conversation(visit: Visit) -> None:
    await visit.page.add_init_script(
        "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "const allowed = new Promise((allow) => { window.allow = allow; });"
        "navigator.mediaDevices.getUserMedia = async (wish) => { await allowed; return ask(wish); };"
    )
    await visit.open("mode=live")
    await visit.mic.click()
    await visit.state("asking-permission")
    await visit.write("Hello")
    await visit.page.evaluate("allow()")
    session = await visit.paper.session()
    await session.until(lambda: "text" in session.kinds() and session.sound)
    assert session.start["mode"] == "live"
    assert visit.paper.sessions.empty()


async def test_a_call_by_webrtc_carries_sound_both_ways_and_a_picture(visit: Visit, peer: Peer) -> None:
    await visit.open("mode=rtc&avatar=on")
    await visit.mic.click()
    async with asyncio.timeout(30):
        await peer.enough.wait()
    assert babbled(peer.heard[-48_000:], 48_000)
    assert peer.offers[0]["avatar"] is True
    await visit.state("listening")
    peer.answer()
    await visit.sees("question", HEARD)
    await visit.sees("answer", ANSWER[0])
    await expect(visit.part("video").first).to_have_js_property("videoWidth", 640)
    await visit.page.keyboard.press("Escape")
    assert await peer.got.get() == {"type": "interrupt"}
    await visit.write("And on Friday?")
    assert await peer.got.get() == {"type": "text", "text": "And on Friday?"}
    peer.tell("ended", reason="goodbye")
    await visit.state("idle")


async def test_what_goes_wrong_is_said_with_what_to_do(visit: Visit) -> None:
    visit.paper.refusal = 429, {"Retry-After": "3"}
    await visit.open("lang=ar")
    await visit.mic.click()
    await heard_enough(visit)
    await visit.mic.click()
    await visit.state("error")
    [failure] = await visit.events("error")
    assert failure["code"] == "rate-limited"
    assert "انتظر" in failure["message"]
    await visit.sees("state", failure["message"])


async def test_a_socket_that_is_refused_says_that_the_site_is_not_allowed(visit: Visit) -> None:
    visit.paper.refusal = 403, {}
    await visit.open("mode=live&lang=en")
    await visit.mic.click()
    await visit.sees("state", "This website may not use the assistant")


async def test_a_refused_microphone_says_how_to_allow_it(visit: Visit) -> None:
    await visit.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    )
    await visit.open()
    await visit.mic.click()
    await visit.sees("state", "Allow it in the site settings")


async def test_a_narrow_page_has_room_and_every_target_is_large(visit: Visit) -> None:
    await visit.page.set_viewport_size({"width": 320, "height": 640})
    await visit.open("mode=live&lang=ar")
    await visit.mic.click()
    await (await visit.paper.session()).answer()
    await expect(visit.part("stop")).to_be_visible()
    assert await visit.page.evaluate("document.documentElement.scrollWidth") <= 320
    for name in ("mic", "stop", "send", "field"):
        box = await visit.part(name).bounding_box()
        assert box is not None
        assert (box["height"] >= 44, box["width"] >= 44) == (True, True), name


@pytest.mark.parametrize(("language", "scheme"), [("ar", "light"), ("en", "dark")])
async def test_the_page_to_try_is_for_everybody(
    context: BrowserContext, page: Page, sqlite_url_pair: tuple[str, str], language: str, scheme: str, shots: Path
) -> None:
    async with Database(sqlite_url_pair[0]) as db:
        names = {"name_ar": "مقهى النخلة", "name_en": "Palm Café"}
        await make_tenant(db, slug="palm", policy={"try_page": True}, **names)
        async with served(Paper(), *routes(db, BUILT, lambda tenant: "for-" + tenant)) as paper:
            visit = Visit(page, paper)
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
            await page.goto(f"{paper.address}/try/palm?lang={language}")
            await expect(page.get_by_text(names[f"name_{language}"])).to_be_visible()
            assert await visit.accusations() == []
            await visit.mic.click()
            await visit.state("hearing")
            assert await visit.accusations() == []
            await visit.mic.click()
            await visit.state("speaking")
            assert paper.headers[0]["authorization"].startswith("Bearer for-")
            assert await visit.accusations() == []
            for width in (390, 1280):
                await page.set_viewport_size({"width": width, "height": 844})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                assert len(await page.screenshot(path=shots / f"{width}.png", full_page=True)) > 10_000
