"""The servers that help two ends find a way to one another (STUN, TURN), as a setting names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from channels.wild import parse, rows, words
from errors import NeedsOwner

_URL = re.compile(r"(stuns?|turns?):[^\s,]{1,200}")
_MOST = 8


@dataclass(frozen=True)
class IceServer:
    """One server: its addresses ("stun:…", "turn:…"), and who we are to it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


def ice_servers(setting: str) -> tuple[IceServer, ...]:
    """Read addresses with commas between, or the JSON list that browsers take; `NeedsOwner` for anything else."""
    if not setting.strip():
        return ()
    found = _listed(setting) if setting.lstrip().startswith("[") else _plain(setting)
    if not 0 < len(found) <= _MOST or not all(_URL.fullmatch(url) for one in found for url in one.urls):
        raise NeedsOwner("ice-servers", "give stun: and turn: addresses with commas between, or a JSON list of servers")
    return found


def _plain(setting: str) -> tuple[IceServer, ...]:
    return tuple(IceServer((url.strip(),)) for url in setting.split(","))


def _listed(setting: str) -> tuple[IceServer, ...]:
    return tuple(
        IceServer(_urls(one.get("urls")), words(one.get("username")), words(one.get("credential")))
        for one in rows(parse(setting.encode()))
    )


def _urls(value: Any) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    return tuple(words(url) or "" for url in given)
