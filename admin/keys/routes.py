"""The doors to keys and to addresses that are told what happens."""

from __future__ import annotations

from admin.frame.doors import Door, Nav
from admin.keys import keys, told
from tenants.people.roles import May

_KEYS, _TOLD = "/t/{tenant}/keys", "/t/{tenant}/webhooks"
DOORS = (
    Door("GET", _KEYS, May.CONNECT, keys.page),
    Door("POST", _KEYS, May.CONNECT, keys.make),
    Door("POST", f"{_KEYS}/{{key}}/revoke", May.CONNECT, keys.revoke),
    Door("GET", _TOLD, May.CONNECT, told.page),
    Door("POST", _TOLD, May.CONNECT, told.subscribe),
    Door("POST", f"{_TOLD}/{{subscription}}/remove", May.CONNECT, told.unsubscribe),
    Door("POST", f"{_TOLD}/{{subscription}}/test", May.CONNECT, told.trial),
    Door("POST", f"{_TOLD}/notices/{{notice}}/retry", May.CONNECT, told.retry),
)
NAV = (
    Nav(80, _KEYS, "API keys", "key", May.CONNECT),
    Nav(82, _TOLD, "Webhooks", "bolt", May.CONNECT),
)
