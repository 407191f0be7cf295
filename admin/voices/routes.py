"""The doors of voices."""

from __future__ import annotations

from admin.frame.doors import Door, Nav
from admin.voices import cloning, dictionary, shelf
from tenants.people.roles import May

_BASE = "/t/{tenant}/voices"
_OWN = f"{_BASE}/own/{{voice}}"
_DICTIONARY = f"{_BASE}/words"

DOORS = (
    Door("GET", _BASE, May.SEE, shelf.shown),
    Door("GET", f"{_BASE}/heard/{{slug}}/{{language}}", May.SEE, shelf.heard),
    Door("POST", f"{_BASE}/say", May.EDIT, shelf.said),
    Door("POST", f"{_BASE}/choose", May.EDIT, shelf.chosen),
    Door("GET", f"{_BASE}/new", May.EDIT, cloning.begin),
    Door("POST", f"{_BASE}/new", May.EDIT, cloning.sampled),
    Door("GET", _OWN, May.SEE, cloning.voice),
    Door("POST", f"{_OWN}/sentence", May.EDIT, cloning.sentence),
    Door("POST", f"{_OWN}/consent", May.EDIT, cloning.consent),
    Door("GET", f"{_OWN}/sound", May.EDIT, cloning.sound),
    Door("POST", f"{_OWN}/revoke", May.EDIT, cloning.revoked),
    Door("GET", _DICTIONARY, May.SEE, dictionary.shown),
    Door("POST", _DICTIONARY, May.EDIT, dictionary.saved),
    Door("POST", f"{_DICTIONARY}/delete", May.EDIT, dictionary.dropped),
    Door("POST", f"{_DICTIONARY}/hear", May.EDIT, dictionary.heard),
    Door("GET", f"{_DICTIONARY}/table", May.SEE, dictionary.table),
    Door("POST", f"{_DICTIONARY}/table", May.EDIT, dictionary.taken_in),
)
NAV = (Nav(40, _BASE, "Voices", "voice", May.SEE),)
