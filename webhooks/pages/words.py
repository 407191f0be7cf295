"""What the pages say, by language."""

from __future__ import annotations

WORDS = {
    "ar": {
        "title": "تحدث إلى",
        "heading": "كيف نساعدك؟",
        "push": "تسجيل",
        "live": "محادثة حية",
        "rtc": "مكالمة",
        "modes_label": "طريقة التحدث",
        "avatars_label": "كيف يجيبك المساعد",
        "avatar_none": "صوت",
        "avatar_on": "فيديو",
        "hint_push": "اسأل بصوتك وستسمع الجواب بعد لحظات.",
        "hint_live": "تحدث بحرية وقاطع المساعد متى شئت.",
        "hint_rtc": "مكالمة مباشرة بأقل تأخير.",
        "other_name": "English",
        "privacy": "لا يعمل الميكروفون إلا وأنت تتحدث، ويُرسل صوتك إلى هذه الخدمة وحدها.",
        "no_script": "لا تعمل هذه الصفحة إلا بعد تفعيل جافاسكربت في متصفحك.",
    },
    "en": {
        "title": "Talk to",
        "heading": "How can we help?",
        "push": "Recording",
        "live": "Live talk",
        "rtc": "Call",
        "modes_label": "How to talk",
        "avatars_label": "How you are answered",
        "avatar_none": "Voice",
        "avatar_on": "Video",
        "hint_push": "Ask with your voice and hear the answer in a moment.",
        "hint_live": "Talk freely and interrupt whenever you like.",
        "hint_rtc": "A direct call with the least delay.",
        "other_name": "العربية",
        "privacy": "The microphone is on only while you talk, and your voice is sent to this service alone.",
        "no_script": "This page needs JavaScript: please switch it on in your browser.",
    },
}
