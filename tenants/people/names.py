"""What people may be called, and what they sign in with."""

from __future__ import annotations

import re
import unicodedata

from errors import Impossible

LONGEST_LOGIN, LONGEST_NAME = 64, 80
LANGUAGES = ("ar", "en")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")


def login_of(typed: str) -> str:
    """A login as it is kept, however it was typed; of one that can't be kept nothing is refused here."""
    return unicodedata.normalize("NFKC", typed[: LONGEST_LOGIN * 4]).strip().lower()


def can_be_login(login: str) -> bool:
    """Whether anybody can have this login: an e-mail address, a number or a plain word."""
    return _LOGIN.fullmatch(login) is not None


def new_login(typed: str) -> str:
    """The login that somebody chose; `Impossible` unless it can be one."""
    login = login_of(typed)
    if not can_be_login(login):
        raise Impossible("login-wrong", "3 to 64 of the letters a to z, figures, and . _ @ + -")
    return login


def name_of(typed: str) -> str:
    """A person's name; `Impossible` unless it has 1 to 80 letters that can be seen."""
    name = " ".join("".join(one if one.isprintable() else " " for one in typed).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Impossible("name-wrong", f"a name has 1 to {LONGEST_NAME} letters")
    return name
