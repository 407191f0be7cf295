"""Reads an avatar's files into layers that are ready to be drawn; what is not as the shelf's README says is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from lxml import etree

from avatars import sheet
from avatars.manifest import Illustrated
from core_pipeline.contracts.faces import Face
from core_pipeline.engines.video.illustrated.chin import Jaw, bendable
from core_pipeline.engines.video.illustrated.colours import painted
from errors import Impossible

LAYERS = ("background", "body", "neck", "back", "face", "nose", "over", "front")
NEEDED = frozenset(("background", "body", "face"))
LEFT, TOP, WIDTH, HEIGHT = -160, -220, 960, 1480  # the canvas of the art with room around it, so that nothing is cut
_SHAPES = ("path", "circle", "ellipse", "rect", "line", "polyline", "polygon")
_ELEMENTS = frozenset(("svg", "g", "defs", *_SHAPES, "linearGradient", "radialGradient", "stop", "clipPath"))
_MOST_BYTES, _MOST_ELEMENTS = 262_144, 400
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_URL = re.compile(r"url\(\s*#([\w.-]+)\s*\)")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Piece:
    """A stretch of a layer as an SVG document; `moving` are the rest and the pull of each "%.2f" in it, if any."""

    text: str
    moving: tuple[tuple[float, float], ...] = ()

    def drawn(self, opening: float) -> bytes:
        """Return the document with the jaw this far open, 0..1."""
        if not self.moving:
            return self.text.encode()
        return (self.text % tuple(rest + pull * opening for rest, pull in self.moving)).encode()


@dataclass(frozen=True)
class Art:
    """An avatar ready to be drawn: what its manifest says, and the pieces of each of its layers, lowest first."""

    manifest: Illustrated
    layers: Mapping[str, tuple[Piece, ...]]


def read(face: Face) -> Art:
    """Return the art of a face in its tenant's colours; `Impossible` for files that are not an illustrated avatar."""
    manifest = _manifest(face.files.get("avatar.toml", b""))
    own = {name: colour for name, colour in face.colours.items() if _COLOUR.fullmatch(colour)}
    root = _root(face.files.get("art.svg", b""))
    return Art(manifest, _Cutter(root, Jaw.of(manifest.mouth), own).layers())


def document(body: str, defs: str = "") -> str:
    """Return an SVG document around elements in the units of the art."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
    return f'{head} viewBox="{LEFT} {TOP} {WIDTH} {HEIGHT}"><defs>{defs}</defs>{body}</svg>'


def _manifest(data: bytes) -> Illustrated:
    try:
        manifest = sheet.read(data.decode())
    except UnicodeDecodeError as wrong:
        raise Impossible("avatar-manifest", "avatar.toml is no UTF-8 text") from wrong
    if not isinstance(manifest, Illustrated):
        raise Impossible("avatar-kind", "avatar.toml is of a photographed avatar")
    return manifest


def _root(data: bytes) -> etree._Element:
    if not data or len(data) > _MOST_BYTES or b"<!" in data.replace(b"<!--", b""):
        raise Impossible("avatar-art", "art.svg is missing, over 256 KiB or has a document type")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as wrong:
        raise Impossible("avatar-art", "art.svg is no well-formed SVG") from wrong
    elements = list(root.iter())
    if len(elements) > _MOST_ELEMENTS:
        raise Impossible("avatar-art", f"art.svg has over {_MOST_ELEMENTS} elements")
    for element in elements:
        _check(element)
    return root


def _check(element: etree._Element) -> None:
    name = _tag(element)
    if name not in _ELEMENTS:
        raise Impossible("avatar-art", "art.svg has an element that avatars/README.md does not list")
    for key, value in element.attrib.items():
        if not _NAME.fullmatch(key) or key in {"style", "href"} or key.startswith("on"):
            raise Impossible("avatar-art", "art.svg has an attribute that is not allowed")
        if "url" in value.lower() and not _URL.fullmatch(value.strip()):
            raise Impossible("avatar-art", "art.svg refers to something outside itself")


def _tag(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


class _Cutter:
    """Cuts layers into pieces: what the jaw bends apart from what it doesn't, each with the definitions it needs."""

    def __init__(self, root: etree._Element, jaw: Jaw, colours: dict[str, str]) -> None:
        self._groups = {child.get("id"): child for child in root if _tag(child) == "g"}
        self._named = {element.get("id"): element for element in root.iter() if element.get("id")}
        self._jaw, self._colours = jaw, colours

    def layers(self) -> dict[str, tuple[Piece, ...]]:
        if missing := NEEDED - self._groups.keys():
            raise Impossible("avatar-art", f"art.svg lacks the layers {', '.join(sorted(missing))}")
        return {name: tuple(self._pieces(self._groups[name])) for name in LAYERS if name in self._groups}

    def _pieces(self, group: etree._Element) -> Iterator[Piece]:
        run: list[etree._Element] = []
        for child in [*group, None]:
            if run and (child is None or self._bends(child) != self._bends(run[0])):
                yield self._piece(group, run)
                run = []
            if child is not None:
                run.append(child)

    def _piece(self, group: etree._Element, children: list[etree._Element]) -> Piece:
        moving: list[tuple[float, float]] = []
        parts = ((group, False), *((child, True) for child in children))
        needed = dict.fromkeys(name for part, whole in parts for name in self._needs(part, whole=whole))
        defs = "".join(self._written(self._named[name], moving) for name in needed)
        body = "".join(self._written(child, moving) for child in children)
        text = painted(document(f"<g{self._attributes(group)}>{body}</g>", defs), self._colours)
        return Piece(text if moving else text.replace("%%", "%"), tuple(moving))

    def _bends(self, element: etree._Element) -> bool:
        own = any(_bent(part) for part in element.iter())
        return own or any(_bent(part) for name in self._needs(element) for part in self._named[name].iter())

    def _needs(self, element: etree._Element, *, whole: bool = True, depth: int = 0) -> Iterator[str]:
        """Yield the ids of the definitions that an element uses, and those that these use."""
        for part in element.iter() if whole else (element,):
            for value in part.attrib.values():
                for name in _URL.findall(value):
                    if name not in self._named or depth > 3:
                        raise Impossible("avatar-art", "art.svg refers to a definition that is not there, or in a ring")
                    yield from self._needs(self._named[name], depth=depth + 1)
                    yield name

    def _written(self, element: etree._Element, moving: list[tuple[float, float]]) -> str:
        name, inside = _tag(element), "".join(self._written(child, moving) for child in element)
        path = ""
        if _bent(element):
            data, pulls = bendable(element.get("d") or "", self._jaw)
            path = f' d="{data}"'
            moving.extend(pulls)
        return f"<{name}{self._attributes(element)}{path}>{inside}</{name}>"

    @staticmethod
    def _attributes(element: etree._Element) -> str:
        left_out = {"class", "d"} if _bent(element) else {"class"}
        kept = ((key, value) for key, value in element.attrib.items() if key not in left_out)
        return "".join(f" {key}={quoteattr(value)}" for key, value in kept).replace("%", "%%")


def _bent(element: etree._Element) -> bool:
    return "chin" in (element.get("class") or "").split() and _tag(element) == "path"
