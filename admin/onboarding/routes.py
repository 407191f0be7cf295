"""The doors of the wizard."""

from __future__ import annotations

from admin.frame.doors import Door, Nav
from admin.onboarding import business, showing, teaching
from tenants.people.roles import May

_BASE = "/t/{tenant}/start"

DOORS = (
    Door("GET", _BASE, May.EDIT, showing.overview),
    Door("GET", f"{_BASE}/business", May.EDIT, business.page),
    Door("POST", f"{_BASE}/business", May.EDIT, business.save),
    Door("GET", f"{_BASE}/voice", May.EDIT, showing.voices),
    Door("POST", f"{_BASE}/voice", May.EDIT, showing.choose_voice),
    Door("GET", f"{_BASE}/avatar", May.EDIT, showing.avatars),
    Door("POST", f"{_BASE}/avatar", May.EDIT, showing.choose_avatar),
    Door("GET", f"{_BASE}/knowledge", May.EDIT, teaching.page),
    Door("POST", f"{_BASE}/knowledge", May.EDIT, teaching.save),
    Door("GET", f"{_BASE}/channel", May.EDIT, showing.channels),
    Door("GET", f"{_BASE}/talk", May.EDIT, showing.talk),
)
NAV = (Nav(2, _BASE, "Set up", "check", May.EDIT),)
