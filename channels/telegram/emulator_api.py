"""The emulated Bot API: checks every call as the vendor documents it and refuses in the vendor's form."""

import asyncio
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import FastAPI, Request, Response

from channels.emulation.faults import Faults
from channels.emulation.ledger import Ledger
from channels.emulation.voice import examine
from channels.telegram.config import LIMITS
from channels.telegram.emulator_films import note_seen, video_seen
from channels.telegram.emulator_queue import UpdateQueue
from channels.telegram.emulator_wire import BotError, Params, Upload, injected, parameters, refuse
from channels.wild import whole, words
from core_pipeline.contracts.channel import Delivery
from core_pipeline.contracts.messages import ReplyKind

_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_ACTIONS = frozenset(
    {"typing", "record_voice", "upload_voice", "record_video", "upload_video", "record_video_note", "upload_video_note"}
)


class BotApi:
    """One bot's methods; `hooked` hears of a new webhook or its end; `asked` keeps the parameters of all calls.

    `abilities` change what getMe says of groups, `trouble` what getWebhookInfo says of failed deliveries.
    """

    def __init__(
        self,
        token: str,
        faults: Faults,
        ledger: Ledger,
        queue: UpdateQueue,
        webhook: tuple[str, str],
        hooked: Callable[[], None],
    ) -> None:
        self._token = token
        self._faults, self._ledger, self._queue = faults, ledger, queue
        self._hooked = hooked
        self.webhook_url, self.webhook_secret = webhook
        self.files: dict[str, bytes] = {}
        self.abilities: dict[str, bool] = {}
        self.trouble: dict[str, Any] = {}
        self.asked: list[tuple[str, Params]] = []
        self._next_message = 1000
        self._methods: dict[str, Callable[[Params], Awaitable[Any]]] = {
            "getMe": self._show_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendMessage": self._send_message,
            "sendVoice": self._send_voice,
            "sendVideo": self._send_video,
            "sendVideoNote": self._send_video_note,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

    def app(self) -> FastAPI:
        """Return the web application."""
        app = FastAPI(openapi_url=None)
        app.add_exception_handler(BotError, refuse)
        app.add_api_route("/bot{token}/{method}", self.call, methods=["GET", "POST"])
        app.add_api_route("/file/bot{token}/{path:path}", self.download, methods=["GET"])
        return app

    def number(self) -> int:
        """Return the next message id."""
        self._next_message += 1
        return self._next_message

    async def call(self, token: str, method: str, request: Request) -> dict[str, Any]:
        """Any method, with parameters in query, form, multipart or JSON."""
        run = self._methods.get(method)
        self._admit(method, token)
        if run is None:
            raise BotError(404, "Not Found")
        params = await parameters(request)
        self.asked.append((method, params))
        result = await run(params)
        await self._faults.lag()
        return {"ok": True, "result": result}

    async def download(self, token: str, path: str) -> Response:
        """The bytes of a file that getFile told the path of."""
        self._admit("download", token)
        data = self.files.get(path.removeprefix("voice/").removesuffix(".oga"))
        await self._faults.lag()
        if data is None:
            raise BotError(404, "Not Found")
        return Response(data, media_type="application/octet-stream")

    def _admit(self, call: str, token: str) -> None:
        fault = self._faults.arrived(call)
        if fault:
            raise injected(fault)
        if not hmac.compare_digest(token, self._token):
            raise BotError(401, "Unauthorized")

    def _me(self) -> dict[str, Any]:
        bot_id = int(self._token.partition(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "Demo Bot", "username": "sawtak_demo_bot"}

    async def _show_me(self, _: Params) -> dict[str, Any]:
        return {**self._me(), "can_join_groups": True, "can_read_all_group_messages": False, **self.abilities}

    async def _get_updates(self, params: Params) -> list[dict[str, Any]]:
        if self.webhook_url:
            raise BotError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, limit = whole(params.get("offset")) or 0, whole(params.get("limit")) or 100
        updates = await self._queue.poll(offset, whole(params.get("timeout")) or 0, limit)
        if updates is None:
            raise BotError(409, "Conflict: terminated by other getUpdates request")
        return updates

    async def _set_webhook(self, params: Params) -> bool:
        url, secret = words(params.get("url")) or "", words(params.get("secret_token")) or ""
        if not _SECRET.fullmatch(secret):
            raise BotError(400, "Bad Request: secret token contains unallowed characters")
        self.webhook_url, self.webhook_secret = url, secret
        self._queue.interrupt()
        self._hooked()
        return True

    async def _delete_webhook(self, _: Params) -> bool:
        return await self._set_webhook({})

    async def _get_webhook_info(self, _: Params) -> dict[str, Any]:
        waiting = len(self._queue.waiting)
        known = {"url": self.webhook_url, "has_custom_certificate": False, "pending_update_count": waiting}
        return {**known, **self.trouble}

    async def _send_message(self, params: Params) -> dict[str, Any]:
        text = words(params.get("text")) or ""
        delivery = replace(self._start(params, ReplyKind.TEXT), text=text)
        if not text or len(text) > LIMITS.text_chars:
            self._ledger.add(replace(delivery, faults=(f"{len(text)} characters",)))
            raise BotError(400, "Bad Request: message is too long" if text else "Bad Request: message text is empty")
        self._ledger.add(delivery)
        return self._sent(delivery, {"text": text})

    async def _send_voice(self, params: Params) -> dict[str, Any]:
        file, delivery = params.get("voice"), self._start(params, ReplyKind.VOICE)
        if not isinstance(file, Upload):
            raise BotError(400, "Bad Request: there is no voice in the request")
        check, size = await asyncio.to_thread(examine, file.data), len(file.data)
        faults = check.faults if size <= LIMITS.voice_bytes else (*check.faults, f"{size} bytes")
        delivery = replace(delivery, data=file.data, mime=file.mime, seconds=check.seconds, faults=faults)
        self._ledger.add(delivery)
        seconds, name = round(check.seconds), secrets.token_hex(8)
        voice = {"file_id": name, "file_unique_id": name, "duration": seconds, "mime_type": "audio/ogg"}
        return self._sent(delivery, {"voice": voice})

    async def _send_video(self, params: Params) -> dict[str, Any]:
        start = self._start(params, ReplyKind.VIDEO)
        delivery, video = await asyncio.to_thread(video_seen, start, params)
        self._ledger.add(delivery)
        return self._sent(delivery, {"video": video})

    async def _send_video_note(self, params: Params) -> dict[str, Any]:
        start = self._start(params, ReplyKind.VIDEO)
        delivery, note = await asyncio.to_thread(note_seen, start, params)
        self._ledger.add(delivery)
        return self._sent(delivery, {"video_note": note})

    async def _send_chat_action(self, params: Params) -> bool:
        self._start(params, ReplyKind.TEXT)
        if params.get("action") not in _ACTIONS:
            raise BotError(400, "Bad Request: wrong parameter action in request")
        return True

    async def _answer_callback_query(self, params: Params) -> bool:
        if not params.get("callback_query_id"):
            raise BotError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        return True

    async def _get_file(self, params: Params) -> dict[str, Any]:
        file_id = words(params.get("file_id")) or ""
        data = self.files.get(file_id)
        if data is None:
            raise BotError(400, "Bad Request: invalid file_id")
        if len(data) > LIMITS.fetch_bytes:
            raise BotError(400, "Bad Request: file is too big")
        path = f"voice/{file_id}.oga"
        return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(data), "file_path": path}

    def _start(self, params: Params, kind: ReplyKind) -> Delivery:
        chat = whole(params.get("chat_id"))
        if chat is None:
            raise BotError(400, "Bad Request: chat not found")
        return Delivery(str(chat), kind, str(self.number()))

    def _sent(self, delivery: Delivery, content: dict[str, Any]) -> dict[str, Any]:
        chat = {"id": int(delivery.customer), "type": "private", "first_name": "Demo"}
        return {"message_id": int(delivery.message_id), "date": 1760000000, "chat": chat, "from": self._me(), **content}
