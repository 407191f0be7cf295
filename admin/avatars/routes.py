"""The doors of avatars."""

from __future__ import annotations

from admin.avatars import own, points, shelf
from admin.frame.doors import Door, Nav
from tenants.people.roles import May

_BASE = "/t/{tenant}/avatars"
_OWN = f"{_BASE}/own/{{avatar}}"

DOORS = (
    Door("GET", _BASE, May.SEE, shelf.shown),
    Door("GET", f"{_BASE}/film/{{choice}}", May.SEE, shelf.film),
    Door("GET", f"{_BASE}/still/{{choice}}", May.SEE, shelf.still),
    Door("POST", f"{_BASE}/choose", May.EDIT, shelf.chosen),
    Door("POST", f"{_BASE}/colours", May.EDIT, shelf.coloured),
    Door("GET", f"{_BASE}/new", May.EDIT, own.begin),
    Door("POST", f"{_BASE}/new/pack", May.EDIT, own.packed),
    Door("POST", f"{_BASE}/new/photo", May.EDIT, own.photographed),
    Door("GET", _OWN, May.SEE, own.avatar),
    Door("GET", f"{_OWN}/portrait", May.EDIT, own.portrait),
    Door("POST", f"{_OWN}/three", May.EDIT, points.three),
    Door("POST", f"{_OWN}/judge", May.EDIT, points.judged),
    Door("POST", f"{_OWN}/points", May.EDIT, own.placed),
    Door("POST", f"{_OWN}/sentence", May.EDIT, own.sentence),
    Door("POST", f"{_OWN}/consent", May.EDIT, own.consent),
    Door("POST", f"{_OWN}/logo", May.EDIT, own.dressed),
    Door("GET", f"{_OWN}/pack", May.EDIT, own.handed_out),
    Door("POST", f"{_OWN}/revoke", May.EDIT, own.revoked),
)
NAV = (Nav(41, _BASE, "Avatars", "avatar", May.SEE),)
