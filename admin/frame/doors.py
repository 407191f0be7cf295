"""An address of the panel, and where a subject stands in its menu."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tenants.people.roles import May

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

    Handler = Callable[[Visit], Awaitable[Response]]


class Open(StrEnum):
    """Addresses that ask for no role: anybody's, and those of whoever has signed in (`HALF`: by password only)."""

    ANYBODY = "anybody"
    HALF = "half"
    SIGNED_IN = "signed-in"


@dataclass(frozen=True)
class Door:
    """One method of one address under /admin, what it takes to pass, and what is behind it.

    An address that begins with "/t/{tenant}" is about the tenant of that short name, one with "/agency/{agency}" about
    an agency; who has no role there finds nothing (404), who has another role is refused (403). Others ask the
    platform's role. Anything but GET and HEAD needs the CSRF token of the sign-in.
    """

    method: str
    path: str
    may: May | Open
    handler: Handler


@dataclass(frozen=True)
class Nav:
    """A subject in the menu: `path` is its first page, `title` a message that is translated, `icon` one of the sprite.

    Shown to whoever may do `may`; lower `place` goes first.
    """

    place: int
    path: str
    title: str
    icon: str
    may: May
