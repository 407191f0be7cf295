"""What a customer's message holds, by its vendor type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels.wild import number, parse, rows, table, whole, words
from core_pipeline.contracts.messages import Kind, MediaRef


@dataclass(frozen=True)
class Content:
    """Kind, words and file of a message; `about` is the message a reaction is about."""

    kind: Kind
    text: str | None = None
    media: MediaRef | None = None
    about: str | None = None


_OTHER = Content(Kind.OTHER)

# Nobody waits for an answer to these: the network talks about a person or takes back what was said.
_SILENT = frozenset({"system", "edit", "revoke", "request_welcome"})
_ALLOWS_CALLS = "call_permission_reply"


def content(message: dict[str, Any]) -> Content | None:
    """Return what `message` holds, None if it wants no answer; types we don't know are `OTHER`."""
    kind = words(message.get("type")) or next((key for key in _READERS if key in message), None)
    if kind is None or kind in _SILENT or table(message.get(kind)).get("type") == _ALLOWS_CALLS:
        return None
    read = _READERS.get(kind)
    return read(message.get(kind)) if read else _OTHER


def _spoken(kind: Kind, text: str | None) -> Content:
    return Content(kind, text) if text else _OTHER


def _text(value: Any) -> Content:
    return _spoken(Kind.TEXT, words(table(value).get("body")))


def _audio(value: Any) -> Content:
    return _file(Kind.VOICE if table(value).get("voice") is True else Kind.AUDIO, value)


def _file(kind: Kind, value: Any) -> Content:
    file = table(value)
    media_id = words(file.get("id"))
    if not media_id:
        return _OTHER
    media = MediaRef(
        id=media_id,
        mime=(words(file.get("mime_type")) or "").partition(";")[0].strip() or None,
        sha256=words(file.get("sha256")),
        filename=words(file.get("filename")),
        url=words(file.get("url")),
    )
    return Content(kind, words(file.get("caption")), media)


def _location(value: Any) -> Content:
    place = table(value)
    latitude, longitude = number(place.get("latitude")), number(place.get("longitude"))
    if latitude is None or longitude is None:
        return _OTHER
    lines = (words(place.get("name")), words(place.get("address")), f"{latitude:.6f}, {longitude:.6f}")
    return Content(Kind.LOCATION, "\n".join(line for line in lines if line))


def _contacts(value: Any) -> Content:
    cards = []
    for person in rows(value):
        phones = [words(phone.get("phone")) for phone in rows(person.get("phones"))]
        parts = (words(table(person.get("name")).get("formatted_name")), *phones)
        cards.append(" ".join(part for part in parts if part))
    return Content(Kind.CONTACT, "\n".join(card for card in cards if card) or None)


def _button(value: Any) -> Content:
    pressed = table(value)
    return _spoken(Kind.CHOICE, words(pressed.get("text")) or words(pressed.get("payload")))


def _interactive(value: Any) -> Content:
    answer = table(value)
    kind = words(answer.get("type"))
    if kind in {"button_reply", "list_reply"}:
        choice = table(answer.get(kind))
        return _spoken(Kind.CHOICE, words(choice.get("title")) or words(choice.get("id")))
    return _form(table(answer.get("nfm_reply"))) if kind == "nfm_reply" else _OTHER


def _form(reply: dict[str, Any]) -> Content:
    answers = table(parse((words(reply.get("response_json")) or "").encode()))
    lines = [f"{field}: {_plain(value)}" for field, value in answers.items() if field != "flow_token"]
    return _spoken(Kind.CHOICE, words("\n".join(lines)) or words(reply.get("body")))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(word for word in map(words, value) if word)
    return str(value) if isinstance(value, bool | int | float) else words(value) or ""


def _reaction(value: Any) -> Content:
    reaction = table(value)
    return Content(Kind.REACTION, words(reaction.get("emoji")), about=words(reaction.get("message_id")))


def _order(value: Any) -> Content:
    order = table(value)
    items = [
        f"{whole(item.get('quantity')) or 1} × {words(item.get('product_retailer_id')) or '?'}"
        for item in rows(order.get("product_items"))
    ]
    lines = [words(order.get("text")), *items]
    return Content(Kind.ORDER, "\n".join(line for line in lines if line) or None)


_READERS: dict[str, Callable[[Any], Content]] = {
    "text": _text,
    "audio": _audio,
    "image": partial(_file, Kind.IMAGE),
    "video": partial(_file, Kind.VIDEO),
    "document": partial(_file, Kind.DOCUMENT),
    "sticker": partial(_file, Kind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
}
