"""A voice process that says one short thing and, unasked for, a long one behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core_pipeline.engines.voice_process.serve import Answer, main

MUCH = 4 << 20


def answer(request: dict[str, Any]) -> Iterator[Answer]:
    del request
    for body in (bytes(2), bytes(MUCH)):
        yield {"sample_rate": 16_000, "words": [], "phonemes": []}, body


if __name__ == "__main__":
    main(lambda: answer)
