"""A real Chromium whose microphone plays a file, for every test that needs a browser."""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
LETTERS = str(files("justmytype_intl_rtl") / "fonts/ofl/notosansarabic")


def executable() -> str:
    """Where Chromium is; a test that needs it fails where there is none."""
    found = next((place for name in NAMES if (place := shutil.which(name))), None)
    if found is None:
        pytest.fail("no Chromium here: run `make browser` as root, or install Chromium yourself", pytrace=False)
    return found


@asynccontextmanager
async def chromium(folder: Path, microphone: Path) -> AsyncIterator[Browser]:
    """A browser that hears this WAV file over and over, and is never asked for leave; `folder` is for its settings."""
    flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}"]
    # Chromium's own sandbox needs what containers and root mostly lack; it only sees pages of ours.
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable(),
            args=flags,
            env={"FONTCONFIG_FILE": str(_letters(folder)), "HOME": str(folder)},
        )
        try:
            yield browser
        finally:
            await browser.close()


def _letters(folder: Path) -> Path:
    """Add Arabic letters to the system's, so that pictures of pages look everywhere as they do for people."""
    file = folder / "fonts.conf"
    own = (
        "<fontconfig><include>/etc/fonts/fonts.conf</include>"
        f"<selectfont><rejectfont><glob>*/dejavu/*</glob></rejectfont></selectfont><dir>{LETTERS}</dir></fontconfig>"
    )
    file.write_text(f'<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n{own}\n')
    return file


def babble(file: Path, pitch: float, seconds: float = 4.0, rate: int = 48_000) -> Path:
    """Write a voice without words: a tone with overtones that comes and goes four times a second."""
    time = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * pitch * n * time) / n**2 for n in range(1, 6))
    syllables = np.clip(np.sin(2 * np.pi * 4 * time) + 0.3, 0, None)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((0.3 * tone * syllables * 32767).astype("<i2").tobytes())
    return file


def pitch_of(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency in these samples, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    return float(np.argmax(spectrum[1:]) + 1) * rate / len(samples)
