"""Does what an engine asks for: reads at once, changes only after the customer's yes and never twice."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from core_pipeline.actions.arguments import faults
from core_pipeline.actions.cards import Card, card_of
from core_pipeline.actions.reading import for_customer, for_engine
from core_pipeline.actions.rehearsing import Rehearsed, rehearse
from core_pipeline.actions.request import request_of
from core_pipeline.actions.tools import HANDOFF, SEND_CARD, tools_of
from core_pipeline.actions.waiting import Pending, keep, locked, pending_of, was_heard
from core_pipeline.actions.words import say, what_of
from core_pipeline.arabic.consent import Consent, consent
from core_pipeline.contracts.engines import Passage, Tool, ToolCall, ToolResult
from core_pipeline.guard import Answered, GuardedClient, exchange
from errors import Impossible, Retryable, SawtakError
from tenants.actions import actions, named, opened
from tenants.db import Database
from tenants.models import Action, now
from tenants.vault import Vault

log = logging.getLogger(__name__)

EXPIRES = timedelta(minutes=10)
_READ = 256 * 1024
_NOT_DONE = frozenset({408, 425, 429})
Ending = Literal["done", "refused", "unreached", "unknown"]


@dataclass(frozen=True)
class Place:
    """Where an action is asked for: the turn, and the language to speak to the customer in."""

    tenant_id: str
    conversation_id: str
    turn_id: str
    language: str


@dataclass(frozen=True)
class Outcome:
    """What came of a call: `result` for the engine.

    With a `question` the turn must say exactly that and end; a `card` is sent as text after the answer; `handed` says
    that a person was asked to take over.
    """

    result: ToolResult
    question: str = ""
    card: Card | None = None
    handed: bool = False


@dataclass(frozen=True)
class Settled:
    """What came of the customer's word on a waiting action: `words` to say, `result` for an engine that words it."""

    words: str
    result: ToolResult


@dataclass(frozen=True)
class _Done:
    """How a call of a tenant's system ended, with text for the engine and for the customer."""

    ending: Ending
    content: str
    told: str = ""


class Actions:
    """The actions of all tenants; `client` is the way out, `expires` how long a question may wait for its answer."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        client: GuardedClient,
        *,
        expires: timedelta = EXPIRES,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._db = db
        self._vault = vault
        self._client = client
        self._expires = expires
        self._clock = clock

    async def tools(self, tenant_id: str) -> tuple[Tool, ...]:
        """What an engine may call for this tenant."""
        async with self._db.tenant(tenant_id, reads=True) as session:
            return tools_of(await actions(session, active=True))

    async def run(self, place: Place, call: ToolCall, passages: Sequence[Passage] = ()) -> Outcome:
        """Do what the engine asks, or ask the customer first; a failure is told in the result, never raised."""
        if call.name == HANDOFF.name:
            return await self._hand_over(place, call)
        if call.name == SEND_CARD.name:
            return await self._send_card(place, call, passages)
        async with self._db.tenant(place.tenant_id, reads=True) as session:
            action = await named(session, call.name)
        if action is None:
            return Outcome(ToolResult(call, "failed: there is no such action"))
        if wrong := self._wrong(action, call):
            return Outcome(ToolResult(call, f"failed, nothing was done: {' '.join(wrong)}"))
        if action.changes:
            return await self._ask(place, call, action)
        done = await self._call(action, call)
        return Outcome(ToolResult(call, done.content))

    async def rehearse(self, action: Action, arguments: Mapping[str, Any]) -> Rehearsed:
        """Call this action once by hand; see `rehearsing.rehearse`."""
        return await rehearse(self._client, self._vault, action, arguments)

    async def settle(self, place: Place, heard: str) -> Settled | None:
        """Take what the customer said as the answer to what waits for their yes; None when it is no such answer.

        Call it first in every try of a turn. A yes calls the tenant's system once, whatever crashes: a second try
        tells the outcome again, or honestly that it is not known.
        """
        verdict = await self._take_up(place, heard)
        if not isinstance(verdict, Pending):
            return verdict
        async with self._db.tenant(place.tenant_id, reads=True) as session:
            action = await session.get(Action, verdict.action_id)
        call = ToolCall(verdict.call_id, verdict.name, verdict.arguments)
        if action is None or not action.active or self._wrong(action, call):
            done = _Done("refused", "failed, nothing was done: this action is no longer offered")
        else:
            done = await self._call(action, call, _key(place))
        settled = verdict.model_copy(
            update={
                "state": "settled",
                "words": say(done.ending, place.language, verdict.what, done.told),
                "content": done.content,
            }
        )
        async with self._db.tenant(place.tenant_id) as session:
            keep(await locked(session, place.conversation_id), settled)
        return _settled(settled)

    async def _take_up(self, place: Place, heard: str) -> Settled | Pending | None:
        """Decide under the conversation's lock; a `Pending` is this turn's to do, and its intent is written."""
        async with self._db.tenant(place.tenant_id) as session:
            conversation = await locked(session, place.conversation_id)
            pending = pending_of(conversation)
            if pending is not None and pending.by == place.turn_id:
                return _again(pending, place)
            asked = pending is not None and pending.state == "asked" and pending.turn != place.turn_id
            if pending is None or not asked or not await was_heard(session, pending):
                keep(conversation, None)
                return None
            answer = consent(heard, pending.question)
            late = self._clock() - pending.asked_at > self._expires
            taken = _taken(pending, place, answer, late=late)
            keep(conversation, taken)
            return _settled(taken) if taken is not None and taken.state == "settled" else taken

    def _wrong(self, action: Action, call: ToolCall) -> list[str]:
        """What is wrong with the arguments, found without a call and without the secrets."""
        if wrong := faults(action.parameters, call.arguments):
            return wrong
        try:
            request_of(self._client, action, call.arguments, {})
        except Impossible as error:
            return [error.detail]
        return []

    async def _ask(self, place: Place, call: ToolCall, action: Action) -> Outcome:
        what = what_of(action, call.arguments, place.language)
        question = say("ask", place.language, what)
        pending = Pending(
            action_id=action.id,
            name=action.name,
            call_id=call.id,
            arguments=dict(call.arguments),
            what=what,
            question=question,
            language=place.language,
            asked_at=self._clock(),
            turn=place.turn_id,
        )
        async with self._db.tenant(place.tenant_id) as session:
            keep(await locked(session, place.conversation_id), pending)
        return Outcome(ToolResult(call, "waiting: the customer is asked to confirm"), question=question)

    async def _call(self, action: Action, call: ToolCall, key: str = "") -> _Done:
        """Call the tenant's system; how it ended is told, never raised."""
        try:
            request = request_of(self._client, action, call.arguments, opened(self._vault, action), key)
            answer = await exchange(self._client, request, limit=_READ, timeout=action.timeout)
        except Retryable as error:
            log.warning("action %s of tenant %s: %s", action.id, action.tenant_id, error.code)
            return _unanswered(action, error)
        except SawtakError as error:
            log.warning("action %s of tenant %s: %s", action.id, action.tenant_id, error.code)
            return _Done("unreached", "failed, nothing was done: this action is not set up rightly")
        if answer.status >= 300:
            log.warning("action %s of tenant %s: answered %s", action.id, action.tenant_id, answer.status)
        return _done(action, answer)

    async def _hand_over(self, place: Place, call: ToolCall) -> Outcome:
        async with self._db.tenant(place.tenant_id) as session:
            conversation = await locked(session, place.conversation_id)
            conversation.handed_at = conversation.handed_at or self._clock()
        return Outcome(ToolResult(call, "done: a person of the business was asked to take over"), handed=True)

    async def _send_card(self, place: Place, call: ToolCall, passages: Sequence[Passage]) -> Outcome:
        async with self._db.tenant(place.tenant_id, reads=True) as session:
            card = await card_of(session, str(call.arguments.get("passage", "")), passages)
        if card is None:
            return Outcome(ToolResult(call, "failed: no passage has this id"))
        return Outcome(ToolResult(call, "done: the card is sent after your answer"), card=card)


