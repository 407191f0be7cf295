"""Passwords: kept as argon2id hashes, made anew when we ask for more, and checked in the same time for strangers."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from errors import Impossible

SHORTEST, LONGEST = 10, 200
FEWEST_LETTERS = 5
# 46 MiB and two rounds on one lane: more than OWASP's first advice for argon2id, some 80 ms on a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
# So many at once: strangers who try must not fill the memory.
_WORKERS = ThreadPoolExecutor(2, "password")
# What a stranger's password is held against, so that it takes as long as anybody's.
_NOBODY = _HASHER.hash(b"nobody's password")
_OBVIOUS = ("password", "passw0rd", "qwertyuiop", "1234567890", "0123456789", "iloveyou", "letmein", "sawtak")


def check(password: str, *, login: str = "") -> None:
    """Refuse a new password that is too short, too long or easily guessed; `Impossible` says which."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise Impossible("password-short", f"a password has at least {SHORTEST} letters")
    if len(plain) > LONGEST:
        raise Impossible("password-long", f"a password has at most {LONGEST} letters")
    bare = plain.casefold()
    for known in (*_OBVIOUS, login.casefold()):
        bare = bare.replace(known, "") if known else bare
    if len(set(bare)) < FEWEST_LETTERS:
        raise Impossible(
            "password-weak", "everybody would try this one first: take a few words that don't belong together"
        )


async def hashed(password: str) -> str:
    """What is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _HASHER.hash, _bytes(password))


async def fits(kept: str, password: str) -> bool:
    """Whether this is the password; as slow for somebody unknown, of whom nothing is `kept`."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _fits, kept, password)


def stale(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def _fits(kept: str, password: str) -> bool:
    if len(password) > LONGEST * 2:
        password = ""
    try:
        _HASHER.verify(kept or _NOBODY, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def _plain(password: str) -> str:
    """The same letters however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")
