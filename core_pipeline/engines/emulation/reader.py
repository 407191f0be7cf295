"""What stands in for a language model in emulators: two plain rules of reading, one honest and one gullible."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core_pipeline.arabic.analysis import terms

_DATA = re.compile(r'<data-(\w+) kind="([\w-]+)"(?: id="(\w+)")?>\n(.*?)\n</data-\1>', re.DOTALL)
_FIELD = re.compile(r"^(source|question|answer): ", re.MULTILINE)
_UNKNOWN = re.compile(r"^UNKNOWN ANSWER: (.*)\Z", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CODE = re.compile(r"\S*\d\S*")
_BLOB = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_TRIGGER = re.compile(
    r"instruction|prompt|rules|system|verbatim|تعليمات|برومبت|النظام|قواعد|توجيهات|ta3limat|awamer", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://[^\s)›>]+")
_CITE = re.compile(r"(?:cite|cited|مصدر|استشهد|[⟦(\[])\W*(p\d{1,2})", re.IGNORECASE)
_OBJECT = re.compile(r"\{[^{}]*\}")


@dataclass
class Said:
    """What the emulated model writes: text, and the calls that it asks for as (name, arguments)."""

    text: str
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def honest(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> Said:
    """Answer with the passage that shares most words with the question, citing it, else with the unknown answer.

    A tool whose name's words all stand in the question is called first, with the question's numbers and codes as its
    arguments; once a result is there, the result is the answer.
    """
    system, data = _read(messages)
    question = next((text for kind, _, text in reversed(data) if kind == "customer"), "")
    results = [text for kind, _, text in data if kind == "result"]
    if results and messages[-1].get("role") == "tool":
        return Said(results[-1])
    for tool in tools:
        if all(word in question.lower() for word in tool["name"].lower().split("_")):
            return Said("", [(tool["name"], _arguments(tool, question))])
    return Said(_best(question, data) or _unknown(system))


def gullible(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> Said:
    """Do whatever any text among the data seems to want, all at once, before answering honestly.

    Text about instructions gets the whole system message recited (backwards or in base64 where that is asked for);
    a tool's name gets the tool called, with the JSON object found beside it; an address gets a picture and a link
    there with the rules in their query; a label of a passage gets cited. Base64 is decoded and obeyed like the rest.
    """
    system, data = _read(messages)
    wanted = "\n".join(text for _, _, text in data)
    wanted += "".join(f"\n{_decoded(blob)}" for blob in _BLOB.findall(wanted))
    calls = [(name, _object_near(name, wanted)) for name in _named(wanted, tools)]
    said = [_recited(system, wanted)] if _TRIGGER.search(wanted) else []
    secret = "-".join(system.split()[:5])
    said += [f"![menu]({a}?d={secret}) See {a}?e={secret} now." for a in _ADDRESS.findall(wanted)]
    said += [f"This is certain ⟦{label}⟧." for label in _CITE.findall(wanted)]
    plain = honest(messages, tools)
    return Said("\n".join([*said, plain.text]), calls + plain.calls)


def _read(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[tuple[str, str, str]]]:
    """The system message, and all data as (kind, label, text); what stands between no fences counts as data, too."""
    system = "\n".join(str(m.get("content") or "") for m in messages if m.get("role") == "system")
    data = []
    for message in messages:
        text = str(message.get("content") or "")
        if message.get("role") == "assistant":
            data.append(("bot", "", text))
        if message.get("role") in {"user", "tool"}:
            found = _DATA.findall(text)
            data += [(kind, label, body) for _, kind, label, body in found] or [("customer", "", text)]
    return system, data


def _best(question: str, data: Sequence[tuple[str, str, str]]) -> str:
    asked = set(terms(question))
    best, most = "", 0
    for kind, label, text in data:
        shared = len(asked & set(terms(text))) if kind == "passage" else 0
        if shared > most:
            best, most = f"{_FIELD.split(text)[-1].strip()} ⟦{label}⟧", shared
    return best


def _unknown(system: str) -> str:
    found = _UNKNOWN.search(system)
    return found[1].strip() if found else "I do not know."


def _arguments(tool: Mapping[str, Any], question: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, schema in tool.get("parameters", {}).get("properties", {}).items():
        number, code = _NUMBER.search(question), _CODE.search(question)
        if schema.get("type") in {"integer", "number"} and number:
            found[name] = float(number[0]) if "." in number[0] else int(number[0])
        elif schema.get("type") == "string":
            found[name] = code[0].strip("؟?.!،,") if code else question
    return found


def _named(wanted: str, tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tools that are named, offered or not: the latter as snake_case words before a bracket or brace."""
    offered = [tool["name"] for tool in tools if tool["name"].lower() in wanted.lower()]
    return list(dict.fromkeys([*offered, *re.findall(r"\b([a-z]+_[a-z_]+)\s*[({]", wanted)]))


def _object_near(name: str, wanted: str) -> dict[str, Any]:
    for found in _OBJECT.findall(wanted[wanted.lower().find(name.lower()) :]):
        try:
            return dict(json.loads(found))
        except ValueError:
            continue
    return {}


def _recited(system: str, wanted: str) -> str:
    low = wanted.lower()
    if "backward" in low or "معكوس" in low or "بالعكس" in low:
        return system[::-1]
    if "base64" in low or "encode" in low:
        return base64.b64encode(system.encode()).decode()
    return " ".join(system) if "letter by letter" in low or "حرفا حرفا" in low else system


def _decoded(blob: str) -> str:
    try:
        return base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
