"""The emulated Graph API: checks every call as the vendor documents it and refuses in the vendor's form."""

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.datastructures import UploadFile

from channels.emulation.faults import Faults
from channels.emulation.ledger import Ledger
from channels.whatsapp.config import CAPTION_CHARS, LIMITS
from channels.whatsapp.emulator_account import AccountDesk
from channels.whatsapp.emulator_calls import CallDesk
from channels.whatsapp.emulator_errors import GraphError, injected, refused
from channels.whatsapp.emulator_media import MediaShelf, examined
from channels.wild import table, words
from core_pipeline.contracts.channel import Delivery
from core_pipeline.contracts.messages import ReplyKind

VERSION = "v26.0"


class GraphApi:
    """One number's endpoints; `hooked` sets another webhook, `accepted` hears of each message we sent."""

    def __init__(
        self,
        account: str,
        token: str,
        faults: Faults,
        ledger: Ledger,
        shelf: MediaShelf,
        desk: CallDesk,
        hooked: Callable[[str, str], Awaitable[bool]],
        accepted: Callable[[Delivery], None],
        app_secret: str = "",
    ) -> None:
        self._account, self._token = account, token
        self._faults, self._ledger, self._shelf = faults, ledger, shelf
        self._hooked, self._accepted, self._desk = hooked, accepted, desk
        self.inbound_ids: set[str] = set()
        self.profile = AccountDesk(account, token, app_secret, self._admit)

    def app(self) -> FastAPI:
        """Return the web application."""
        app = FastAPI(openapi_url=None)
        app.add_exception_handler(GraphError, refused)
        app.add_api_route("/download/{ticket}", self.download, methods=["GET"])
        # The vendor takes calls without a version, too.
        for root in (f"/{VERSION}", ""):
            self.profile.add_to(app, root)
            app.add_api_route(f"{root}/{{media_id}}", self.resolve, methods=["GET"])
            app.add_api_route(f"{root}/{{account}}/media", self.upload, methods=["POST"])
            app.add_api_route(f"{root}/{{account}}/messages", self.messages, methods=["POST"])
            app.add_api_route(f"{root}/{{account}}/calls", self.call, methods=["POST"])
            app.add_api_route(f"{root}/{{account}}/settings", self.settings, methods=["POST"])
            app.add_api_route(f"{root}/{{account}}", self.webhook, methods=["POST"])
        return app

    async def resolve(self, media_id: str, request: Request) -> dict[str, Any]:
        """GET /{media id}: a url that lasts five minutes."""
        self._admit("resolve", request, request.query_params.get("phone_number_id", self._account))
        file = self._shelf.get(media_id)
        if file is None:
            raise GraphError(400, 100, "Unsupported get request: the object does not exist")
        await self._faults.lag()
        url = f"{request.base_url}download/{self._shelf.ticket(media_id)}"
        size = str(len(file.data))
        known = {"mime_type": file.mime, "sha256": file.sha256, "file_size": size, "id": media_id}
        return {"messaging_product": "whatsapp", "url": url, **known}

    async def download(self, ticket: str, request: Request) -> Response:
        """GET the url of a file, token and all."""
        self._admit("download", request, self._account)
        file = self._shelf.redeem(ticket)
        await self._faults.lag()
        if file is None:
            return Response(status_code=404)
        return Response(file.data, media_type=file.mime)

    async def upload(self, account: str, request: Request) -> dict[str, str]:
        """POST /{number}/media: decode the file and check the MIME type of its part."""
        self._admit("media", request, account)
        async with request.form() as form:
            file = form.get("file")
            if form.get("messaging_product") != "whatsapp" or not isinstance(file, UploadFile):
                raise GraphError(400, 100, "messaging_product and file are required")
            data, mime = await file.read(), file.content_type or ""
        kind = ReplyKind.VIDEO if mime.startswith("video/") else ReplyKind.VOICE
        found = await asyncio.to_thread(examined, data, mime)
        if found.faults:
            self._ledger.add(Delivery("", kind, "", data=data, mime=mime, faults=found.faults))
            raise GraphError(400, 131053, "Media upload error")
        await self._faults.lag()
        return {"id": self._shelf.put(found)}

    async def messages(self, account: str, request: Request) -> dict[str, Any]:
        """POST /{number}/messages: a message, or read with typing."""
        body = table(await request.json())
        interactive = table(body.get("interactive"))
        if interactive.get("type") == "call_permission_request":
            return self._asked(account, request, body, interactive)
        call = "busy" if body.get("status") else "messages"
        self._admit(call, request, account)
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(400, 100, "messaging_product is required")
        if call == "busy":
            await self._faults.lag()
            return self._read(body)
        delivery = self._deliver(body)
        await self._faults.lag()
        if delivery.faults:
            raise GraphError(400, 100, "Invalid parameter")
        person = {"input": delivery.customer, "wa_id": delivery.customer}
        sent = {"id": delivery.message_id, "message_status": "accepted"}
        return {"messaging_product": "whatsapp", "contacts": [person], "messages": [sent]}

    async def call(self, account: str, request: Request) -> dict[str, Any]:
        """POST /{number}/calls: an action on a call, named as such, or a new call."""
        body = table(await request.json())
        self._admit(words(body.get("action")) or "calls", request, account)
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(400, 100, "messaging_product is required")
        await self._faults.lag()
        return await self._desk.act(body)

    async def settings(self, account: str, request: Request) -> dict[str, bool]:
        """POST /{number}/settings: switch calls on."""
        self._admit("settings", request, account)
        self._desk.enabled = table(table(await request.json()).get("calling")).get("status") == "ENABLED"
        return {"success": True}

    async def webhook(self, account: str, request: Request) -> dict[str, bool]:
        """POST /{number}: override the webhook after a handshake with it."""
        self._admit("webhook", request, account)
        hook = table(table(await request.json()).get("webhook_configuration"))
        if not await self._hooked(hook.get("override_callback_uri", ""), hook.get("verify_token", "")):
            raise GraphError(400, 100, "Callback verification failed")
        self.profile.hooked(hook)
        return {"success": True}

    def _admit(self, call: str, request: Request, account: str) -> None:
        fault = self._faults.arrived(call)
        if fault:
            raise injected(fault)
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {self._token}"):
            raise GraphError(401, 190, "Invalid OAuth access token")
        if account != self._account:
            raise GraphError(400, 100, "The number does not exist or belongs to somebody else")

    def _asked(self, account: str, request: Request, body: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        self._admit("ask_to_call", request, account)
        if _customer(body)[1] or table(asked.get("action")).get("name") != "call_permission_request":
            raise GraphError(400, 100, "Invalid parameter")
        self._desk.asked.append(words(table(asked.get("body")).get("text")) or "")
        return {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{secrets.token_hex(12)}"}]}

    def _read(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("status") != "read" or body.get("message_id") not in self.inbound_ids:
            raise GraphError(400, 100, "Invalid message_id")
        return {"success": True}

    def _deliver(self, body: dict[str, Any]) -> Delivery:
        customer, faults = _customer(body)
        base = Delivery(customer, ReplyKind.TEXT, f"wamid.{secrets.token_hex(12)}", key=_key(body))
        found = {"audio": self._voice, "video": self._video}.get(str(body.get("type")), _text)(base, body)
        delivery = replace(found, faults=(*faults, *found.faults))
        self._ledger.add(delivery)
        if not delivery.faults:
            self._accepted(delivery)
        return delivery

    def _voice(self, base: Delivery, body: dict[str, Any]) -> Delivery:
        audio = table(body.get("audio"))
        faults = () if audio.get("voice") is True else ("no voice flag: shown as a file",)
        return self._with_file(replace(base, kind=ReplyKind.VOICE, faults=faults), audio, "audio/")

    def _video(self, base: Delivery, body: dict[str, Any]) -> Delivery:
        video = table(body.get("video"))
        caption = words(video.get("caption"))
        faults = () if caption is None or len(caption) <= CAPTION_CHARS else (f"{len(caption)} characters of caption",)
        return self._with_file(replace(base, kind=ReplyKind.VIDEO, text=caption, faults=faults), video, "video/")

    def _with_file(self, delivery: Delivery, named: dict[str, Any], kind: str) -> Delivery:
        file = self._shelf.get(words(named.get("id")) or "")
        if file is None or not file.mime.startswith(kind):
            return replace(delivery, faults=(*delivery.faults, "unknown media id"))
        return replace(delivery, data=file.data, mime=file.mime, seconds=file.seconds)


def _text(base: Delivery, body: dict[str, Any]) -> Delivery:
    text = words(table(body.get("text")).get("body")) or ""
    faults = () if body.get("type") == "text" else (f"type {body.get('type')}",)
    fits = 0 < len(text) <= LIMITS.text_chars
    return replace(base, text=text, faults=faults if fits else (*faults, f"{len(text)} characters"))


def _customer(body: dict[str, Any]) -> tuple[str, list[str]]:
    phone, bsuid = words(body.get("to")), words(body.get("recipient"))
    if phone is None:
        return bsuid or "", [] if bsuid else ["no recipient"]
    return phone.removeprefix("+"), [] if phone.startswith("+") else ["a number without +"]


def _key(body: dict[str, Any]) -> str | None:
    return words(body.get("biz_opaque_callback_data"))
