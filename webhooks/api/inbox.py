"""Conversations: list, read, take over, answer, hand back, note, label, assign and close, as in the panel's inbox."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Path, Query, UploadFile
from starlette.responses import Response

from core_pipeline.desk import duty, labels, reading, rows
from core_pipeline.desk.reception import Draft, Reception
from core_pipeline.desk.rows import Filters
from core_pipeline.desk.window import window_of
from core_pipeline.tryout import Stand, rehearsed
from core_pipeline.tryout.listening import MIME
from tenants.audit import Actor
from tenants.models import new_id
from webhooks.api import inbox_schemas as told
from webhooks.api.access import Caller, allowed
from webhooks.api.repeats import RepeatKey, digest_of, repeat_key
from webhooks.api.schemas import ID

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core_pipeline.desk.rows import Row
    from tenants.idempotency import Made
    from tenants.models import Message
    from webhooks.api.desk import Desk

Agent = Annotated[Caller, Depends(allowed("inbox", secret=True))]
ConversationId = Annotated[str, Path(pattern=ID)]
LabelId = Annotated[str, Path(pattern=ID)]
OrderId = Annotated[int, Path(ge=1, le=told.MOST_NUMBER, description="`order` of a message.")]
_ONE = "/conversations/{conversation_id}"


@dataclass(frozen=True)
class Inbox:
    """The routes that need the scope "inbox"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        row, message = told.ConversationTold, told.MessageTold
        app.add_api_route("/conversations", self.listed, methods=["GET"], response_model=told.ConversationPage)
        app.add_api_route(_ONE, self.read, methods=["GET"], response_model=told.ThreadTold)
        app.add_api_route(f"{_ONE}/take", self.take, methods=["POST"], response_model=row)
        app.add_api_route(f"{_ONE}/hand-back", self.hand_back, methods=["POST"], response_model=row)
        app.add_api_route(f"{_ONE}/assign", self.assign, methods=["POST"], response_model=row)
        app.add_api_route(f"{_ONE}/close", self.close, methods=["POST"], response_model=row)
        app.add_api_route(f"{_ONE}/reopen", self.reopen, methods=["POST"], response_model=row)
        app.add_api_route(f"{_ONE}/reply", self.reply, methods=["POST"], response_model=message, status_code=202)
        sound: Any = {200: {"content": {MIME: {"schema": {"type": "string", "format": "binary"}}}}}
        path = f"{_ONE}/listen"
        app.add_api_route(path, self.listen, methods=["POST"], responses=sound, response_class=Response)
        app.add_api_route(f"{_ONE}/recording", self.record, methods=["POST"], response_model=message, status_code=202)
        app.add_api_route(f"{_ONE}/notes", self.note, methods=["POST"], response_model=told.NoteTold, status_code=201)
        app.add_api_route(f"{_ONE}/labels/{{label_id}}", self.put_label, methods=["PUT"], status_code=204)
        app.add_api_route(f"{_ONE}/labels/{{label_id}}", self.take_label, methods=["DELETE"], status_code=204)
        app.add_api_route(
            "/replies/{order_id}/again", self.again, methods=["POST"], response_model=message, status_code=202
        )
        app.add_api_route("/replies/{order_id}", self.drop, methods=["DELETE"], status_code=204)
        app.add_api_route("/labels", self.labels, methods=["GET"], response_model=told.Labels)
        app.add_api_route("/labels", self.save_label, methods=["POST"], response_model=told.LabelTold, status_code=201)
        app.add_api_route("/labels/{label_id}", self.delete_label, methods=["DELETE"], status_code=204)

    async def listed(
        self,
        caller: Agent,
        state: told.State = "open",
        channel: Annotated[str, Query(max_length=40, pattern=r"^[a-z0-9_]*$")] = "",
        label: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
        language: Annotated[str, Query(pattern=r"^([a-z]{2})?$")] = "",
        search: Annotated[str, Query(max_length=80)] = "",
        after: Annotated[str | None, Query(pattern=told.CURSOR, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = rows.LIMIT,
    ) -> told.ConversationPage:
        """List conversations, those with the newest message first; "mine" are those that this key answers."""
        wanted = Filters(state, channel, label, language, search, duty.agent_of(_actor(caller)))
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            page = await rows.page(session, wanted, after, limit)
        return told.ConversationPage(conversations=[self._told(one) for one in page.rows], next=page.next)

    async def read(
        self,
        caller: Agent,
        conversation_id: ConversationId,
        before: Annotated[int | None, Query(ge=1, le=told.MOST_NUMBER)] = None,
    ) -> told.ThreadTold:
        """Read a conversation: its newest messages, or those before the `before` of the page read last."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            row = await rows.one(session, conversation_id)
            thread = await reading.thread(session, conversation_id, before)
        said = [told.message_of(one) for one in thread.entries if one.message is not None]
        notes = [told.NoteTold.of(one.note) for one in thread.entries if one.note is not None]
        calls = [one.call.id for one in thread.entries if one.call is not None]
        return told.ThreadTold(
            conversation=self._told(row), messages=said, notes=notes, calls=calls, before=thread.before
        )

    async def take(self, caller: Agent, conversation_id: ConversationId, asked: told.Taking) -> told.ConversationTold:
        """Have the bot keep quiet; 409 where a colleague answers, unless it may be taken `over` from them."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await duty.take(session, _actor(caller), conversation_id, over=asked.over)
        return await self._now(caller, conversation_id)

    async def hand_back(
        self, caller: Agent, conversation_id: ConversationId, asked: told.HandingBack
    ) -> told.ConversationTold:
        """Let the bot answer again, with `answer` also what nobody has answered yet."""
        given = {"answer": asked.answer, "over": asked.over}
        await self._reception.hand_back(caller.tenant_id, _actor(caller), conversation_id, **given)
        return await self._now(caller, conversation_id)

    async def assign(
        self, caller: Agent, conversation_id: ConversationId, asked: told.Assigning
    ) -> told.ConversationTold:
        """Make a colleague responsible, or (null) nobody."""
        await self._reception.assign(caller.tenant_id, _actor(caller), conversation_id, asked.agent)
        return await self._now(caller, conversation_id)

    async def close(self, caller: Agent, conversation_id: ConversationId) -> told.ConversationTold:
        """Call a conversation settled, until the customer writes again."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await duty.close(session, _actor(caller), conversation_id)
        return await self._now(caller, conversation_id)

    async def reopen(self, caller: Agent, conversation_id: ConversationId) -> told.ConversationTold:
        """Open a settled conversation again."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await duty.reopen(session, _actor(caller), conversation_id)
        return await self._now(caller, conversation_id)

    async def reply(
        self, caller: Agent, conversation_id: ConversationId, asked: told.Replying, key: RepeatKey = None
    ) -> told.MessageTold:
        """Take over and answer in writing, or typed and spoken by the bot's voice; `state` says how far it is."""
        draft = Draft(new_id(), asked.text, asked.spoken, saw=asked.saw)
        return await self._replied(caller, conversation_id, draft, key)

    async def listen(self, caller: Agent, conversation_id: ConversationId, asked: told.Listening) -> Response:
        """Hear how the bot's voice would say an answer; nothing is sent. Some dozen times a minute."""
        needs = self.desk.needs
        stand = Stand(needs.db, needs.blobs, needs.engines, needs.shelf, needs.gate, needs.sandbox)
        async with self.desk.metered(caller, "listen") as order:
            heard = await rehearsed(stand, order, _actor(caller), conversation_id, asked.text)
        return Response(heard.sound, media_type=MIME)

    async def record(
        self,
        caller: Agent,
        conversation_id: ConversationId,
        recording: Annotated[UploadFile, File()],
        key: RepeatKey = None,
    ) -> told.MessageTold:
        """Take over and answer by a recording, which is sent as a voice note."""
        draft = Draft(new_id(), sound=await recording.read())
        return await self._replied(caller, conversation_id, draft, key)

    async def again(self, caller: Agent, order_id: OrderId) -> told.MessageTold:
        """Send a reply that came to nothing once more."""
        order = await self._reception.again(caller.tenant_id, _actor(caller), order_id)
        return await self._order(caller, order)

    async def drop(self, caller: Agent, order_id: OrderId) -> Response:
        """Forget a reply that came to nothing."""
        await self._reception.drop(caller.tenant_id, _actor(caller), order_id)
        return Response(status_code=204)

    async def note(self, caller: Agent, conversation_id: ConversationId, asked: told.Noting) -> told.NoteTold:
        """Leave a note that only colleagues see."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            written = await labels.note(session, _actor(caller), conversation_id, asked.text)
        return told.NoteTold.of(written)

    async def labels(self, caller: Agent) -> told.Labels:
        """List the labels there are."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return told.Labels(labels=[told.LabelTold.of(one) for one in await labels.listing(session)])

    async def save_label(self, caller: Agent, asked: told.Labelling) -> told.LabelTold:
        """Make a label, or give the one of this name another colour."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            return told.LabelTold.of(await labels.save(session, _actor(caller), asked.name, asked.colour))

    async def delete_label(self, caller: Agent, label_id: LabelId) -> Response:
        """Take a label away from everywhere."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await labels.delete_label(session, _actor(caller), label_id)
        return Response(status_code=204)

    async def put_label(self, caller: Agent, conversation_id: ConversationId, label_id: LabelId) -> Response:
        """Put a label on a conversation."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await labels.put(session, _actor(caller), conversation_id, label_id)
        return Response(status_code=204)

    async def take_label(self, caller: Agent, conversation_id: ConversationId, label_id: LabelId) -> Response:
        """Take a label off a conversation."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            await labels.take_off(session, _actor(caller), conversation_id, label_id)
        return Response(status_code=204)

    @property
    def _reception(self) -> Reception:
        needs = self.desk.needs
        return Reception(needs.db, needs.blobs, needs.inbox, needs.lines)

    async def _replied(self, caller: Caller, conversation_id: str, draft: Draft, key: str | None) -> told.MessageTold:
        """Hand the reply in, once for each Idempotency-Key, also if we die in between."""
        asked = {"text": draft.text, "spoken": draft.spoken, "saw": draft.saw, "sound": draft.sound}
        digest = digest_of(f"reply {conversation_id}", **asked)
        named = replace(draft, nonce=_nonce(repeat_key(caller, key), digest)) if key is not None else draft

        async def put() -> Made:
            order = await self._reception.reply(caller.tenant_id, _actor(caller), conversation_id, named)
            return {"order": order.id}

        made = await self.desk.once(caller, key, digest, put)
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            order = await reading.find_order(session, made["order"])
        return await self._order(caller, order)

    async def _now(self, caller: Caller, conversation_id: str) -> told.ConversationTold:
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return self._told(await rows.one(session, conversation_id))

    async def _order(self, caller: Caller, order: Message) -> told.MessageTold:
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            states = await reading.outcomes(session, order)
        return told.order_of(order, min(states))

    def _told(self, row: Row) -> told.ConversationTold:
        spec = self.desk.needs.lines.spec(row.channel)
        window = window_of(row.conversation, spec.limits.window if spec is not None else 0.0)
        return told.ConversationTold.of(row, window)


def _actor(caller: Caller) -> Actor:
    return Actor(f"api:{caller.id}")


def _nonce(key: str | None, digest: str) -> str:
    """The message's name: always the same for this Idempotency-Key and request."""
    return sha256(f"{key} {digest}".encode()).hexdigest()
