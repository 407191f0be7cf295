"""From one update to at most one of our messages."""

from __future__ import annotations

from typing import Any

from channels.telegram.kinds import Content, content
from channels.wild import moment, rows, table, whole, words
from core_pipeline.contracts.messages import Identity, Inbound, Kind, Sender


def read_update(account: str, update: dict[str, Any]) -> Inbound | None:
    """Return the customer's message in `update`, None for everything that wants no answer (edits, members, posts)."""
    if "callback_query" in update:
        return _callback(account, update)
    own = update.get("business_message")
    message = table(update.get("message") if own is None else own)
    person = table(message.get("from"))
    if own is not None and not _from_customer(message, person):
        return None
    found = content(message)
    return _inbound(account, update, message, person, found) if found else None


def _from_customer(message: dict[str, Any], person: dict[str, Any]) -> bool:
    # In a business chat the chat's id is the customer's; anybody else who writes there is the owner.
    connected = words(message.get("business_connection_id")) is not None
    return connected and person.get("id") == table(message.get("chat")).get("id")


def _callback(account: str, update: dict[str, Any]) -> Inbound | None:
    query = table(update.get("callback_query"))
    message, data = table(query.get("message")), words(query.get("data"))
    if not data:
        return None
    found = Content(Kind.CHOICE, _label(message, data) or data)
    now = {**message, "date": None, "reply_to_message": message}
    pressed = _inbound(account, update, now, table(query.get("from")), found)
    query_id = words(query.get("id"))
    if not pressed or not query_id:
        return pressed
    return pressed.model_copy(update={"address": {**pressed.address, "callback_query_id": query_id}})


def _label(message: dict[str, Any], data: str) -> str | None:
    keyboard = table(message.get("reply_markup")).get("inline_keyboard")
    lines = keyboard if isinstance(keyboard, list) else []
    buttons = (button for line in lines for button in rows(line))
    return next((words(button.get("text")) for button in buttons if button.get("callback_data") == data), None)


def _inbound(
    account: str, update: dict[str, Any], message: dict[str, Any], person: dict[str, Any], found: Content
) -> Inbound | None:
    update_id, sender, address = whole(update.get("update_id")), _sender(person), _address(message)
    if update_id is None or sender is None or address is None:
        return None
    quoted = whole(table(message.get("reply_to_message")).get("message_id"))
    return Inbound(
        account=account,
        provider_id=str(update_id),
        chat=_chat(address),
        sender=sender,
        sent_at=moment(message.get("date")),
        kind=found.kind,
        text=found.text,
        media=found.media,
        reply_to=None if quoted is None else str(quoted),
        address=address,
    )


def _sender(person: dict[str, Any]) -> Sender | None:
    user = whole(person.get("id"))
    if user is None or person.get("is_bot") is True:
        return None
    name = " ".join(part for part in (words(person.get("first_name")), words(person.get("last_name"))) if part)
    identity = Identity(kind="telegram_user", value=str(user))
    return Sender(identities=(identity,), name=name or None, language=words(person.get("language_code")))


def _address(message: dict[str, Any]) -> dict[str, Any] | None:
    chat = table(message.get("chat"))
    chat_id, message_id = whole(chat.get("id")), whole(message.get("message_id"))
    if chat_id is None or message_id is None or chat.get("type") == "channel":
        return None
    # Outside forums a thread id only marks a thread of replies, and sending to it fails.
    topic = whole(message.get("message_thread_id")) if message.get("is_topic_message") is True else None
    optional = {
        "message_thread_id": topic,
        "direct_messages_topic_id": whole(table(message.get("direct_messages_topic")).get("topic_id")),
        "business_connection_id": words(message.get("business_connection_id")),
    }
    given = {key: value for key, value in optional.items() if value is not None}
    return {"chat_id": chat_id, "message_id": message_id, **given}


def _chat(address: dict[str, Any]) -> str:
    connection = address.get("business_connection_id")
    topic = address.get("message_thread_id", address.get("direct_messages_topic_id"))
    name = str(address["chat_id"]) if topic is None else f"{address['chat_id']}#{topic}"
    return f"{connection}@{name}" if connection else name
