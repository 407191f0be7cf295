"""For how long a customer may still be written to: networks close the door some time after their last message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tenants.models import now

if TYPE_CHECKING:
    from tenants.models import Conversation


@dataclass(frozen=True)
class Window:
    """Until when we may write; None where the network never closes the door. `is_open` as of now."""

    until: datetime | None
    is_open: bool


def window_of(conversation: Conversation, seconds: float) -> Window:
    """The conversation's window on a network that closes it so many seconds after their last message (0: never)."""
    if not seconds:
        return Window(None, is_open=True)
    if conversation.last_in_at is None:
        return Window(None, is_open=False)
    until = conversation.last_in_at + timedelta(seconds=seconds)
    return Window(until, is_open=now() < until)
