"""What deeds of the audit are called, and the browsers that people sign in with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SUBJECT_TITLES = {
    "action": "Tools",
    "agency": "Agency",
    "api": "API keys",
    "avatar": "Avatars",
    "channel": "Channels",
    "customer": "Customers",
    "engine": "Engines",
    "house": "Keys of the house",
    "inbox": "Inbox",
    "inbox.label": "Labels",
    "knowledge": "Knowledge",
    "knowledge.document": "Documents",
    "knowledge.entries": "Questions and answers",
    "knowledge.products": "Prices",
    "knowledge.question": "What customers asked",
    "letter": "Failed messages",
    "notices": "Webhooks",
    "people": "People",
    "persona": "Persona",
    "platform": "Settings of the installation",
    "pronunciation": "Pronunciation",
    "quota": "Quota",
    "tenant": "Business",
    "voice": "Voices",
}
DEED_TITLES = {
    "add": "added",
    "again": "sent again",
    "allow": "set",
    "answer": "answered",
    "archive": "taken along as a file",
    "available": "availability changed",
    "brand": "appearance changed",
    "bring": "brought in",
    "change": "changed",
    "choose": "chosen",
    "connect": "connected",
    "consent": "consent heard",
    "correct": "corrected",
    "delete": "deleted",
    "disconnect": "disconnected",
    "domain": "domain changed",
    "dress": "dressed anew",
    "drop": "dropped",
    "erase": "erased",
    "forget": "set-up deleted",
    "import": "imported",
    "install": "webhook set up",
    "invite": "invited",
    "join": "joined",
    "keep": "set up",
    "key-make": "key made",
    "key-revoke": "key revoked",
    "make": "made",
    "new-password": "password changed",
    "new-password-link": "link to a new password made",
    "note": "note written",
    "points": "points placed",
    "profile": "own page changed",
    "put": "put",
    "recovery-codes": "recovery codes made",
    "remove": "removed",
    "rename": "renamed",
    "reopen": "opened again",
    "reply": "replied",
    "retry": "tried again",
    "revoke": "revoked",
    "role": "role changed",
    "sample": "sample checked",
    "save": "saved",
    "second-off": "second step off",
    "second-on": "second step on",
    "sentence": "sentence drawn",
    "sign-in": "signed in",
    "sign-out": "signed out",
    "subscribe": "subscribed",
    "switch": "switched on or off",
    "take-off": "taken off",
    "test": "test message sent",
    "try": "tried",
    "unsubscribe": "unsubscribed",
    "withdraw": "invitation withdrawn",
}
_ID = re.compile(r"[0-9a-f]{32}")
# The first that is found counts: most browsers also name those that they descend from.
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
}
_BROWSERS |= {"CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "CrOS": "ChromeOS"}
_SYSTEMS |= {"Mac OS X": "macOS", "Linux": "Linux"}
_LONGEST = 60


def deed(action: str, speak: Callable[[str], str]) -> str:
    """An action ("persona.save") in words: "Persona: saved"; what has no words here stands for itself."""
    parts = action.split(".")
    named = next((one for one in (".".join(parts[:2]), parts[0]) if one in SUBJECT_TITLES), "")
    if not named or parts[-1] not in DEED_TITLES:
        return action
    return f"{speak(SUBJECT_TITLES[named])}: {speak(DEED_TITLES[parts[-1]])}"


def subjects(speak: Callable[[str], str], asked: str = "") -> list[tuple[str, str]]:
    """What can be asked for: how actions begin, and the words for it; also what is `asked` for already."""
    known = [(f"{name}.", speak(title)) for name, title in SUBJECT_TITLES.items() if "." not in name]
    return known if not asked or asked in dict(known) else [*known, (asked, asked)]


def thing(name: str) -> str:
    """What something was done to, "" for what only machines can read."""
    return "" if _ID.fullmatch(name) else name


def browser(agent: str) -> str:
    """A browser and its system in a few letters ("Chrome · Android"); as much of what it calls itself, if unknown."""
    program = next((title for mark, title in _BROWSERS.items() if f"{mark}/" in agent), "")
    system = next((title for mark, title in _SYSTEMS.items() if mark in agent), "")
    return " · ".join(filter(None, (program, system))) or agent[:_LONGEST]
