"""Drawings, pictures and packs as strangers upload them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

LAYERS = '<g id="background"><rect x="0" y="-60" width="640" height="1160" fill="var(--background,#e8dac6)"/></g>'
LAYERS += '<g id="body"><path d="M0,1100 C100,600 500,600 640,1100 Z" fill="var(--clothes,#2f6f62)"/></g>'
FACE = '<g id="face"><ellipse cx="320" cy="290" rx="120" ry="160" fill="url(#skin)"/></g>'
SKIN = '<radialGradient id="skin"><stop offset="0" stop-color="#e0ad80"/><stop offset="1" stop-color="#955c38"/>'
SKIN += "</radialGradient>"
MANIFEST = """
kind = "illustrated"
licence = "Apache-2.0"
gender = "woman"
age = "adult"
pivot = [320, 500]
logo = [470, 40, 120, 80]
name = { ar = "هدى", en = "Huda" }
about = { ar = "رسم للاختبار", en = "A drawing for tests" }
colours = { clothes = "#2f6f62", background = "#e8dac6" }
views = { square = [64, 24, 512], note = [110, 60, 420], portrait = [40, -40, 560] }
[mouth]
at = [320, 391]
box = [260, 350, 120, 90]
[eyes]
left = [260, 290]
right = [380, 290]
[brows]
left = [260, 250]
right = [380, 250]
"""


def art(inside: str = "", *, defs: str = SKIN, layers: str = LAYERS + FACE, canvas: str = "0 -60 640 1160") -> bytes:
    """A drawing with all that it needs; `inside` comes in its front layer."""
    front = f'<g id="front">{inside}</g>' if inside else ""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{canvas}">'
    return f"{head}<defs>{defs}</defs>{layers}{front}</svg>".encode()


def pack(
    files: Mapping[str, bytes] | None = None, *, toml: bytes = MANIFEST.encode(), svg: bytes | None = None
) -> bytes:
    """A zip file of an avatar, or of these files."""
    held = files if files is not None else {"avatar.toml": toml, "art.svg": art() if svg is None else svg}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return out.getvalue()


def corners(width: int = 120, height: int = 80) -> Rgb:
    """A picture whose corners are red, green, blue and black, in reading order."""
    made = np.zeros((height, width, 3), np.uint8)
    made[: height // 2, : width // 2, 0] = 255
    made[: height // 2, width // 2 :, 1] = 255
    made[height // 2 :, : width // 2, 2] = 255
    return made


def seen(picture: Rgb) -> str:
    """The corners of a picture as letters, in reading order."""
    spots = [picture[y, x] for y in (5, -5) for x in (5, -5)]
    return "".join("RGB"[int(spot[:3].argmax())] if spot[:3].max() > 128 else "-" for spot in spots)


def exif(turned: int) -> bytes:
    """A TIFF block that says which way up a picture is."""
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x112, 3, 1, turned, 0)


def png_file(picture: Rgb, turned: int = 0, extra: bytes = b"") -> bytes:
    """A PNG file with three or four bands."""
    height, width, bands = picture.shape
    header = struct.pack("!IIBBBBB", width, height, 8, {3: 2, 4: 6}[bands], 0, 0, 0)
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))
    more = (_chunk(b"eXIf", exif(turned)) if turned else b"") + (_chunk(b"tEXt", extra) if extra else b"")
    data = _chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + more + data + _chunk(b"IEND", b"")


def jpeg_file(picture: Rgb, turned: int = 0) -> bytes:
    """A JPEG file."""
    data = _encoded("mjpeg", picture, "yuvj420p")
    block = b"Exif\0\0" + exif(turned)
    return data[:2] + b"\xff\xe1" + struct.pack("!H", len(block) + 2) + block + data[2:] if turned else data


def webp_file(picture: Rgb, turned: int = 0) -> bytes:
    """A WebP file."""
    data = _encoded("libwebp", picture, "yuv420p")
    if not turned:
        return data
    height, width, _ = picture.shape
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    head = b"VP8X" + struct.pack("<I", 10) + bytes([8, 0, 0, 0]) + sides
    block = exif(turned)
    body = b"WEBP" + head + data[12:] + b"EXIF" + struct.pack("<I", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def _encoded(codec: str, picture: Rgb, pixels: str) -> bytes:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.height, context.width, _ = picture.shape
    context.pix_fmt, context.time_base = pixels, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
