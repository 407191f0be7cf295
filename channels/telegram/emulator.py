"""An emulator of Telegram's Bot API and of the people behind it, for tests and demonstrations."""

from __future__ import annotations

import json
import secrets
import time
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
from channels.telegram.emulator_api import BotApi
from channels.telegram.emulator_queue import UpdateQueue
from core_pipeline.contracts.channel import CustomerMessage, Delivery, EmulatorSetup


class TelegramEmulator:
    """Plays one bot's server; a customer is named by the digits of a user id.

    With a webhook, an update is repeated until it is accepted with 2xx, for `patience` seconds, and holds up the
    later ones of its chat meanwhile; without one, updates wait to be polled.
    """

    def __init__(self, setup: EmulatorSetup, record_dir: Path | None = None, *, patience: float = 120.0) -> None:
        self._setup = setup
        self._faults, self._ledger, self._patience = Faults(), Ledger(record_dir), patience
        self._queue = UpdateQueue()
        self._running = AsyncExitStack()
        hook = (setup.webhook_url or "", setup.secrets.get("webhook_secret", ""))
        token = setup.secrets["bot_token"]
        self.api = BotApi(token, self._faults, self._ledger, self._queue, hook, self._flush)
        self.url = ""
        self.calls = self._faults.calls
        self.deliveries = self._ledger.deliveries
        self.fail_next, self.delay = self._faults.fail_next, self._faults.delay

    async def __aenter__(self) -> Self:
        app = self.api.app()
        app.include_router(control(self))
        self._courier = Courier(lambda status: 200 <= status < 300, self._patience)
        self._running.push_async_callback(self._courier.close)
        port = await self._running.enter_async_context(served(app, self._setup.port))
        self._running.callback(self._queue.interrupt)
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def sign(self, body: bytes) -> dict[str, str]:  # noqa: ARG002 - this vendor proves itself by a header alone
        """Return the secret header."""
        return {"x-telegram-bot-api-secret-token": self._setup.secrets["webhook_secret"]}

    async def customer_says(self, message: CustomerMessage) -> str:
        """Queue a customer's message, deliver it where a webhook is set, and return its update id."""
        customer = int(message.customer)
        person = {"id": customer, "is_bot": False, "first_name": "Demo", "last_name": "Customer", "language_code": "ar"}
        chat = {"id": customer, "type": "private", "first_name": "Demo"}
        head = {"message_id": self.api.number(), "date": int(time.time()), "from": person, "chat": chat}
        return await self.push(message.customer, {"message": {**head, **self._content(message)}})

    async def push(self, customer: str, content: dict[str, Any]) -> str:
        """Queue any update, deliver it where a webhook is set, and return its id."""
        update = self._queue.add(content)
        await self._deliver(customer, update)
        return str(update["update_id"])

    async def wait_delivery(self, count: int = 1, timeout: float = 30.0) -> list[Delivery]:
        """Return all deliveries once there are `count` of them."""
        return await self._ledger.wait(count, timeout)

    def _content(self, message: CustomerMessage) -> dict[str, Any]:
        if message.data is None:
            return {"text": message.text or ""}
        mime = message.mime or "audio/ogg"
        name = secrets.token_hex(12)
        self.api.files[name] = message.data
        file: dict[str, Any] = {"file_id": name, "file_unique_id": name, "file_size": len(message.data)}
        file |= {"mime_type": mime.partition(";")[0], "duration": round(message.seconds or 1)}
        kind = mime.partition("/")[0]
        key = {"audio": "voice" if message.voice else "audio", "video": "video"}.get(kind, "document")
        return {key: file, **({"caption": message.text} if message.text else {})}

    async def _deliver(self, lane: str, update: dict[str, Any]) -> None:
        if not self.api.webhook_url:
            return
        headers = {"x-telegram-bot-api-secret-token": self.api.webhook_secret}
        await self._courier.deliver(lane, lambda: self._target(update), json.dumps(update).encode(), headers)
        if self.api.webhook_url:
            self._queue.drop(update)

    def _target(self, update: dict[str, Any]) -> str | None:
        return self.api.webhook_url if update in self._queue.waiting else None

    def _flush(self) -> None:
        for update in list(self._queue.waiting):
            lane = str(update.get("message", {}).get("chat", {}).get("id", ""))
            self._courier.later(self._deliver(lane, update))


if __name__ == "__main__":
    from channels.telegram import SPEC

    main(TelegramEmulator, SPEC.demo)
