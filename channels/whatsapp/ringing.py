"""From the vendor's events of calls to rings and news."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels.whatsapp.people import address_of, sender_of
from channels.wild import moment, number, rows, table, whole, words
from core_pipeline.contracts.calls import CallNews, CallState, Ring
from core_pipeline.contracts.channel import Event

_PROGRESS = {"RINGING": CallState.RINGING, "ACCEPTED": CallState.RUNNING, "REJECTED": CallState.MISSED}
_ENDS = {"COMPLETED": CallState.ENDED, "FAILED": CallState.FAILED}


def about_calls(account: str, value: dict[str, Any]) -> list[Event]:
    """Return what an event of the field "calls" tells; kinds that we don't know give nothing."""
    return [*_calls(account, value), *_progress(account, value)]


def _calls(account: str, value: dict[str, Any]) -> Iterator[Event]:
    people = rows(value.get("contacts"))
    for call in rows(value.get("calls")):
        if not words(call.get("id")):
            continue
        if call.get("event") == "terminate":
            yield _ended(account, call, value)
        elif call.get("event") == "connect" and (found := _connected(account, call, people)):
            yield found


def _connected(account: str, call: dict[str, Any], people: list[dict[str, Any]]) -> Ring | CallNews | None:
    """A customer who calls, with an offer; or one who was called, with the answer to ours."""
    session, provider_id = table(call.get("session")), words(call.get("id")) or ""
    sdp = words(session.get("sdp"))
    if not sdp:
        return None
    if session.get("sdp_type") == "answer" or call.get("direction") == "BUSINESS_INITIATED":
        return CallNews(account=account, provider_id=provider_id, answer=sdp)
    sender = sender_of(call, people)
    if sender is None:
        return None
    return Ring(
        account=account,
        provider_id=provider_id,
        sender=sender,
        at=moment(call.get("timestamp")),
        chat=sender.identities[0].value,
        offer=sdp,
        address=address_of(sender),
    )


def _ended(account: str, call: dict[str, Any], value: dict[str, Any]) -> CallNews:
    seconds = number(call.get("duration"))
    state = _ENDS.get(words(call.get("status")) or "", CallState.ENDED if seconds else CallState.DROPPED)
    codes = [whole(error.get("code")) for error in (*rows(call.get("errors")), *rows(value.get("errors")))]
    reason = next((f"whatsapp-{code}" for code in codes if code is not None), "")
    return CallNews(account=account, provider_id=call["id"], state=state, seconds=seconds, reason=reason)


def _progress(account: str, value: dict[str, Any]) -> Iterator[CallNews]:
    for report in rows(value.get("statuses")):
        provider_id, state = words(report.get("id")), _PROGRESS.get(words(report.get("status")) or "")
        if provider_id and state:
            reason = "rejected" if state is CallState.MISSED else ""
            yield CallNews(account=account, provider_id=provider_id, state=state, reason=reason)
