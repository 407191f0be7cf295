"""Fetches the voices that are named in the configuration from the hub, checked against its list."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import httpx

from core_pipeline.contracts.specs import Bench, Progress
from core_pipeline.engines.tts.piper import PiperConfig
from core_pipeline.engines.tts.piper.voices import NAME, description, file_of, folder, missing, name_of
from core_pipeline.engines.vendor import object_of, refused, translated
from errors import NeedsOwner, Retryable

_REPOSITORY = "rhasspy/piper-voices"
_LIST = "voices.json"
_HUB = "the voices' hub"


@dataclass(frozen=True)
class Remote:
    """A file of a voice on the hub."""

    path: str
    size: int
    md5: str

    @property
    def name(self) -> str:
        """Its name without the folders."""
        return PurePosixPath(self.path).name


async def pull(config: PiperConfig, bench: Bench) -> AsyncIterator[Progress]:
    """Fetch what is not there yet, telling bytes; a file appears under its name only when it is whole.

    Raises NeedsOwner for a voice that the hub doesn't have or a path where there is no file, Retryable when the hub
    can't be reached or what it sent is not what it lists.
    """
    absent = [
        voice
        for voice in sorted({name_of(one) for one in config.voices.values()})
        if not _there(file_of(voice, bench.var))
    ]
    if not absent:
        return
    base = f"{config.hub.rstrip('/')}/{_REPOSITORY}/resolve/{config.revision}"
    async with _get(bench.http, f"{base}/{_LIST}") as answer:
        listed = object_of(await answer.aread(), _HUB)
    for voice in absent:
        if not NAME.fullmatch(voice):
            raise missing(file_of(voice, bench.var))
        files, done = _files(listed, voice), 0
        total = sum(file.size for file in files)
        for file in files:
            async with aclosing(_fetch(bench.http, base, file, folder(bench.var) / file.name)) as steps:
                async for got in steps:
                    yield Progress(voice, done + got, total)
            done += file.size


def _there(model: Path) -> bool:
    return model.is_file() and description(model).is_file()


def _files(listed: dict[str, Any], voice: str) -> list[Remote]:
    """Return the voice's description, then its model: the voice is there once the last one is."""
    if voice not in listed:
        near = sorted(name for name in listed if name.partition("_")[0] == voice.partition("_")[0])
        raise NeedsOwner(
            "unknown-voice", f"the hub has no voice {voice}; for its language: {', '.join(near) or 'none'}"
        )
    try:
        files = [
            Remote(str(path), int(facts["size_bytes"]), str(facts["md5_digest"]))
            for path, facts in listed[voice]["files"].items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Retryable("vendor-garbled", "the hub's list of voices makes no sense", after=60.0) from None
    named = {file.name: file for file in files}
    wanted = (f"{voice}.onnx.json", f"{voice}.onnx")
    if not named.keys() >= set(wanted):
        raise NeedsOwner("unknown-voice", f"the hub has no model of the voice {voice}")
    return [named[name] for name in wanted]


async def _fetch(http: httpx.AsyncClient, base: str, file: Remote, target: Path) -> AsyncGenerator[int]:
    """Yield the bytes that are there so far."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    sum_of, got = hashlib.md5(usedforsecurity=False), 0
    with _writing(part) as out:
        async with _get(http, f"{base}/{file.path}") as answer:
            async for piece in answer.aiter_bytes():
                out.write(piece)
                sum_of.update(piece)
                got += len(piece)
                yield got
    if (got, sum_of.hexdigest()) != (file.size, file.md5):
        part.unlink()
        raise Retryable("vendor-garbled", f"{file.name} came broken; try again", after=5.0)
    part.replace(target)


def _writing(part: Path) -> BinaryIO:
    return part.open("wb")


@asynccontextmanager
async def _get(http: httpx.AsyncClient, url: str) -> AsyncIterator[httpx.Response]:
    with translated(_HUB):
        async with http.stream("GET", url, follow_redirects=True) as answer:  # large files lie elsewhere
            if not answer.is_success:
                raise refused(answer, await answer.aread(), _HUB)
            yield answer
