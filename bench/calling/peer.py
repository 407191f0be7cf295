"""The peer of `bench.calls`: pipecat 1.14 answering a Media Streams socket, run by the Python of its own environment.

`python peer.py PORT SOUNDS`, where SOUNDS is a folder with one raw 8 kHz file for each sentence and `sentences.json`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

RATE = 8_000
FOLDER = Path(sys.argv[2])
SENTENCES: dict[str, str] = json.loads((FOLDER / "sentences.json").read_text(encoding="utf-8"))
SPOKEN = {text: (FOLDER / name).read_bytes() for text, name in SENTENCES.items()}
ANSWER = " ".join(SENTENCES)
HEARD = "متى تفتحون"
NO_LLM: dict[str, Any] = dict.fromkeys(
    (
        "model",
        "system_instruction",
        "temperature",
        "max_tokens",
        "top_p",
        "top_k",
        "frequency_penalty",
        "presence_penalty",
        "seed",
        "user_turn_completion_config",
    )
)


class Ears(SegmentedSTTService):
    """Hears the same words at once, whatever is said."""

    wants_wav_segments = False

    def __init__(self) -> None:
        super().__init__(settings=STTSettings(model=None, language=None), ttfs_p99_latency=1.0)

    async def run_stt(self, audio: bytes) -> Any:  # noqa: ARG002 - as the library calls it
        """Hear."""
        yield TranscriptionFrame(HEARD, "", "")


class Mind(LLMService):
    """Answers the same sentences at once."""

    def __init__(self) -> None:
        super().__init__(settings=LLMSettings(**NO_LLM, filter_incomplete_user_turns=False))

    async def process_frame(self, frame: Any, direction: Any) -> None:
        """Answer what was asked; let the rest pass."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            for word in ANSWER.split(" "):
                await self._push_llm_text(f"{word} ")
                await asyncio.sleep(0)
        finally:
            await self.push_frame(LLMFullResponseEndFrame())


class Voice(TTSService):
    """Speaks what was spoken before the benchmark."""

    def __init__(self) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings)

    async def run_tts(self, text: str, context_id: str) -> Any:
        """Speak."""
        sound = SPOKEN.get(text.strip(), b"")
        step = RATE // 10 * 2
        for at in range(0, len(sound), step):
            yield TTSAudioRawFrame(sound[at : at + step], RATE, 1, context_id=context_id)


app = FastAPI()


@app.websocket("/stream")
async def stream(socket: WebSocket) -> None:
    """Talk to one caller."""
    await socket.accept()
    await socket.receive_text()
    sid = json.loads(await socket.receive_text())["streamSid"]
    serializer = TwilioFrameSerializer(sid, params=TwilioFrameSerializer.InputParams(auto_hang_up=False))
    params = FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
    transport = FastAPIWebsocketTransport(socket, params)
    stop = TurnAnalyzerUserTurnStopStrategy(turn_analyzer=LocalSmartTurnAnalyzerV3())
    user = LLMUserAggregatorParams(
        vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=UserTurnStrategies(stop=[stop])
    )
    listening, saying = LLMContextAggregatorPair(LLMContext(), user_params=user)
    stages = [transport.input(), Ears(), listening, Mind(), Voice(), transport.output(), saying]
    rates = PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE)
    worker = PipelineWorker(Pipeline(stages), params=rates, enable_rtvi=False, idle_timeout_secs=None)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    @transport.event_handler("on_client_disconnected")
    async def gone(*_: object) -> None:
        await runner.cancel()

    await runner.run()


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", ws_ping_interval=None)
