"""The contracts of engines as JSON and back: a stranger's values are checked, fields of a newer version ignored."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from core_pipeline.contracts.engines import (
    Ask,
    Cited,
    Clone,
    Pcm,
    Piece,
    Saying,
    Speech,
    ToolCall,
    Transcript,
    Usage,
    Word,
)
from errors import Impossible

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}  # they are dear to make


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def told(value: Any) -> Any:
    """Return one of the contracts' values that hold no bytes as JSON."""
    return _adapter(type(value)).dump_python(value, mode="json")


def understood(kind: type[T], value: Any) -> T:
    """Return the contract's value; `Impossible` names the fields that are wrong, never what they held."""
    try:
        result: T = _adapter(kind).validate_python(value)
    except ValidationError as error:
        fields = sorted({".".join(str(step) for step in one["loc"]) or "body" for one in error.errors()})
        raise Impossible("bad-request", f"wrong or missing: {', '.join(fields[:8])}") from None
    return result


def ask_from(value: Any) -> Ask:
    """Return the question; `Impossible` when it is none."""
    return understood(Ask, value)


def transcript_from(value: Any) -> Transcript:
    """Return the transcript; `Impossible` when it is none."""
    return understood(Transcript, value)


def digest(clone: Clone) -> str:
    """What names a sample with its words: only who holds the sample can name it."""
    rate = struct.pack("!I", clone.sample.sample_rate)
    return hashlib.sha256(b"\0".join((clone.id.encode(), clone.text.encode(), rate, clone.sample.data))).hexdigest()


def saying_told(saying: Saying, *, sample: bool) -> dict[str, Any]:
    """Return the saying as JSON; the sample of its clone goes along, or only the sample's digest."""
    body: dict[str, Any] = told(replace(saying, clone=None))
    if clone := saying.clone:
        body["clone"] = {"id": clone.id, "digest": digest(clone)}
        if sample:
            data = base64.b64encode(clone.sample.data).decode()
            body["clone"] |= {"text": clone.text, "sample_rate": clone.sample.sample_rate, "sample": data}
    return body


def saying_from(value: Any) -> tuple[Saying, Mapping[str, Any] | None]:
    """Return the saying without its clone, and what was told of the clone."""
    if not isinstance(value, dict):
        raise Impossible("bad-request", "wrong or missing: body")
    clone = value.pop("clone", None)
    if clone is not None and not (isinstance(clone, dict) and isinstance(clone.get("digest"), str)):
        raise Impossible("bad-request", "wrong or missing: clone.digest")
    return understood(Saying, value), clone


def clone_from(value: Mapping[str, Any]) -> Clone:
    """Return the clone with its sample; `Impossible` when the digest is not that of the sample."""
    try:
        sample = Pcm(base64.b64decode(value["sample"], validate=True), int(value["sample_rate"]))
        clone = Clone(str(value["id"]), sample, str(value["text"]))
    except (KeyError, TypeError, ValueError):
        raise Impossible("bad-request", "wrong or missing: clone") from None
    if sample.sample_rate <= 0 or len(sample.data) % 2 or digest(clone) != value["digest"]:
        raise Impossible("bad-request", "wrong or missing: clone")
    return clone


def speech_told(speech: Speech) -> tuple[dict[str, Any], bytes]:
    """Return the header and the body of the frame of a stretch of speech."""
    header: dict[str, Any] = {"sample_rate": speech.pcm.sample_rate}
    for name, spans in ("words", speech.words), ("phonemes", speech.phonemes):
        if spans:
            header[name] = [[span.text, span.start, span.end, span.confidence] for span in spans]
    return header, speech.pcm.data


def speech_from(header: Mapping[str, Any], body: bytes) -> Speech:
    """Return the stretch of speech; raises ValueError when it is none."""
    try:
        rate = int(header["sample_rate"])
        words, phonemes = _spans(header.get("words", ())), _spans(header.get("phonemes", ()))
    except (KeyError, TypeError) as error:
        raise ValueError("no speech") from error
    if rate <= 0 or len(body) % 2:
        raise ValueError("no speech")
    return Speech(Pcm(body, rate), words, phonemes)


def _spans(rows: Sequence[Sequence[Any]]) -> tuple[Word, ...]:
    return tuple(
        Word(str(text), float(start), float(end), None if sure is None else float(sure))
        for text, start, end, sure in rows
    )


def piece_told(piece: Piece) -> dict[str, Any]:
    """Return the header of the frame of a piece of an answer."""
    if isinstance(piece, str):
        return {"text": piece}
    names = {ToolCall: "tool", Cited: "cited", Usage: "usage"}
    return {names[type(piece)]: told(piece)}


def piece_from(header: Mapping[str, Any]) -> Piece | None:
    """Return the piece, None for one that only a newer version knows; raises Impossible when it is garbled."""
    kinds: dict[str, type[Any]] = {"text": str, "tool": ToolCall, "cited": Cited, "usage": Usage}
    for name, kind in kinds.items():
        if name in header:
            piece: Piece = understood(kind, header[name])
            return piece
    return None
