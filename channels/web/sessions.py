"""The conversations of this process that a socket may come back to."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from errors import Forged, Retryable

if TYPE_CHECKING:
    from channels.web.leg import WebLeg
    from channels.web.protocol import Resume

MOST = 2000


class Sessions:
    """At most `most` running conversations; each is forgotten by itself once its call is over."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._legs: WeakValueDictionary[str, WebLeg] = WeakValueDictionary()

    def running(self) -> list[WebLeg]:
        """Those that are not over."""
        return [leg for leg in list(self._legs.values()) if not leg.over.is_set()]

    def check(self) -> None:
        """Raise `Retryable("sessions-full")` when there may be no more."""
        if len(self._legs) >= self._most and len(self.running()) >= self._most:
            raise Retryable("sessions-full", "all conversations of this process are taken", after=30.0)

    def add(self, leg: WebLeg) -> None:
        """Keep a conversation for as long as somebody carries it."""
        self._legs[leg.seat.session] = leg

    def find(self, resume: Resume, account: str) -> WebLeg:
        """The conversation of this account that the secret belongs to; `Forged` when it is over or the secret wrong."""
        leg = self._legs.get(resume.session)
        if leg is None or leg.over.is_set() or leg.seat.account != account:
            raise Forged("session-unknown", "the conversation is over: start another one")
        if not hmac.compare_digest(leg.secret.encode(), resume.secret.encode()):
            raise Forged("session-secret", "the conversation belongs to somebody else")
        return leg
