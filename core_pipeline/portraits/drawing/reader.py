"""Reads a stranger's drawing once, from the first letter to the last, and refuses it at the first thing that is wrong.

Nothing is mended and nothing is left out, comments excepted: what comes back is written anew from what was checked, so
that no other reader finds anything else in it. expat is asked to tell everything that could lead out of the file
(document types, entities, instructions), and each of these ends the reading.
"""

from __future__ import annotations

from typing import Any, NamedTuple, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from core_pipeline.media.wire import Refused
from core_pipeline.portraits.drawing import rules
from core_pipeline.portraits.drawing.paths import is_bendable
from core_pipeline.portraits.drawing.values import MOST_GROWTH, fits, growth, numbers, reference


class _Open(NamedTuple):
    """An element that has begun: by how much it and those around it enlarge, and whether any of them is moved."""

    name: str
    growth: float
    moved: bool


class Drawing:
    """One drawing while it is read; `lines` is what was found good so far."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._open: list[_Open] = []
        self._count = self._dashed = 0
        self._layers: list[str] = []
        self._kinds: dict[str, str] = {}
        self._wanted: list[tuple[str, str]] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.ordered_attributes = True
        self._parser.buffer_text = False
        self._listen(self._parser)

    def read(self, data: bytes) -> str:
        """Return the drawing written anew; raises `Refused` with a code of `faults.toml`."""
        if len(data) > rules.MOST_BYTES:
            raise Refused("svg-too-large", f"{len(data)} bytes, at most {rules.MOST_BYTES}")
        try:
            data.decode("utf-8")
            self._parser.Parse(data, True)
        except UnicodeDecodeError as error:
            raise Refused("svg-encoding", "not UTF-8") from error
        except expat.ExpatError as error:
            raise Refused("svg-unreadable", f"line {error.lineno}") from error
        self._whole()
        return "\n".join(self.lines) + "\n"

    def _listen(self, parser: Any) -> None:
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = lambda *_: self._refuse("svg-doctype", "a document type")
        parser.EntityDeclHandler = lambda *_: self._refuse("svg-doctype", "an entity")
        parser.ProcessingInstructionHandler = lambda *_: self._refuse("svg-instruction", "a processing instruction")
        parser.StartCdataSectionHandler = lambda *_: self._refuse("svg-text", "a CDATA section")
        parser.SkippedEntityHandler = lambda *_: self._refuse("svg-doctype", "an entity")

    def _refuse(self, code: str, what: str) -> NoReturn:
        raise Refused(code, f"line {self._parser.CurrentLineNumber}: {what}")

    def _declared(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() != "utf-8":
            self._refuse("svg-encoding", "not UTF-8")

    def _text(self, text: str) -> None:
        if not text.isspace():
            self._refuse("svg-text", "text")

    def _begin(self, name: str, given: list[str]) -> None:
        self._count += 1
        if self._count > rules.MOST_ELEMENTS:
            self._refuse("svg-elements", f"more than {rules.MOST_ELEMENTS} elements")
        if len(self._open) >= rules.MOST_DEPTH:
            self._refuse("svg-depth", f"more than {rules.MOST_DEPTH} deep")
        self._placed(name)
        found = dict(zip(given[::2], given[1::2], strict=True))
        for attribute, text in found.items():
            self._attribute(name, attribute, text)
        self._remember(name, found)
        self._enter(name, found)
        written = "".join(f" {attribute}={quoteattr(text)}" for attribute, text in found.items())
        self.lines.append(f"<{name}{written}>")

    def _end(self, name: str) -> None:
        self._open.pop()
        self.lines.append(f"</{name}>")

    def _placed(self, name: str) -> None:
        """Let an element through where it belongs."""
        if name not in rules.ATTRIBUTES:
            self._refuse("svg-element", f"<{_shown(name)}>")
        parent = self._open[-1].name if self._open else None
        if name not in (rules.CHILDREN.get(parent, ()) if parent else {"svg"}):
            self._refuse("svg-place", f"<{name}> in <{parent}>" if parent else f"<{name}> as the root")

    def _attribute(self, name: str, attribute: str, text: str) -> None:
        if attribute not in rules.ATTRIBUTES[name]:
            self._refuse("svg-attribute", f"{_shown(attribute)} of <{name}>")
        if len(text) > rules.MOST_LETTERS:
            self._refuse("svg-long", f"{attribute} of <{name}> is longer than {rules.MOST_LETTERS} letters")
        fine = text == rules.NAMESPACE if attribute == "xmlns" else fits(name, attribute, text)
        if not fine:
            self._refuse("svg-value", f"{attribute} of <{name}>")

    def _remember(self, name: str, found: dict[str, str]) -> None:
        named = found.get("id")
        if named in self._kinds:
            self._refuse("svg-id", "two elements have the same id")
        if named is not None:
            self._kinds[named] = name
        self._wanted += [(kind, aim) for kind in rules.REFERRED if (aim := reference(found.get(kind, "")))]
        if name == "clipPath" and self._within("clipPath"):
            self._refuse("svg-place", "<clipPath> in <clipPath>")
        if "clip-path" in found and self._within("clipPath"):
            self._refuse("svg-attribute", "clip-path in <clipPath>")
        if name == "svg" and (tuple(numbers(found.get("viewBox", "")) or ()) != rules.CANVAS or "xmlns" not in found):
            self._refuse("svg-canvas", "the viewBox is " + " ".join(f"{one:g}" for one in rules.CANVAS))
        if len(self._open) == 1 and name == "g":
            self._layers.append(named or "")

    def _within(self, name: str) -> bool:
        return any(one.name == name for one in self._open)

    def _enter(self, name: str, found: dict[str, str]) -> None:
        """Go into an element; some are held to more: paths that are bent, lines that are dashed."""
        around = self._open[-1] if self._open else _Open("", 1.0, moved=False)
        times = around.growth * (growth(found.get("transform", "")) or 1.0)
        here = _Open(name, times, moved=around.moved or "transform" in found)
        if times > MOST_GROWTH:
            self._refuse("svg-value", "transforms within transforms enlarge too much")
        bent = name == "path" and rules.BENT in found.get("class", "").split()
        if bent and (here.moved or not is_bendable(found.get("d", ""))):
            self._refuse("svg-chin", f"a path of class {rules.BENT} has M, C, L, Q and Z only, and no transform")
        if "stroke-dasharray" in found:
            self._dashed += 1
            if self._dashed > rules.MOST_DASHED or max(map(len, found.values())) > rules.MOST_DASHED_LETTERS:
                self._refuse("svg-long", f"at most {rules.MOST_DASHED} dashed lines, and short ones")
        self._open.append(here)

    def _whole(self) -> None:
        """What can be told at the end only: every reference finds its aim, and the layers are those we know."""
        for kind, aim in self._wanted:
            if self._kinds.get(aim) not in rules.REFERRED[kind]:
                raise Refused("svg-reference", f"{kind} refers to nothing that fits")
        known = [rules.LAYERS.index(layer) for layer in self._layers if layer in rules.LAYERS]
        if len(known) < len(self._layers) or known != sorted(set(known)):
            raise Refused("svg-layers", f"the layers are, in this order: {', '.join(rules.LAYERS)}")
        lacking = [layer for layer in rules.NEEDED if layer not in self._layers]
        if lacking:
            raise Refused("svg-layers", f"missing: {', '.join(lacking)}")


def clean(data: bytes) -> str:
    """Return a drawing written anew from what was checked; raises `Refused` with a code that says what is wrong."""
    return Drawing().read(data)


def _shown(name: str) -> str:
    """A name out of the file, short and harmless, so that its owner can find it."""
    return "".join(sign for sign in name[:30] if sign.isascii() and (sign.isalnum() or sign in ":-_"))
