"""Reads our TwiML the way the vendor does, and notes what the vendor would not take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

_LONGEST = 64_000
_PARAMETER = 500
_VERBS = frozenset({"Say", "Play", "Connect", "Record", "Dial", "Hangup", "Reject"})


@dataclass(frozen=True)
class Verb:
    """One step of a call: its attributes, its text, and what stands inside it."""

    name: str
    given: Mapping[str, str]
    text: str = ""
    inside: tuple[Verb, ...] = ()


def verbs(document: str, *, plain: bool = False) -> tuple[list[Verb], list[str]]:
    """Return the steps and what is wrong with them; `plain` allows websockets without TLS, for a laptop."""
    faults = []
    if not document.startswith("<?xml"):
        faults.append("12100: something stands before <?xml")
    if len(document.encode()) > _LONGEST:
        faults.append("11750: longer than 64 kB")
    try:
        root = ET.fromstring(document)  # noqa: S314 - our own answer, read by our own tests
    except ET.ParseError:
        return [], [*faults, "12100: no XML"]
    if root.tag != "Response":
        faults.append("12100: the document is no Response")
    steps = [_verb(element) for element in root]
    return steps, [*faults, *(fault for step in steps for fault in _faults(step, plain=plain))]


def _verb(element: ET.Element) -> Verb:
    return Verb(element.tag, element.attrib, (element.text or "").strip(), tuple(_verb(each) for each in element))


def _faults(step: Verb, *, plain: bool) -> list[str]:
    if step.name not in _VERBS:
        return [f"unknown verb {step.name}"]
    if step.name == "Record" and not step.given.get("action"):
        return ["a Record without action: the same document again, for ever"]
    if step.name != "Connect":
        return []
    faults = []
    for stream in step.inside:
        url = stream.given.get("url", "")
        if not url.startswith(("wss://", "ws://") if plain else "wss://") or "?" in url:
            faults.append("31920: the stream's address is not wss:// without a query")
        long = (each for each in stream.inside if len("".join(each.given.values())) >= _PARAMETER)
        faults.extend(f"a Parameter of {_PARAMETER} characters or more" for _ in long)
    return faults
