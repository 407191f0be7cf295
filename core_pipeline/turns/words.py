"""The ready words of a bot whose tenant has not chosen its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenants.policy import Policy

DEFAULTS = {
    "greeting": {"ar": "أهلًا وسهلًا! كيف أساعدك؟", "en": "Hello and welcome! How can I help you?"},
    "thanks": {"ar": "على الرحب والسعة.", "en": "You're very welcome."},
    "goodbye": {"ar": "مع السلامة، نسعد بخدمتك دائمًا.", "en": "Goodbye, it was a pleasure to help."},
    "unknown": {
        "ar": "عذرًا، لا أعرف الإجابة عن هذا السؤال.",
        "en": "Sorry, I don't know the answer to that.",
    },
    "repeat": {
        "ar": "عذرًا، لم أسمعك جيدًا. من فضلك أعد السؤال أو اكتبه.",
        "en": "Sorry, I couldn't hear you well. Please say it again or write it.",
    },
    "please_write": {
        "ar": "عذرًا، لم نتمكن من سماع رسالتك. من فضلك اكتب سؤالك.",
        "en": "Sorry, we couldn't hear your message. Please write your question.",
    },
    "unsupported": {
        "ar": "شكرًا لك. أستطيع أن أسمع الرسائل الصوتية وأقرأ النصوص فقط. كيف أساعدك؟",
        "en": "Thank you. I can only listen to voice notes and read text. How can I help you?",
    },
    "fallback": {
        "ar": "عذرًا، حدث خلل عندنا ولم نتمكن من الرد الآن. سنعود إليك قريبًا.",
        "en": "Sorry, something went wrong on our side and we can't answer right now. We'll get back to you soon.",
    },
}


def phrase(policy: Policy, name: str, language: str) -> str:
    """The tenant's words of this name, else ours."""
    own = policy.phrases.get(name, {})
    return own.get(language) or own.get("ar") or DEFAULTS[name][language]


def phrases(policy: Policy, language: str) -> dict[str, str]:
    """All ready words in one language."""
    return {name: phrase(policy, name, language) for name in DEFAULTS}
