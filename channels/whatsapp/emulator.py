"""An emulator of WhatsApp's servers and of the phones behind them, for tests and demonstrations."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from channels.emulation.control import control
from channels.emulation.courier import Courier
from channels.emulation.faults import Faults
from channels.emulation.ledger import Ledger
from channels.emulation.process import main
from channels.emulation.server import served
from channels.whatsapp.door import sign
from channels.whatsapp.emulator_api import VERSION, GraphApi
from channels.whatsapp.emulator_calls import CallDesk
from channels.whatsapp.emulator_events import encode, message_event, status_event, statuses
from channels.whatsapp.emulator_media import MediaShelf, Shelved
from core_pipeline.contracts.channel import CustomerMessage, Delivery, EmulatorSetup

_VOICE_MIME = "audio/ogg; codecs=opus"


class WhatsAppEmulator:
    """Plays one business number; a customer is named by phone digits, or by a BSUID such as EG.abc123.

    Events are repeated until the webhook answers 200, for `patience` seconds each.
    """

    def __init__(self, setup: EmulatorSetup, record_dir: Path | None = None, *, patience: float = 120.0) -> None:
        self._setup = setup
        self._account = setup.external_id
        self._webhook = setup.webhook_url
        self._faults, self._ledger, self._patience = Faults(), Ledger(record_dir), patience
        self._running = AsyncExitStack()
        self.shelf = MediaShelf()
        self.desk = CallDesk(self._account, self.post)
        token, secret = setup.secrets["access_token"], _app_secret(setup)
        self._api = GraphApi(
            self._account, token, self._faults, self._ledger, self.shelf, self.desk, self._hook, self._report, secret
        )
        self.standing = self._api.profile.standing
        self.url = ""
        self.calls = self._faults.calls
        self.deliveries = self._ledger.deliveries
        self.fail_next, self.delay = self._faults.fail_next, self._faults.delay

    async def __aenter__(self) -> Self:
        app = self._api.app()
        app.include_router(control(self))
        self._courier = Courier(lambda status: status == 200, self._patience)
        self._running.push_async_callback(self._courier.close)
        port = await self._running.enter_async_context(served(app, self._setup.port))
        self.url = f"http://127.0.0.1:{port}/{VERSION}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the signature header for a webhook's raw body."""
        return {"x-hub-signature-256": sign(_app_secret(self._setup), body)}

    async def customer_says(self, message: CustomerMessage) -> str:
        """Deliver a customer's message to the webhook and return its wamid."""
        wamid = f"wamid.{secrets.token_hex(12)}"
        self._api.inbound_ids.add(wamid)
        await self.post(message.customer, message_event(self._account, message.customer, wamid, self._content(message)))
        return wamid

    async def wait_delivery(self, count: int = 1, timeout: float = 30.0) -> list[Delivery]:
        """Return all deliveries once there are `count` of them."""
        return await self._ledger.wait(count, timeout)

    async def post(self, customer: str, payload: dict[str, Any]) -> None:
        """Deliver any event in the customer's lane; without a webhook it is dropped, as the vendor does."""
        body = encode(payload)
        await self._courier.deliver(customer, lambda: self._webhook, body, self.sign(body))

    def _content(self, message: CustomerMessage) -> dict[str, Any]:
        if message.data is None:
            return {"type": "text", "text": {"body": message.text or ""}}
        mime = message.mime or _VOICE_MIME
        file = Shelved(message.data, mime, message.seconds)
        known: dict[str, Any] = {"id": self.shelf.put(file), "mime_type": mime, "sha256": file.sha256}
        kind = mime.partition("/")[0]
        if kind == "audio":
            return {"type": kind, kind: {**known, "voice": message.voice}}
        if message.text:
            known["caption"] = message.text
        kind = kind if kind in {"image", "video"} else "document"
        return {"type": kind, kind: known}

    async def _hook(self, url: str, token: str) -> bool:
        if url:
            challenge = str(secrets.randbelow(10**9))
            asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": token}
            answer = await self._courier.get(url, asked)
            if answer.status_code != 200 or answer.text != challenge:
                return False
        self._webhook = url or self._setup.webhook_url
        return True

    def _report(self, delivery: Delivery) -> None:
        self._courier.later(self._reports(delivery))

    async def _reports(self, delivery: Delivery) -> None:
        for status in statuses(delivery.kind):
            event = status_event(self._account, delivery.customer, delivery.message_id, status, delivery.key)
            await self.post(delivery.customer, event)


def _app_secret(setup: EmulatorSetup) -> str:
    return setup.secrets.get("app_secret") or setup.platform.get("app_secret", "")


if __name__ == "__main__":
    from channels.whatsapp import SPEC

    main(WhatsAppEmulator, SPEC.demo)
