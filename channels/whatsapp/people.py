"""Who is who in the vendor's events: a customer has a phone number, a business-scoped user id, or both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from channels.wild import table, words
from core_pipeline.contracts.messages import Identity, Sender
from errors import Impossible


def sender_of(event: dict[str, Any], people: list[dict[str, Any]]) -> Sender | None:
    """Return who sent a message, or calls; None when nothing names them."""
    phone, bsuid = words(event.get("from")), words(event.get("from_user_id"))
    person = _person(phone, bsuid, people)
    phone = phone or words(person.get("wa_id"))
    bsuid = bsuid or words(person.get("user_id"))
    known = (("bsuid", bsuid), ("whatsapp_phone", phone))
    identities = tuple(Identity(kind=kind, value=value) for kind, value in known if value)
    name = words(table(person.get("profile")).get("name"))
    return Sender(identities=identities, name=name) if identities else None


def address_of(sender: Sender) -> dict[str, str]:
    """Return where answers to somebody go."""
    names = {identity.kind: identity.value for identity in sender.identities}
    address = {"to": names.get("whatsapp_phone"), "recipient": names.get("bsuid")}
    return {key: value for key, value in address.items() if value}


def _person(phone: str | None, bsuid: str | None, people: list[dict[str, Any]]) -> dict[str, Any]:
    for person in people:
        same_phone = phone is not None and person.get("wa_id") == phone
        if same_phone or (bsuid is not None and person.get("user_id") == bsuid):
            return person
    return {}


def recipient(address: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that name somebody to the Graph API; `Impossible` "address" when nothing does."""
    phone, bsuid = words(address.get("to")), words(address.get("recipient"))
    if phone:
        return {"to": f"+{phone.removeprefix('+')}"}
    if bsuid:
        return {"recipient": bsuid}
    raise Impossible("address", "neither phone number nor business-scoped user id")
