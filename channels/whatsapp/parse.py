"""From the vendor's envelope to our messages and receipts: every entry, every change, nothing assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from channels.whatsapp.kinds import content
from channels.whatsapp.people import address_of, sender_of
from channels.whatsapp.ringing import about_calls
from channels.wild import moment, parse, rows, table, whole, words
from core_pipeline.contracts.channel import Event
from core_pipeline.contracts.messages import Inbound, Receipt, Status

# `accepted` is our own word for the answer of the send call.
_STATUSES = {status.value: status for status in Status if status is not Status.ACCEPTED}


def read_body(body: bytes, only: str | None = None) -> list[Event]:
    """Return all messages, receipts and word on calls of a webhook call, those of the number `only` if it is given."""
    found: list[Event] = []
    for field, value in _values(parse(body)):
        account = words(table(value.get("metadata")).get("phone_number_id"))
        if account and only in {None, account}:
            found += _READERS[field](account, value)
    return found


def _values(payload: Any) -> Iterator[tuple[str | None, dict[str, Any]]]:
    for entry in rows(table(payload).get("entry")):
        for change in rows(entry.get("changes")):
            field = words(change.get("field"))
            if field in _READERS:
                yield field, table(change.get("value"))


def _about_messages(account: str, value: dict[str, Any]) -> list[Event]:
    return [*_messages(account, value), *_receipts(account, value)]


def _messages(account: str, value: dict[str, Any]) -> Iterator[Inbound]:
    people = rows(value.get("contacts"))
    for message in rows(value.get("messages")):
        inbound = _inbound(account, message, people)
        if inbound:
            yield inbound


def _inbound(account: str, message: dict[str, Any], people: list[dict[str, Any]]) -> Inbound | None:
    provider_id = words(message.get("id"))
    # A message to a group has no private conversation to answer in.
    sender = None if message.get("group_id") else sender_of(message, people)
    found = content(message)
    if not (provider_id and sender and found):
        return None
    address = {**address_of(sender), "message_id": provider_id}
    return Inbound(
        account=account,
        provider_id=provider_id,
        chat=sender.identities[0].value,
        sender=sender,
        sent_at=moment(message.get("timestamp")),
        kind=found.kind,
        text=found.text,
        media=found.media,
        reply_to=found.about or words(table(message.get("context")).get("id")),
        address=address,
    )


def _receipts(account: str, value: dict[str, Any]) -> Iterator[Receipt]:
    for report in rows(value.get("statuses")):
        message_id, status = words(report.get("id")), _STATUSES.get(words(report.get("status")) or "")
        if message_id and status:
            yield Receipt(
                account=account,
                message_id=message_id,
                status=status,
                at=moment(report.get("timestamp")),
                key=words(report.get("biz_opaque_callback_data")),
                error=_error(report),
            )


def _error(report: dict[str, Any]) -> str | None:
    for error in rows(report.get("errors")):
        code, title = whole(error.get("code")), words(error.get("title"))
        return " ".join(str(part) for part in (code, title) if part is not None) or None
    return None


_READERS: dict[str | None, Callable[[str, dict[str, Any]], list[Event]]] = {
    "messages": _about_messages,
    "calls": about_calls,
}
