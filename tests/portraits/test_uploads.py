"""Pictures and packs through the workshop's door: what comes out is plain, what is wrong is named."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from core_pipeline.portraits.craft import pixels_of
from core_pipeline.portraits.parcel import LONGEST_SIDE, Parcel, Picture
from core_pipeline.portraits.png import png
from core_pipeline.portraits.upright import orientation
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible, Retryable
from tests.portraits.files import MANIFEST, Rgb, art, corners, jpeg_file, pack, png_file, seen, webp_file

pytestmark = pytest.mark.asyncio(loop_scope="module")

FILES = {"png": png_file, "jpeg": jpeg_file, "webp": webp_file}
UPRIGHT = {1: "RGB-", 2: "GR-B", 3: "-BGR", 4: "B-RG", 5: "RBG-", 6: "BR-G", 7: "-GBR", 8: "G-RB"}


@pytest.mark.parametrize("kind", FILES)
async def test_pictures_come_upright_whichever_way_they_lay(bench: Workshop, kind: str) -> None:
    make: Callable[..., bytes] = FILES[kind]
    assert seen(pixels_of(await bench.picture(make(corners())))) == "RGB-"
    for turned, expected in UPRIGHT.items():
        picture = await bench.picture(make(corners(), turned))
        assert (picture.width, picture.height) == ((120, 80) if turned < 5 else (80, 120))
        assert seen(pixels_of(picture)) == expected
        assert seen(pixels_of(await bench.picture(png(picture)))) == expected


async def test_a_picture_is_kept_pixel_by_pixel_and_nothing_else_of_it(bench: Workshop) -> None:
    made = np.random.default_rng(5).integers(0, 256, (70, 90, 3)).astype(np.uint8)
    kept = png(await bench.picture(png_file(made, extra=b"Comment\0taken at home")))
    assert b"home" not in kept
    assert b"tEXt" not in kept
    assert (pixels_of(await bench.picture(kept)) == made).all()


async def test_logos_stay_transparent(bench: Workshop) -> None:
    made = np.zeros((64, 100, 4), np.uint8)
    made[:, :50] = (200, 10, 10, 255)
    logo = await bench.picture(png_file(made), opaque=False)
    assert logo.bands == 4
    assert (pixels_of(await bench.picture(png(logo), opaque=False)) == made).all()
    assert (await bench.picture(png_file(made))).bands == 3


async def test_large_pictures_are_made_smaller(bench: Workshop) -> None:
    large: Rgb = np.repeat(np.repeat(corners(), 40, axis=0), 40, axis=1)
    picture = await bench.picture(png_file(large, turned=6))
    assert (picture.width, picture.height) == (round(LONGEST_SIDE * 80 / 120), LONGEST_SIDE)
    assert seen(pixels_of(picture)) == UPRIGHT[6]


def _claiming(width: int, height: int) -> bytes:
    """A PNG that says it is this large, and isn't."""
    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack("!I", 13) + b"IHDR" + header + struct.pack("!I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + png_file(corners())[33:]


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("picture-kind", b"GIF89a" + bytes(100)),
        ("picture-kind", art()),
        ("picture-kind", pack()),
        ("picture-too-small", png_file(corners(40, 40))),
        ("picture-shape", png_file(corners(900, 80))),
        ("picture-too-many", _claiming(12_000, 9_000)),
        ("picture-unreadable", _claiming(2**31 - 1, 2**31 - 1)),
        ("picture-too-many", png_file(np.zeros((7_200, 7_000, 3), np.uint8))),
        ("picture-unreadable", b"\xff\xd8\xff\xe0" + bytes(300)),
        ("picture-unreadable", b"RIFF\0\0\0\0WEBP" + bytes(300)),
        ("picture-unreadable", b"\x89PNG\r\n\x1a\n" + bytes(300)),
        ("avatar-unreadable", b""),
        ("avatar-too-large", bytes(21 << 20)),
    ],
)
async def test_what_is_wrong_with_a_picture_is_named(bench: Workshop, code: str, data: bytes) -> None:
    with pytest.raises(Impossible) as refused:
        await bench.picture(data)
    assert refused.value.code == code


async def test_a_pack_comes_out_checked(bench: Workshop) -> None:
    for data in (pack(), pack({f"huda/{name}": body for name, body in _files().items()})):
        parcel = await bench.pack(data)
        assert parcel.manifest["name"]["en"] == "Huda"
        assert parcel.art.startswith("<svg xmlns")
        assert parcel.portrait is None
    photo = {"avatar.toml": b'kind = "photo"', "portrait.png": png_file(corners())}
    found = (await bench.pack(pack(photo))).portrait
    assert found is not None
    assert seen(pixels_of(found)) == "RGB-"


def _files() -> dict[str, bytes]:
    return {"avatar.toml": MANIFEST.encode(), "art.svg": art()}


