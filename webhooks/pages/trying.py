"""The page on which anybody can talk to a tenant's assistant, where the tenant wants one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import select
from sqlmodel import col

from tenants.models import Tenant
from tenants.policy import Policy
from webhooks.pages.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenants.db import Database

PAGE = Template((Path(__file__).parent / "try.html").read_text(encoding="utf-8"))
MODES, LANGUAGES, AVATARS = ("push", "live", "rtc"), ("ar", "en"), ("none", "on")
HOST = re.compile(r"[\w.:\-\[\]]+", re.ASCII)


@dataclass(frozen=True)
class Choice:
    """How a visitor wants to see the page and to talk."""

    language: str
    mode: str
    avatar: str

    def link(self, **changed: str) -> str:
        """The query of the same page with something chosen differently."""
        return "?" + urlencode({"lang": self.language, "mode": self.mode, "avatar": self.avatar} | changed)


async def open_to_all(db: Database, slug: str) -> Tenant | None:
    """The tenant of this short name, if it has such a page."""
    if not slug.isprintable():  # Postgres takes no NUL, not even to look for it
        return None
    async with db.platform(reads=True) as session:
        found = await session.scalar(select(Tenant).where(col(Tenant.slug) == slug, col(Tenant.active)))
    return found if found is not None and Policy.model_validate(found.policy).try_page else None


def chosen(query: Mapping[str, str], tenant: Tenant) -> Choice:
    """What the address asks for; what it does not say, or says wrongly, is as usual for the tenant."""
    language = Policy.model_validate(tenant.policy).language

    def one(name: str, known: tuple[str, ...], usual: str) -> str:
        return query.get(name, usual) if query.get(name) in known else usual

    return Choice(one("lang", LANGUAGES, language), one("mode", MODES, "push"), one("avatar", AVATARS, "none"))


def headers(scheme: str, host: str) -> dict[str, str]:
    """Let the page load and reach nothing but ourselves; older browsers want the sockets' address spelt out."""
    kinds = ("wss",) if scheme == "https" else ("wss", "ws")  # a proxy before us may speak https where we don't
    sockets = "".join(f" {kind}://{host}" for kind in kinds) if HOST.fullmatch(host) else ""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{sockets}; "
        "img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
    }


def drawn(tenant: Tenant, choice: Choice, token: str, addresses: Mapping[str, str]) -> str:
    """The page as HTML; `addresses` are those of the widget's files by name."""
    words = WORDS[choice.language]
    names = {"ar": tenant.name_ar, "en": tenant.name_en}
    name = names[choice.language]
    other = "en" if choice.language == "ar" else "ar"
    plain = {
        **words,
        **vars(choice),
        "direction": "rtl" if choice.language == "ar" else "ltr",
        "name": name,
        "initial": name[:1],
        "token": token,
        "script": addresses["voice-mic.js"],
        "sheet": addresses["try.css"],
        "other": other,
        "other_link": choice.link(lang=other),
        "hint": words[f"hint_{choice.mode}"],
    }
    modes = "".join(_tab(choice.link(mode=mode), words[mode], here=mode == choice.mode) for mode in MODES)
    avatars = "".join(
        _tab(choice.link(avatar=one), words[f"avatar_{one}"], here=one == choice.avatar) for one in AVATARS
    )
    return PAGE.substitute({key: escape(text) for key, text in plain.items()}, modes=modes, avatars=avatars)


def _tab(link: str, label: str, *, here: bool) -> str:
    current = ' aria-current="true"' if here else ""
    return f'<a href="{escape(link)}"{current}>{escape(label)}</a>'
