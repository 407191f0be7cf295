"""Which servers help a browser to be reached, with credentials that are its own and don't last."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import asdict
from time import time
from typing import TYPE_CHECKING, Any

from channels.rtc.ice import IceServer
from channels.rtc.ice import ice_servers as listed

if TYPE_CHECKING:
    from channels.web.config import WebPlatform


def ice_servers(platform: WebPlatform, name: str, now: float | None = None) -> tuple[IceServer, ...]:
    """Return the servers for one browser, called `name` in the TURN server's log; `NeedsOwner` for a wrong setting.

    Credentials are as the draft "A REST API for Access To TURN Services" has them: the user's name begins with the
    second (epoch) until which it is good, and the password is its HMAC-SHA1.
    """
    servers = listed(platform.ice_servers.get_secret_value())
    if platform.turn_secret is None or not platform.turn_urls:
        return servers
    until = int(time() if now is None else now) + platform.turn_seconds
    user = f"{until}:{name}"
    digest = hmac.new(platform.turn_secret.get_secret_value().encode(), user.encode(), hashlib.sha1).digest()
    return (*servers, IceServer(platform.turn_urls, user, base64.b64encode(digest).decode()))


def for_browsers(servers: Sequence[IceServer]) -> list[dict[str, Any]]:
    """Return them as browsers' `iceServers`."""
    return [{name: value for name, value in asdict(server).items() if value} for server in servers]
