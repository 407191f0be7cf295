"""One Telegram bot: our replies out, the customers' messages and files in."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import SecretStr
from telegram import Bot, Message, ReplyParameters

from channels.telegram.config import LIMITS, TelegramPlatform, bot_id
from channels.telegram.files import Files
from channels.telegram.outgoing import call_for
from channels.telegram.pace import Limiter
from channels.telegram.parse import read_update
from channels.telegram.pool import Pool, shared_pool
from channels.telegram.refusals import FLOOD, asked
from channels.wild import parse, rows, table, whole, words
from core_pipeline.contracts.channel import Opening, WebhookRequest
from core_pipeline.contracts.messages import Inbound, MediaRef, Receipt, Reply, ReplyKind
from errors import Forged, Impossible, NeedsOwner, Retryable

T = TypeVar("T")

ALLOWED_UPDATES = ["message", "callback_query", "business_message"]
_LONG_POLL = 25
# A film is a round note here, as long as nobody asks for another form.
_ACTIONS = {ReplyKind.VOICE: "record_voice", ReplyKind.VIDEO: "record_video_note", ReplyKind.TEXT: "typing"}
_REMEMBERED = 1000


class TelegramChannel:
    """Speaks for one bot; its place is one process, so that its pace is counted once."""

    def __init__(self, opening: Opening, platform: TelegramPlatform) -> None:
        self._account = opening.external_id
        self._secret = opening.secrets.get("webhook_secret", SecretStr("")).get_secret_value()
        self._token = SecretStr(opening.secrets.get("bot_token", SecretStr("")).get_secret_value().strip())
        self._api = platform.api_url.rstrip("/")
        self._platform = platform
        self._http = opening.http
        self._limiter = Limiter()
        self._answered: set[str] = set()
        self._made: tuple[Pool, Bot] | None = None

    def verify(self, request: WebhookRequest) -> None:
        """Accept only calls that carry the bot's secret header; an empty secret closes the door."""
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        if not self._secret:
            raise Forged("webhook-secret-missing")
        if request.method != "POST" or not hmac.compare_digest(self._secret.encode(), given.encode("utf-8", "replace")):
            raise Forged("secret-wrong")

    def read(self, request: WebhookRequest) -> list[Inbound | Receipt]:
        """Return the one message of an update, or nothing."""
        found = read_update(self._account, table(parse(request.body)))
        return [found] if found else []

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Stream a customer's file, at most `LIMITS.fetch_bytes` of it."""
        bot = self._bot()
        base = f"{self._api}/file/bot{self._token.get_secret_value()}"
        async for chunk in Files(self._http, base, LIMITS.fetch_bytes, self._platform.timeout).stream(bot, media):
            yield chunk

    async def send(self, reply: Reply) -> str:
        """Send a text, a voice note, a round note or a video; return its message id (unique in its chat)."""
        place, (name, content) = _place(reply.address), call_for(reply)
        await self._settle_button(reply.address)
        await self._limiter.turn(place["chat_id"])
        quoted = whole(reply.address.get("message_id")) if reply.reply_to else None
        if quoted is not None:
            place["reply_parameters"] = ReplyParameters(quoted, allow_sending_without_reply=True)
        call = getattr(self._bot(), name)
        message: Message = await self._paced(call(**place, **content, read_timeout=self._platform.timeout), lands=True)
        return str(message.message_id)

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:  # noqa: ARG002 - the network shows it in the chat, not at a message
        """Show "recording" or "typing" in the chat, and stop the spinner of a pressed button."""
        self._limiter.check()
        await self._settle_button(address)
        place = {key: value for key, value in _place(address).items() if key != "direct_messages_topic_id"}
        action = self._bot().send_chat_action(**place, action=_ACTIONS[kind], read_timeout=self._platform.timeout)
        await self._paced(action)

    async def install(self, url: str) -> None:
        """Set the bot's webhook, or take it away if `url` is empty; waiting updates are kept."""
        if not url:
            await asked(self._bot().delete_webhook(drop_pending_updates=False))
            return
        if not self._secret:
            raise NeedsOwner("webhook-secret-missing", "choose a webhook secret first")
        await asked(
            self._bot().set_webhook(
                url, secret_token=self._secret, allowed_updates=ALLOWED_UPDATES, drop_pending_updates=False
            )
        )

    async def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Yield batches of messages; asking for the next batch acknowledges the last one."""
        offset, failures = 0, 0
        while True:
            try:
                updates = await self._updates(offset)
            except Retryable as error:
                failures += 1
                await asyncio.sleep(max(error.after, min(60.0, 0.5 * 2**failures)))
                continue
            failures = 0
            found = [message for update in updates if (message := read_update(self._account, update))]
            if found:
                yield list(found)
            offset = max([offset, *(_number(update) + 1 for update in updates)])

    async def _updates(self, offset: int) -> list[dict[str, Any]]:
        asks = {"offset": offset, "timeout": _LONG_POLL, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        # The library's own getUpdates fails as a whole on one update that it cannot parse.
        url = f"{self._bot().base_url}/getUpdates?{urlencode(asks)}"
        answer = await asked(shared_pool().post(url, read_timeout=_LONG_POLL + self._platform.timeout))
        updates = rows(answer)
        if updates and max(map(_number, updates)) < offset:
            raise Retryable("telegram-answer", "the same updates again", after=5.0)
        return updates

    async def _settle_button(self, address: Mapping[str, Any]) -> None:
        query = words(address.get("callback_query_id"))
        if not query or query in self._answered:
            return
        if len(self._answered) >= _REMEMBERED:
            self._answered.clear()
        self._answered.add(query)
        # A button's spinner may be gone already; the answer matters more than the spinner.
        with contextlib.suppress(Impossible, Retryable):
            await self._paced(self._bot().answer_callback_query(query, read_timeout=self._platform.timeout))

    async def _paced(self, call: Awaitable[T], *, lands: bool = False) -> T:
        try:
            return await asked(call, lands=lands)
        except Retryable as error:
            if error.code == FLOOD:
                self._limiter.silence(error.after)
            raise

    def _bot(self) -> Bot:
        pool = shared_pool()
        if self._made is None or self._made[0] is not pool:
            token = self._token.get_secret_value()
            bot_id({"bot_token": token})
            bot = Bot(token, f"{self._api}/bot", f"{self._api}/file/bot", request=pool, get_updates_request=pool)
            self._made = pool, bot
        return self._made[1]


def _number(update: dict[str, Any]) -> int:
    return whole(update.get("update_id")) or -1


def _place(address: Mapping[str, Any]) -> dict[str, Any]:
    chat = whole(address.get("chat_id"))
    if chat is None:
        raise Impossible("address", "no chat id")
    optional = ("message_thread_id", "direct_messages_topic_id", "business_connection_id")
    return {"chat_id": chat, **{key: address[key] for key in optional if address.get(key)}}
