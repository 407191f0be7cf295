"""What we show: a live face beside the sound, 25 pictures a second, always the newest."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from fractions import Fraction

from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, MediaStreamError
from av import VideoFrame
from av.video.reformatter import VideoReformatter

from channels.rtc.pace import Pace
from channels.rtc.threads import drawing_thread
from core_pipeline.contracts.legs import LiveFace
from errors import SawtakError

log = logging.getLogger(__name__)

_BASE = Fraction(1, VIDEO_CLOCK_RATE)
_ENCODING = 0.004  # seconds between a picture drawn and its first packet
_USUAL, _SLOW = 0.9, 0.1  # how slowly the estimate of a picture's making follows it


class Pictures(MediaStreamTrack):
    """Draws in a thread what goes with the sound that `heard` (seconds, and whether it goes on) when it is seen."""

    kind = "video"

    def __init__(self, heard: Callable[[], tuple[float, bool]]) -> None:
        super().__init__()
        self._heard, self._pace = heard, Pace(0.04, 0.04)
        self._running = ExitStack()
        self._thread: ThreadPoolExecutor | None = None
        self._reformatter = VideoReformatter()
        self._face: LiveFace | None = None
        self._shown = asyncio.Event()
        self._began = self._at = self._takes = 0.0
        self._closed = False

    def show(self, face: LiveFace | None) -> None:
        """Show this face from now on; the one before is closed."""
        if self._closed:
            if face is not None:
                face.close()
            return
        old, self._face = self._face, face
        if self._thread is None:
            self._thread = self._running.enter_context(drawing_thread())
        if old is not None and old is not face:
            self._thread.submit(old.close)
        self._at = 0.0
        if face is None:
            self._shown.clear()
        else:
            self._shown.set()

    async def recv(self) -> VideoFrame:
        """The next picture, when it is due; waits while there is no face."""
        while self.readyState == "live":
            await self._shown.wait()
            now = await self._pace.beat()
            self._began = self._began or now
            face = self._face
            frame = await self._drawn(face) if face is not None else None
            if frame is not None:
                frame.pts, frame.time_base = round((now - self._began) * VIDEO_CLOCK_RATE), _BASE
                return frame
        raise MediaStreamError

    async def close(self) -> None:
        """Release everything; a second call does nothing."""
        if self._thread is not None and not self._closed:
            self.show(None)
            await asyncio.wrap_future(self._thread.submit(_nothing))  # once the face was closed
            self._running.close()
        self._closed = True

    async def _drawn(self, face: LiveFace) -> VideoFrame | None:
        position, moving = self._heard()
        # A picture is seen for one step: it is to fit the middle of it, once it is drawn and on its way.
        ahead = self._takes + _ENCODING + 0.5 / face.shape.fps if moving else 0.0
        self._at = max(self._at, position + ahead)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._draw, face, self._at)
        except SawtakError as error:
            log.warning("a face can't be drawn, the call goes on without: %s", error)
            if self._face is face:
                self.show(None)
            return None

    def _draw(self, face: LiveFace, at: float) -> VideoFrame | None:
        began = time.monotonic()
        if face is not self._face:
            return None  # it was closed meanwhile
        frame = VideoFrame.from_ndarray(face.picture(at), format="rgb24")
        frame = self._reformatter.reformat(frame, format="yuv420p")
        self._takes = _USUAL * self._takes + _SLOW * (time.monotonic() - began)
        return frame


def _nothing() -> None:
    return
