"""Heavy engines are looked after where their packages are; what is wrong there is told here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core_pipeline.engines.afar import done_afar
from core_pipeline.engines.opening import configured, spec_of
from errors import NeedsOwner

ENVIRONMENT = {"PATH": os.environ.get("PATH", "")}  # noqa: TID251 - the child's environment


async def probe(kind: str, name: str, given: dict[str, object], var: Path, python: str = sys.executable) -> None:
    async for _ in done_afar("probe", configured(spec_of(kind, name), given), Path(python), var, ENVIRONMENT):
        pass


async def test_what_is_missing_there_is_told_here(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner) as told:
        await probe("asr", "faster_whisper", {"model": str(tmp_path / "nowhere")}, tmp_path)
    assert told.value.code in {"packages-missing", "weights-missing"}
    assert "make engines" in told.value.detail or "model folder" in told.value.detail


async def test_an_engine_that_is_well_says_nothing(tmp_path: Path) -> None:
    await probe("tts", "espeak", {}, tmp_path)


async def test_an_environment_without_our_packages_is_told(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="make engines"):
        await probe("asr", "faster_whisper", {}, tmp_path, "/bin/false")
