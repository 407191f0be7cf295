"""What every answer of the panel tells the browser: to load and reach nothing but ourselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

_HOST = re.compile(r"[\w.:\-\[\]]+", re.ASCII)


def guarding(request: Request) -> dict[str, str]:
    """Headers of every page; older browsers want the sockets' address spelt out."""
    host = request.url.netloc
    kinds = ("wss",) if request.url.scheme == "https" else ("wss", "ws")  # a proxy before us may speak https
    sockets = "".join(f" {kind}://{host}" for kind in kinds) if _HOST.fullmatch(host) else ""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
        f"media-src 'self' blob:; connect-src 'self'{sockets}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
