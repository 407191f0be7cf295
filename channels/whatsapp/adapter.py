"""One WhatsApp number: our replies out, the customers' files in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from pydantic import SecretStr

from channels.whatsapp.calls import CallSide
from channels.whatsapp.config import CAPTION_CHARS, LIMITS, WhatsAppConfig, WhatsAppPlatform
from channels.whatsapp.door import WhatsAppDoor
from channels.whatsapp.graph import Graph
from channels.whatsapp.media import Media
from channels.whatsapp.pairs import PairBackoff
from channels.whatsapp.people import recipient
from channels.whatsapp.refusals import PAIR_LIMIT
from channels.wild import rows, words
from core_pipeline.contracts.channel import Event, Opening, WebhookRequest
from core_pipeline.contracts.messages import Inbound, MediaRef, Receipt, Reply, ReplyKind
from errors import Impossible, NeedsOwner, Retryable

_URL_CHARS = 200


class WhatsAppChannel(CallSide):
    """Speaks for one phone number id."""

    def __init__(self, opening: Opening, platform: WhatsAppPlatform) -> None:
        account, config = opening.external_id, WhatsAppConfig.model_validate(opening.config, from_attributes=True)
        self._verify_token = _filled(opening.secrets.get("verify_token")) or platform.verify_token
        app_secret = _filled(opening.secrets.get("app_secret")) or platform.app_secret
        self._door = WhatsAppDoor(app_secret, self._verify_token, account=account)
        token = opening.secrets.get("access_token", SecretStr(""))
        graph = Graph(opening.http, platform.api_url.rstrip("/"), token, platform.timeout)
        super().__init__(graph, account, config, platform)
        self._media = Media(graph, account, platform.media_hosts, LIMITS.fetch_bytes)
        self._pairs = PairBackoff()

    def verify(self, request: WebhookRequest) -> str | None:
        """Return the handshake's answer, None for a genuine event; raise `Forged` otherwise."""
        return self._door.verify(request)

    def read(self, request: WebhookRequest) -> list[Event]:
        """Return every message, status and word on calls that concerns this number."""
        return self._door.read(request)

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Stream a customer's file, at most `LIMITS.fetch_bytes` of it."""
        return self._media.stream(media)

    async def send(self, reply: Reply) -> str:
        """Send a text, a voice note or a video (its text is the caption) and return its wamid."""
        to = recipient(reply.address)
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **to,
            "biz_opaque_callback_data": reply.key,
            **await self._content(reply),
        }
        if reply.reply_to:
            body["context"] = {"message_id": reply.reply_to}
        return await self._post(body, next(iter(to.values())))

    async def busy(self, address: Mapping[str, Any], kind: ReplyKind, message_id: str) -> None:  # noqa: ARG002 - the network has one indicator and wants no address
        """Mark the customer's message as read and show "typing"."""
        body = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
            "typing_indicator": {"type": "text"},
        }
        await self._graph.call("POST", f"{self._account}/messages", json=body)

    async def install(self, url: str) -> None:
        """Override the app's webhook for this number, subscribe the app to its account where we know that, take calls.

        An empty `url` gives the number back to the app's own webhook.
        """
        token = self._verify_token.get_secret_value() if self._verify_token else ""
        if url and not token:
            raise NeedsOwner("verify-token-missing", "choose a verify token first")
        if len(url) > _URL_CHARS:
            raise Impossible("url-too-long", f"at most {_URL_CHARS} characters")
        hook = {"override_callback_uri": url, "verify_token": token}
        await self._graph.call("POST", self._account, json={"webhook_configuration": hook})
        if url and self._config.waba_id:
            await self._graph.call("POST", f"{self._config.waba_id}/subscribed_apps")
        if url and self._config.calls:
            await self.enable_calls()

    def listen(self) -> AsyncIterator[list[Inbound | Receipt]]:
        """Raise `Impossible`: this network only pushes."""
        raise Impossible("no-polling", "WhatsApp only calls webhooks")

    async def _content(self, reply: Reply) -> dict[str, Any]:
        if reply.kind is ReplyKind.TEXT:
            return {"type": "text", "text": {"body": _checked(reply.text), "preview_url": False}}
        if reply.kind is ReplyKind.VIDEO:
            return {"type": "video", "video": await self._video(reply)}
        if not reply.data or len(reply.data) > LIMITS.voice_bytes:
            raise Impossible("voice-size", f"1 to {LIMITS.voice_bytes} bytes")
        media_id = await self._media.upload(reply.data, LIMITS.voice.mime, "voice.ogg")
        return {"type": "audio", "audio": {"id": media_id, "voice": True}}

    async def _video(self, reply: Reply) -> dict[str, Any]:
        form = LIMITS.videos[0]
        if not reply.data or len(reply.data) > form.most:
            raise Impossible("video-size", f"1 to {form.most} bytes")
        if reply.text and len(reply.text) > CAPTION_CHARS:
            raise Impossible("caption-too-long", f"at most {CAPTION_CHARS} characters: send the text by itself")
        media_id = await self._media.upload(reply.data, form.mime, "video.mp4")
        return {"id": media_id, "caption": reply.text} if reply.text and reply.text.strip() else {"id": media_id}

    async def _post(self, body: dict[str, Any], customer: str) -> str:
        try:
            answer = await self._graph.call("POST", f"{self._account}/messages", lands=True, json=body)
        except Retryable as error:
            if error.code == PAIR_LIMIT:
                raise Retryable(error.code, after=self._pairs.next(customer)) from None
            raise
        self._pairs.clear(customer)
        for message in rows(answer.get("messages")):
            if wamid := words(message.get("id")):
                return wamid
        raise Retryable("whatsapp-answer", "a message was accepted without an id", after=5.0, landed=True)


def _filled(secret: SecretStr | None) -> SecretStr | None:
    return secret if secret and secret.get_secret_value() else None


def _checked(text: str | None) -> str:
    if not text or not text.strip():
        raise Impossible("text-empty")
    if len(text) > LIMITS.text_chars:
        raise Impossible("text-too-long", f"at most {LIMITS.text_chars} characters")
    return text
