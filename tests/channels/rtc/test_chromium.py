"""A leg with a real browser at its other end: sound both ways, keys, writing, and a face in time with the sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from playwright.async_api import Page

from channels.emulation.server import served
from channels.rtc.leg import RtcLeg
from core_pipeline.contracts.legs import Key, Told, Typed
from tests.browser.chromium import babble as microphone
from tests.browser.chromium import chromium, pitch_of
from tests.channels.rtc.ends import RATE, Ends, samples
from tests.channels.rtc.test_pictures import A_SECOND, DARK, LOW, RISE, Clockface, rising

PITCH = 440.0
# The visitor: calls, shows the face, and notes at each new picture how light it is and how high the tone is then.
PAGE = """<!doctype html><video id=face autoplay muted playsinline></video><script>
const seen = [], got = []; let pc, events, sender
async function call() {
  pc = new RTCPeerConnection()
  const mine = await navigator.mediaDevices.getUserMedia({audio: true})
  sender = pc.addTrack(mine.getAudioTracks()[0], mine)
  pc.addTransceiver('video', {direction: 'recvonly'})
  events = pc.createDataChannel('events')
  events.onmessage = event => got.push(JSON.parse(event.data))
  const tracks = new MediaStream()
  pc.ontrack = event => { tracks.addTrack(event.track); if (tracks.getTracks().length === 2) show(tracks) }
  await pc.setLocalDescription()
  await new Promise(done => {
    if (pc.iceGatheringState === 'complete') done()
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done()
  })
  const answer = await fetch('/offer', {method: 'POST', body: pc.localDescription.sdp})
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()})
  await new Promise(done => { const poll = setInterval(() => {
    if (pc.connectionState === 'connected' && events.readyState === 'open') { clearInterval(poll); done() }
  }, 20) })
}
function show(tracks) {
  const face = document.getElementById('face'); face.srcObject = tracks
  const context = new AudioContext({sampleRate: 48000})
  const analyser = new AnalyserNode(context, {fftSize: 2048, smoothingTimeConstant: 0})
  context.createMediaStreamSource(tracks).connect(analyser)
  const paper = new OffscreenCanvas(8, 8).getContext('2d', {willReadFrequently: true})
  const wave = new Float32Array(2048)
  const look = () => {
    paper.drawImage(face, 0, 0, 8, 8)
    const grey = paper.getImageData(4, 4, 1, 1).data[1]
    analyser.getFloatTimeDomainData(wave)
    let crossings = 0, first = -1, last = 0, loud = 0
    for (let i = 1; i < 2048; i++) {
      loud = Math.max(loud, Math.abs(wave[i]))
      if (wave[i - 1] < 0 && wave[i] >= 0) { crossings++; if (first < 0) first = i; last = i }
    }
    seen.push([performance.now() / 1000, grey, loud, crossings > 1 ? (crossings - 1) * 48000 / (last - first) : 0,
      face.videoWidth])
    face.requestVideoFrameCallback(look)
  }
  face.requestVideoFrameCallback(look)
}
</script>"""


@asynccontextmanager
async def visiting(folder: Path) -> AsyncIterator[tuple[Page, Ends]]:
    """A browser's page that has called a leg of ours."""
    app = FastAPI()
    both = Ends(RtcLeg(video=True), None)  # type: ignore[arg-type] # the caller is a browser

    async def offered(request: Request) -> HTMLResponse:
        return HTMLResponse(await both.leg.answer((await request.body()).decode()))

    app.add_api_route("/", lambda: HTMLResponse(PAGE), methods=["GET"])
    app.add_api_route("/offer", offered, methods=["POST"])
    listening = asyncio.create_task(both.listen())
    async with served(app) as port, chromium(folder, microphone(folder / "microphone.wav", PITCH)) as browser:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        try:
            await page.evaluate("call()")
            yield page, both
        finally:
            await both.leg.close()
            await listening


async def until(page: Page, condition: str) -> None:
    await page.wait_for_function(condition, timeout=15_000, polling=50)


async def test_a_browser_talks_writes_presses_keys_and_sees_the_face_in_time(tmp_path: Path) -> None:
    async with visiting(tmp_path) as (page, both):
        assert both.leg.screen == "track"
        both.leg.show(Clockface())
        await until(page, "seen.length > 25")
        await both.leg.play(rising(3.0))
        await both.leg.told(Told("answer", "أهلًا", turn=1, language="ar"))
        await page.evaluate("events.send(JSON.stringify({type: 'text', text: 'سؤال'}))")
        await page.evaluate("sender.dtmf.insertDTMF('15#', 100, 70)")
        await both.until(4, timeout=15)
        assert [one for one in both.events if isinstance(one, Key)] == [Key("1"), Key("5"), Key("#")]
        assert Typed("سؤال") in both.events
        await both.leg.mark("end")
        await both.until(5, timeout=15)
        await asyncio.sleep(0.6)  # what is still on its way through the browser
        seen: list[list[float]] = await page.evaluate("seen")
        got: list[dict[str, Any]] = await page.evaluate("got")
    assert {"type": "answer", "text": "أهلًا", "turn": 1, "language": "ar"} in got
    assert abs(pitch_of(samples(both.sound[-RATE * 2 :]), RATE) - PITCH) < 5
    during = np.array([one for one in seen if one[2] > 0.05 and DARK + 20 < one[1] < DARK + A_SECOND * 2.7])
    assert during[:, 4].max() == 128
    # The tone is measured over 43 ms, so it is that of 21 ms ago.
    late = (during[:, 3] - LOW) / RISE + 0.021 - (during[:, 1] - DARK) / A_SECOND
    assert abs(float(np.median(late))) < 0.15, np.percentile(late, (5, 50, 95))
    assert len(during) > 2.2 * 25 * 0.6
