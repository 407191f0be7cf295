"""From the vendor's envelope to our messages and receipts: every entry, every change, nothing assumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels.whatsapp.kinds import content
from channels.wild import moment, parse, rows, table, whole, words
from core_pipeline.contracts.messages import Identity, Inbound, Receipt, Sender, Status

# `accepted` is our own word for the answer of the send call.
_STATUSES = {status.value: status for status in Status if status is not Status.ACCEPTED}


def read_body(body: bytes, only: str | None = None) -> list[Inbound | Receipt]:
    """Return all messages and receipts of a webhook call, those of the number `only` if it is given."""
    found: list[Inbound | Receipt] = []
    for value in _values(parse(body)):
        account = words(table(value.get("metadata")).get("phone_number_id"))
        if account and only in {None, account}:
            found += _messages(account, value)
            found += _receipts(account, value)
    return found


def _values(payload: Any) -> Iterator[dict[str, Any]]:
    for entry in rows(table(payload).get("entry")):
        for change in rows(entry.get("changes")):
            if change.get("field") == "messages":
                yield table(change.get("value"))


def _messages(account: str, value: dict[str, Any]) -> Iterator[Inbound]:
    people = rows(value.get("contacts"))
    for message in rows(value.get("messages")):
        inbound = _inbound(account, message, people)
        if inbound:
            yield inbound


def _inbound(account: str, message: dict[str, Any], people: list[dict[str, Any]]) -> Inbound | None:
    provider_id = words(message.get("id"))
    # A message to a group has no private conversation to answer in.
    sender = None if message.get("group_id") else _sender(message, people)
    found = content(message)
    if not (provider_id and sender and found):
        return None
    names = {identity.kind: identity.value for identity in sender.identities}
    address = {"to": names.get("whatsapp_phone"), "recipient": names.get("bsuid"), "message_id": provider_id}
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
        address={key: value for key, value in address.items() if value},
    )


def _sender(message: dict[str, Any], people: list[dict[str, Any]]) -> Sender | None:
    phone, bsuid = words(message.get("from")), words(message.get("from_user_id"))
    person = _person(phone, bsuid, people)
    phone = phone or words(person.get("wa_id"))
    bsuid = bsuid or words(person.get("user_id"))
    known = (("bsuid", bsuid), ("whatsapp_phone", phone))
    identities = tuple(Identity(kind=kind, value=value) for kind, value in known if value)
    name = words(table(person.get("profile")).get("name"))
    return Sender(identities=identities, name=name) if identities else None


def _person(phone: str | None, bsuid: str | None, people: list[dict[str, Any]]) -> dict[str, Any]:
    for person in people:
        same_phone = phone is not None and person.get("wa_id") == phone
        if same_phone or (bsuid is not None and person.get("user_id") == bsuid):
            return person
    return {}


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
