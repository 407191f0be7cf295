"""The doors to channels and engines."""

from __future__ import annotations

from admin.connect import accounts, engines, looking
from admin.frame.doors import Door, Nav
from tenants.people.roles import May

_BASE, _ONE = "/t/{tenant}/connect", "/t/{tenant}/connect/account/{account}"
_ENGINES, _ENGINE = "/t/{tenant}/engines", "/t/{tenant}/engines/{kind}/{name}"

_CHANNELS = (
    Door("GET", _BASE, May.SEE, accounts.listing),
    Door("GET", f"{_BASE}/new/{{channel}}", May.CONNECT, accounts.form),
    Door("POST", f"{_BASE}/new/{{channel}}", May.CONNECT, accounts.connect),
    Door("GET", _ONE, May.CONNECT, accounts.page),
    Door("POST", _ONE, May.CONNECT, accounts.change),
    Door("POST", f"{_ONE}/switch", May.CONNECT, accounts.switch),
    Door("POST", f"{_ONE}/disconnect", May.CONNECT, accounts.disconnect),
    Door("GET", f"{_ONE}/status", May.CONNECT, looking.status),
    Door("GET", f"{_ONE}/checks", May.CONNECT, looking.checks),
    Door("POST", f"{_ONE}/test", May.CONNECT, looking.test),
    Door("POST", f"{_ONE}/install", May.CONNECT, looking.install),
)
_OF_ENGINES = (
    Door("GET", _ENGINES, May.SEE, engines.listing),
    Door("POST", f"{_ENGINES}/{{kind}}", May.CONNECT, engines.choose),
    Door("GET", _ENGINE, May.CONNECT, engines.form),
    Door("POST", _ENGINE, May.CONNECT, engines.set_up),
    Door("POST", f"{_ENGINE}/forget", May.CONNECT, engines.forget),
    Door("POST", f"{_ENGINE}/probe", May.CONNECT, engines.probe),
)

DOORS = (*_CHANNELS, *_OF_ENGINES)
NAV = (
    Nav(60, _BASE, "Channels", "connect", May.SEE),
    Nav(64, _ENGINES, "Engines", "bolt", May.CONNECT),
)
