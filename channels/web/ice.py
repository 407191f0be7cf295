"""Which servers help a browser to be reached, with credentials that are its own and don't last."""

from __future__ import annotations

import base64
import hashlib
import hmac
from time import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from channels.web.config import IceServer, WebPlatform


def ice_servers(platform: WebPlatform, name: str, now: float | None = None) -> list[dict[str, Any]]:
    """Return the `iceServers` for one browser, called `name` in the TURN server's log.

    Credentials are as the draft "A REST API for Access To TURN Services" has them: the user's name begins with the
    second (epoch) until which it is good, and the password is its HMAC-SHA1.
    """
    servers = [_plain(server) for server in platform.ice_servers]
    if platform.turn_secret is not None and platform.turn_urls:
        until = int(time() if now is None else now) + platform.turn_seconds
        user = f"{until}:{name}"
        digest = hmac.new(platform.turn_secret.get_secret_value().encode(), user.encode(), hashlib.sha1).digest()
        credential = base64.b64encode(digest).decode()
        servers.append({"urls": list(platform.turn_urls), "username": user, "credential": credential})
    return servers


def _plain(server: IceServer) -> dict[str, Any]:
    plain: dict[str, Any] = {"urls": server.urls}
    if server.username is not None and server.credential is not None:
        plain |= {"username": server.username, "credential": server.credential.get_secret_value()}
    return plain
