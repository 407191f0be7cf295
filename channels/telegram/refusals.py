"""What each failure of the Bot API means for us; the vendor's words stay out, they may hold the token."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

import httpx
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from channels.telegram.pool import Flood
from errors import Impossible, NeedsOwner, Retryable, SawtakError

T = TypeVar("T")

FLOOD = "telegram-429"

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_OWNER: dict[type[TelegramError], tuple[str, str]] = {
    InvalidToken: ("telegram-401", "the bot token is wrong or revoked; get a new one from BotFather"),
    Conflict: ("telegram-409", "the bot has a webhook or another program polls it: switch one of the two off"),
}

_BAD_REQUESTS = {
    "VOICE_MESSAGES_FORBIDDEN": "voice-forbidden",
    "MESSAGE IS TOO LONG": "text-too-long",
    "CAPTION IS TOO LONG": "caption-too-long",
    "WRONG VIDEO NOTE LENGTH": "video-shape",
    "FILE IS TOO BIG": "media-too-large",
    "INVALID FILE_ID": "media-gone",
    "WRONG FILE_ID": "media-gone",
}


async def asked(call: Awaitable[T], *, lands: bool = False) -> T:
    """Return the answer of a Bot API call; `lands` = a call without an answer may have taken effect."""
    try:
        return await call
    except TelegramError as error:
        raise refusal(error, lands=lands) from None
    except (KeyError, TypeError):
        # The library builds objects from the answer and stumbles over missing keys: the call itself went through.
        raise Retryable("telegram-answer", "the answer lacks required keys", after=5.0, landed=lands) from None


def refusal(error: TelegramError, *, lands: bool) -> SawtakError:
    """Return our error for the library's."""
    if isinstance(error, Flood):
        return Retryable(FLOOD, after=error.after)
    for kind, (code, detail) in _OWNER.items():
        if isinstance(error, kind):
            return NeedsOwner(code, detail)
    if isinstance(error, Forbidden):
        return Impossible("telegram-403", "the customer blocked the bot or left")
    if isinstance(error, BadRequest | ChatMigrated):
        return _bad_request(error)
    if "ENTITY TOO LARGE" in error.message.upper():
        # The library knows this status from no other trouble of the network, but trying again would not help.
        return Impossible("media-too-large")
    unsent = isinstance(error.__cause__, _UNSENT)
    return Retryable("telegram-unreachable", type(error).__name__, after=2.0, landed=lands and not unsent)


def _bad_request(error: TelegramError) -> Impossible:
    said = error.message.upper()
    return Impossible(next((code for sign, code in _BAD_REQUESTS.items() if sign in said), "telegram-400"))
