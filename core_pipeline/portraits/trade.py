"""Reads strangers' drawings, pictures and packs, in a child of the sandbox's zygote."""

from __future__ import annotations

import codecs
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import av

from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.drawing.reader import clean
from core_pipeline.portraits.packing import packed, unpack
from core_pipeline.portraits.parcel import Picture
from core_pipeline.portraits.pictures import pixels
from core_pipeline.portraits.png import png

SUBJECT = "avatar"
CPU_SECONDS = 15


def work(verb: str, details: Mapping[str, Any], data: bytes) -> bytes:
    """Return a clean drawing ("art"), a `Picture` ("picture") or a `Parcel` ("pack"); raises `Refused` otherwise."""
    if verb == "art":
        return clean(data).encode()
    if verb == "picture":
        return pixels(data, opaque=details["opaque"]).pack()
    return unpack(data).pack()


def warm() -> None:
    """Do each work once, so that every module and codec is there when no file can be opened any more."""
    av.logging.set_level(None)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__") and "datasets" not in module.name:
            importlib.import_module(module.name)
    for name in ("utf-8", "cp437", "ascii", "latin-1"):
        codecs.lookup(name)
    layers = "".join(f'<g id="{name}"/>' for name in rules.NEEDED)
    canvas = " ".join(f"{one:g}" for one in rules.CANVAS)
    art = f'<svg xmlns="{rules.NAMESPACE}" viewBox="{canvas}">{layers}</svg>'
    work("pack", {}, packed({"avatar.toml": b'kind = "illustrated"', "art.svg": art.encode()}))
    work("picture", {"opaque": True}, png(Picture(64, 64, 3, bytes(64 * 64 * 3))))
