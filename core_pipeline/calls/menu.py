"""What the keys of a telephone do, told to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.arabic.numbers import digit_by_digit

if TYPE_CHECKING:
    from tenants.policy import Policy

PERSON, REPEAT, BYE, LANGUAGE = "person", "repeat", "bye", "language:"

_DEEDS = {
    PERSON: {"ar": "للتحدث مع أحد من الفريق", "en": "To talk to one of our team"},
    REPEAT: {"ar": "لسماع آخر إجابة مرة أخرى", "en": "To hear the last answer again"},
    BYE: {"ar": "لإنهاء المكالمة", "en": "To end the call"},
    f"{LANGUAGE}ar": {"ar": "للغة العربية", "en": "For Arabic"},
    f"{LANGUAGE}en": {"ar": "للغة الإنجليزية", "en": "For English"},
}
_QUESTION = {"ar": "لمعرفة إجابة السؤال: {question}", "en": "For the answer to: {question}"}
_PRESS = {"ar": "{deed}، اضغط {keys}.", "en": "{deed}, press {keys}."}
_THEN = {"ar": " ثم ", "en": " then "}
_KEYS = {
    "ar": {
        **{str(figure): digit_by_digit(str(figure)) for figure in range(10)},
        "*": "نجمة",
        "#": "مربع",
    },
    "en": {**{digit: digit for digit in "0123456789"}, "*": "star", "#": "hash"},
}


def announced(policy: Policy, language: str, person: str) -> tuple[str, ...]:
    """The sentences that tell what each key does; nobody is offered where there is no `person` to be reached now."""
    keys_do = policy.calls.menu.items()
    offered = [(keys, deed) for keys, deed in keys_do if (deed != PERSON or person) and _known(deed)]
    return tuple(_sentence(keys, deed, language) for keys, deed in offered)


def _known(deed: str) -> bool:
    """Whether this is anything that we can do: a language that we don't speak is not."""
    return deed in _DEEDS or not deed.startswith(LANGUAGE)


def _sentence(keys: str, deed: str, language: str) -> str:
    named = _DEEDS.get(deed, {}).get(language) or _QUESTION[language].format(question=deed.strip(" ?؟."))
    return _PRESS[language].format(deed=named, keys=_THEN[language].join(_KEYS[language][key] for key in keys))
