"""What the bot says around an action, in its own words: these never come from an engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core_pipeline.actions.request import plain
from tenants.models import Action

_WORDS = {
    "ask": {
        "ar": "هل أنفّذ هذا الطلب: {what}؟ أجب بنعم أو لا.",
        "en": "Shall I do this: {what}? Please answer yes or no.",
    },
    "done": {"ar": "تم: {what}.", "en": "Done: {what}."},
    "refused": {
        "ar": "عذرًا، لم يتم تنفيذ الطلب: {what}.",
        "en": "Sorry, this was not done: {what}.",
    },
    "unreached": {
        "ar": "عذرًا، لم يتم تنفيذ الطلب لأن النظام لا يعمل الآن: {what}. من فضلك حاول لاحقًا.",
        "en": "Sorry, this was not done because the system cannot be reached now: {what}. Please try again later.",
    },
    "unknown": {
        "ar": "عذرًا، لا أعرف إن كان الطلب قد تم: {what}. لم أكرره حتى لا يتم مرتين. من فضلك تأكد منا قبل أن تعيده.",
        "en": "Sorry, I do not know whether this was done: {what}. I did not repeat it, so that it is not done twice. "
        "Please check with us before you ask for it again.",
    },
    "declined": {"ar": "حسنًا، لن أنفّذ الطلب.", "en": "All right, I will not do it."},
    "expired": {
        "ar": "مضى وقت طويل على سؤالي ولم أنفّذ الطلب. من فضلك اطلبه مرة أخرى.",
        "en": "My question was too long ago, so I did nothing. Please ask for it again.",
    },
}


def say(name: str, language: str, what: str = "", told: str = "") -> str:
    """Our words of this name in this language (English unless Arabic); `told` is what the tenant's system said."""
    said = _WORDS[name]["ar" if language == "ar" else "en"].format(what=what)
    return f"{said} {told}".strip()


def what_of(action: Action, arguments: Mapping[str, Any], language: str) -> str:
    """The action and what it is called with, in one line: "Book a table (people: 4, date: 2030-12-31)"."""
    properties = action.parameters.get("properties", {})
    named = [
        f"{_title(name, properties.get(name, {}))}: {_shown(value, language)}" for name, value in arguments.items()
    ]
    what = action.description.strip().rstrip(".؟?!")
    comma = "، " if language == "ar" else ", "
    return f"{what} ({comma.join(named)})" if named else what


def _title(name: str, schema: Mapping[str, Any]) -> str:
    return str(schema.get("title") or name.replace("_", " "))


def _shown(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return {True: ("yes", "نعم"), False: ("no", "لا")}[value][language == "ar"]
    return " ".join(plain(value).split())[:120]
