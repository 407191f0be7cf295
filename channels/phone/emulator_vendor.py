"""The vendor's side of an emulated telephone network: its REST API, and what it knows of one account."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import compare_digest, token_hex
from typing import Any, Protocol
from urllib.parse import parse_qs

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from channels.emulation.faults import Faults
from channels.emulation.server import served
from channels.phone.config import DEMO_ACCOUNT
from core_pipeline.contracts.channel import EmulatorSetup

_ROOT = "/2010-04-01/Accounts/{account}"
# How a number's settings are called where they are set, and where they are shown.
_SHOWN = {"VoiceUrl": "voice_url", "VoiceFallbackUrl": "voice_fallback_url", "StatusCallback": "status_callback"}


class Phone(Protocol):
    """A customer's telephone, as the vendor sees it."""

    number: str

    def redirect(self, document: str) -> None:
        """Leave what the call does now and follow this TwiML."""

    def complete(self) -> None:
        """End the call."""

    def rung(self, call_sid: str, fields: Mapping[str, str]) -> None:
        """Be called by the business."""


class TwilioVendor:
    """Plays one account: `calls`, by sid, are what runs; `phones` are who can be called.

    `asked` names the REST calls that came; `hooks` is what was set for the number, `messages` the SMS that were sent,
    `recordings` the WAV files by sid. `status` and `type` are the account's, `voice` says that the number takes calls.
    """

    def __init__(self, setup: EmulatorSetup) -> None:
        self.account = setup.platform.get("account_sid", DEMO_ACCOUNT)
        self.token = setup.secrets["auth_token"]
        self.number = f"+{setup.external_id}"
        self.url = ""
        self.status, self.type, self.voice = "active", "Full", True
        self.faults: list[str] = []
        self.hooks: dict[str, str] = {}
        self.messages: list[dict[str, str]] = []
        self.recordings: dict[str, bytes] = {}
        self.phones: list[Phone] = []
        self.calls: dict[str, Phone] = {}
        self.directions: dict[str, str] = {}
        self._injected = Faults()
        self.asked, self.fail_next, self.delay = self._injected.calls, self._injected.fail_next, self._injected.delay
        # What is called lies on this machine: the system's certificates would only cost 40 ms.
        self.http = httpx.AsyncClient(timeout=15.0, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def app(self) -> FastAPI:
        """The REST API."""
        app = FastAPI(openapi_url=None)
        routes: list[tuple[str, str, Any]] = [
            ("POST", "/Calls.json", self._new_call),
            ("POST", "/Calls/{sid}.json", self._change_call),
            ("GET", "/Calls/{sid}.json", self._show_call),
            ("POST", "/Messages.json", self._new_message),
            ("GET", "/IncomingPhoneNumbers.json", self._numbers),
            ("POST", "/IncomingPhoneNumbers/{sid}.json", self._change_number),
            ("GET", "/Recordings/{sid}.wav", self._recording),
        ]
        for method, path, handler in routes:
            app.add_api_route(_ROOT + path, handler, methods=[method], response_model=None)
        app.add_api_route(f"{_ROOT}.json", self._itself, methods=["GET"], response_model=None)
        app.add_api_route("/media/{sid}", self._media, methods=["GET"], response_model=None)
        return app

    async def _new_call(self, request: Request) -> Response:
        if refused := await self._refused(request, "Calls"):
            return refused
        fields = await _form(request)
        phone = next((each for each in self.phones if each.number == fields.get("To")), None)
        if phone is None:
            return _error(400, 21211)
        sid = f"CA{token_hex(16)}"
        self.calls[sid], self.directions[sid] = phone, "outbound-api"
        phone.rung(sid, fields)
        await self._injected.lag()
        return JSONResponse({"sid": sid, "status": "queued"}, 201)

    async def _change_call(self, request: Request, sid: str) -> Response:
        if refused := await self._refused(request, "Calls/sid"):
            return refused
        phone, fields = self.calls.get(sid), await _form(request)
        if phone is None:
            return _error(404, 20404)
        if document := fields.get("Twiml"):
            phone.redirect(document)
        elif fields.get("Status") == "completed":
            phone.complete()
        return JSONResponse({"sid": sid})

    async def _show_call(self, request: Request, sid: str) -> Response:
        if refused := await self._refused(request, "Calls/sid"):
            return refused
        phone = self.calls.get(sid)
        if phone is None:
            return _error(404, 20404)
        direction = self.directions.get(sid, "inbound")
        ends = (phone.number, self.number) if direction == "inbound" else (self.number, phone.number)
        return JSONResponse({"sid": sid, "direction": direction, "from": ends[0], "to": ends[1]})

    async def _new_message(self, request: Request) -> Response:
        if refused := await self._refused(request, "Messages"):
            return refused
        self.messages.append(await _form(request))
        await self._injected.lag()
        return JSONResponse({"sid": f"SM{token_hex(16)}", "status": "queued"}, 201)

    async def _itself(self, request: Request) -> Response:
        if refused := await self._refused(request, "Account"):
            return refused
        return JSONResponse({"sid": self.account, "status": self.status, "type": self.type})

    async def _numbers(self, request: Request) -> Response:
        if refused := await self._refused(request, "IncomingPhoneNumbers"):
            return refused
        asked = request.query_params.get("PhoneNumber", self.number)
        hooks = {_SHOWN[name]: self.hooks.get(name, "") for name in _SHOWN}
        capabilities = {"voice": self.voice, "sms": True}
        known = {"sid": "PN" + "0" * 32, "phone_number": self.number, "capabilities": capabilities, **hooks}
        found = [known] if asked == self.number else []
        return JSONResponse({"incoming_phone_numbers": found})

    async def _change_number(self, request: Request, sid: str) -> Response:
        if refused := await self._refused(request, "IncomingPhoneNumbers/sid"):
            return refused
        self.hooks.update(await _form(request))
        return JSONResponse({"sid": sid})

    async def _recording(self, request: Request, sid: str) -> Response:
        if refused := await self._refused(request, "Recordings"):
            return refused
        return RedirectResponse(f"/media/{sid}", 302) if sid in self.recordings else _error(404, 20404)

    async def _media(self, request: Request, sid: str) -> Response:
        if "authorization" in request.headers:
            self.faults.append("the token was shown to the host of the files")
        sound = self.recordings.get(sid)
        return Response(sound, media_type="audio/x-wav") if sound else Response(status_code=404)

    async def _refused(self, request: Request, name: str) -> Response | None:
        fault = self._injected.arrived(name)
        if fault:
            return _error(fault.status, fault.code, fault.after)
        expected = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        given = request.headers.get("authorization", "")
        if compare_digest(given.encode(), expected.encode()) and request.path_params["account"] == self.account:
            return None
        self.faults.append(f"20003: {name} was called without the account's token")
        return _error(401, 20003)


@asynccontextmanager
async def opened(setup: EmulatorSetup) -> AsyncIterator[TwilioVendor]:
    """Run a vendor; callers who ask for the same port (not 0) share one."""
    shared = _RUNNING.setdefault(setup.port, _Shared()) if setup.port else _Shared()
    shared.users += 1
    try:
        async with shared.lock:
            vendor = shared.vendor or await shared.start(setup)
        yield vendor
    finally:
        shared.users -= 1
        if not shared.users:
            _RUNNING.pop(setup.port, None)
            await shared.stack.aclose()


class _Shared:
    def __init__(self) -> None:
        self.users, self.lock, self.stack = 0, asyncio.Lock(), AsyncExitStack()
        self.vendor: TwilioVendor | None = None

    async def start(self, setup: EmulatorSetup) -> TwilioVendor:
        vendor = TwilioVendor(setup)
        self.stack.push_async_callback(vendor.http.aclose)
        port = await self.stack.enter_async_context(served(vendor.app(), setup.port))
        vendor.url = f"http://127.0.0.1:{port}"
        self.vendor = vendor
        return vendor


_RUNNING: dict[int, _Shared] = {}


async def _form(request: Request) -> dict[str, str]:
    given = parse_qs((await request.body()).decode(), keep_blank_values=True)
    return {name: " ".join(values) for name, values in given.items()}


def _error(status: int, code: int, after: float | None = None) -> Response:
    headers = {} if after is None else {"retry-after": str(int(after))}
    told = {"code": code, "message": "The emulator was told to refuse", "status": status}
    return JSONResponse(told, status, headers=headers)