def _special(
    name: str, *, mode: int = 0, data: bytes = b"x", flags: int = 0, method: int = zipfile.ZIP_STORED
) -> bytes:
    """An avatar's pack with one more part that is not as it should be."""
    out = io.BytesIO(pack())
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = mode << 16, method
        archive.writestr(info, data)
    packed = bytearray(out.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = packed.rfind(mark)
        packed[place + offset] |= flags
    return bytes(packed)


def _twice() -> bytes:
    out = io.BytesIO(pack())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("art.svg", art())
    return out.getvalue()


def _renamed(old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return pack({**_files(), old.decode(): b"x"}).replace(old, new)


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("pack-kind", b"Rar!" + bytes(100)),
        ("pack-kind", png_file(corners())),
        ("pack-unreadable", pack()[:-30]),
        ("pack-unreadable", b"PK\x03\x04" + bytes(200)),
        ("pack-unreadable", _special("art.svg.bak", method=zipfile.ZIP_BZIP2)),
        ("pack-outside", _special("../art.svg")),
        ("pack-outside", _special("a/../../art.svg")),
        ("pack-outside", _special("/etc/passwd")),
        ("pack-outside", _special("..\\art.svg")),
        ("pack-outside", _special("C:art.svg")),
        ("pack-outside", _special("a//art.svg")),
        ("pack-outside", _renamed(b"artXsvg", b"art\0svg")),
        ("pack-link", _special("portrait.png", mode=stat.S_IFLNK | 0o777, data=b"/etc/passwd")),
        ("pack-link", _special("portrait.png", mode=stat.S_IFIFO | 0o777)),
        ("pack-locked", _special("portrait.png", flags=1)),
        ("pack-twice", _twice()),
        ("pack-names", _renamed(b"artXsvg", b"art\xe9svg")),
        ("pack-folders", _special("deep/art.svg")),
        ("pack-folders", pack({f"a/b/{name}": body for name, body in _files().items()})),
        ("pack-files", _special("setup.exe")),
        ("pack-files", _special("portrait.png")),
        ("pack-files", pack({"avatar.toml": MANIFEST.encode()})),
        ("pack-files", pack({f"{n}.txt": b"" for n in range(50)})),
        ("pack-manifest", pack({"art.svg": art()})),
        ("pack-manifest", pack(toml=b"a = ")),
        ("pack-manifest", pack(toml=b"a = " + b"[" * 5_000)),
        ("pack-manifest", pack(toml=b"\xff\xfe")),
        ("pack-bomb", pack(svg=b" " * (300 << 10))),
        ("pack-bomb", pack(toml=b"#" * (1 << 20))),
        ("svg-element", pack(svg=art("<script/>"))),
        ("picture-kind", pack({"avatar.toml": b'kind = "photo"', "portrait.png": art()})),
        ("picture-changed", pack({"avatar.toml": b'kind = "photo"', "portrait.png": png_file(corners(), 6)})),
        ("picture-changed", pack({"avatar.toml": b'kind = "photo"', "portrait.png": png_file(corners(2_400, 900))})),
    ],
)
async def test_what_is_wrong_with_a_pack_is_named(bench: Workshop, code: str, data: bytes) -> None:
    with pytest.raises(Impossible) as refused:
        await bench.pack(data)
    assert refused.value.code == code


async def test_a_bomb_that_lies_about_its_size_is_read_no_further(bench: Workshop) -> None:
    honest = pack(svg=b" " * (90 << 20))
    lie = honest.replace((90 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lie != honest
    with pytest.raises(Impossible, match="pack-unreadable"):
        await bench.pack(lie)


async def test_a_file_that_takes_too_long_is_given_up() -> None:
    async with Workshop(wall_seconds=0.01) as hasty:
        with pytest.raises(Impossible, match="avatar-too-slow"):
            await hasty.picture(png_file(np.zeros((5_000, 5_000, 3), np.uint8)))


async def test_a_closed_workshop_says_so() -> None:
    closed = Workshop()
    await closed.close()
    with pytest.raises(Retryable, match="sandbox-down"):
        await closed.art(art())


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"\0\1", b"\0\1\0\1\3", b"\0\1\0\1\5" + bytes(5), b"\xff\xff\xff\xff\3" + bytes(9)],
)
async def test_a_childs_nonsense_is_no_picture(nonsense: bytes) -> None:
    with pytest.raises(ValueError, match="no picture"):
        Picture.unpack(nonsense)


@pytest.mark.parametrize("manifest", [b"[]", b"1", b"[" * 9_000, b"{", b"\xff"])
async def test_a_childs_nonsense_is_no_parcel(manifest: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        Parcel.unpack(struct.pack("!III", len(manifest), 0, 0) + manifest)
    with pytest.raises(ValueError, match="no parcel"):
        Parcel.unpack(manifest[:3])


@pytest.mark.parametrize(
    "block",
    [b"", b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0XX*\0\x08\0\0\0\1\0", b"Exif\0\0II*\0\xff\xff\xff\xff",
     b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"],
)  # fmt: skip
async def test_broken_words_about_the_way_up_mean_upright(block: bytes) -> None:
    segment = b"\xff\xe1" + struct.pack("!H", len(block) + 2) + block
    assert orientation("jpeg", b"\xff\xd8" + segment + b"\xff\xda") == 1
    assert orientation("png", b"\x89PNG\r\n\x1a\n" + struct.pack("!I", len(block)) + b"eXIf" + block) == 1