def _taken(pending: Pending, place: Place, answer: Consent | None, *, late: bool) -> Pending | None:
    """What becomes of the waiting action; anything but a clear word drops it: the engine may ask again."""
    if answer is None:
        return None
    mine = pending.model_copy(update={"by": place.turn_id})
    if answer == "yes" and not late:
        return mine.model_copy(update={"state": "calling"})
    name, content = ("declined", "the customer said no") if answer == "no" else ("expired", "it was asked too long ago")
    words = say(name, place.language)
    return mine.model_copy(update={"state": "settled", "words": words, "content": f"nothing was done: {content}"})


def _again(pending: Pending, place: Place) -> Settled:
    """What an earlier try of this very turn came to; a call that was begun and not noted is never made again."""
    if pending.state == "settled":
        return _settled(pending)
    words = say("unknown", place.language, pending.what)
    return _settled(pending.model_copy(update={"words": words, "content": "unknown: it may or may not have been done"}))


def _settled(pending: Pending) -> Settled:
    call = ToolCall(pending.call_id, pending.name, pending.arguments)
    return Settled(pending.words, ToolResult(call, pending.content))


def _unanswered(action: Action, error: Retryable) -> _Done:
    if error.landed and action.changes:
        return _Done("unknown", "unknown: the system gave no answer; it may or may not have been done")
    return _Done("unreached", "failed: the system could not be reached; apologise and offer to try later")


def _done(action: Action, answer: Answered) -> _Done:
    text = for_engine(answer)
    if 200 <= answer.status < 300:
        return _Done("done", f"done (HTTP {answer.status}):\n{text}", for_customer(answer))
    if answer.status >= 500 and action.changes:
        return _Done("unknown", f"unknown: the system broke (HTTP {answer.status}); it may or may not have been done")
    if answer.status >= 500 or answer.status in _NOT_DONE:
        return _Done("unreached", f"failed: the system is not able to answer now (HTTP {answer.status})")
    told = for_customer(answer) if 400 <= answer.status < 500 and answer.status not in {401, 403} else ""
    return _Done("refused", f"failed, the system refused (HTTP {answer.status}):\n{text}", told)


def _key(place: Place) -> str:
    """The same for every try of this turn; a digest, since a turn's id need not be fit for a header."""
    return hashlib.sha256(f"{place.tenant_id}:{place.turn_id}".encode()).hexdigest()[:32]
