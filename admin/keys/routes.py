"""The doors to keys and to addresses that are told what happens."""

from __future__ import annotations

from admin.frame.doors import Door, Nav
from admin.keys import house, keys, told
from tenants.people.roles import May

_KEYS, _TOLD = "/t/{tenant}/keys", "/t/{tenant}/webhooks"
_ABOVE = (("/agency/{agency}/keys", May.TENANTS), ("/platform/keys", May.PLATFORM))
DOORS = (
    Door("GET", _KEYS, May.CONNECT, keys.page),
    Door("POST", _KEYS, May.CONNECT, keys.make),
    Door("POST", f"{_KEYS}/{{key}}/revoke", May.CONNECT, keys.revoke),
    Door("GET", _TOLD, May.CONNECT, told.page),
    Door("POST", _TOLD, May.CONNECT, told.subscribe),
    Door("POST", f"{_TOLD}/{{subscription}}/remove", May.CONNECT, told.unsubscribe),
    Door("POST", f"{_TOLD}/{{subscription}}/test", May.CONNECT, told.trial),
    Door("POST", f"{_TOLD}/notices/{{notice}}/retry", May.CONNECT, told.retry),
    *(Door("GET", path, may, house.page) for path, may in _ABOVE),
    *(Door("POST", path, may, house.make) for path, may in _ABOVE),
    *(Door("POST", f"{path}/{{house_key}}/revoke", may, house.revoke) for path, may in _ABOVE),
)
NAV = (
    Nav(80, _KEYS, "API keys", "key", May.CONNECT),
    Nav(82, _TOLD, "Webhooks", "bolt", May.CONNECT),
    Nav(114, "/platform/keys", "API keys", "key", May.PLATFORM),
)
