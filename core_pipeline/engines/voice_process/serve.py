"""The child's side: answers requests on stdin and stdout until stdin ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from core_pipeline.engines.voice_process.frames import LENGTHS, lengths, pack

Answer = tuple[dict[str, Any], bytes]
Answerer = Callable[[dict[str, Any]], Iterator[Answer]]


class Refused(Exception):
    """The request can't be answered; `code` and `detail` (no customer's words) say why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def serve(answer: Answerer, requests: BinaryIO, answers: BinaryIO) -> None:
    """Write the frames of each answer and, unless the last says done itself, one that does or says why not."""
    while (request := _read(requests)) is not None:
        last: dict[str, Any] = {"done": True}
        done = False
        try:
            for header, body in answer(request):
                _write(answers, header, body)
                done = "done" in header
        except Refused as refused:
            last = {"error": refused.code, "detail": refused.detail}
        if not done:
            _write(answers, last)


def main(answerer: Callable[[], Answerer]) -> None:
    """Serve on stdin and stdout; whatever the libraries print goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(answerer(), sys.stdin.buffer, answers)


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    prefix = stream.read(LENGTHS.size)
    if len(prefix) < LENGTHS.size:
        return None
    request: dict[str, Any] = json.loads(stream.read(lengths(prefix)[0]))
    return request


def _write(stream: BinaryIO, header: dict[str, Any], body: bytes = b"") -> None:
    stream.write(pack(header, body))
    stream.flush()
