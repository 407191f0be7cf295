"""Types of fields that several engines have, with what these fields are called; what one engine alone has, it names."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import SecretStr

from core_pipeline.contracts.titles import titled

ApiKey: TypeAlias = Annotated[SecretStr, titled("API key", "مفتاح الواجهة البرمجية (API)")]
ServiceAccount: TypeAlias = Annotated[
    SecretStr,
    titled(
        "Service account (JSON)",
        "حساب الخدمة (JSON)",
        "Instead of an API key: the whole content of the key’s file.",
        "بدلا من مفتاح الواجهة البرمجية: محتوى ملف المفتاح كاملا.",
    ),
]
Token: TypeAlias = Annotated[SecretStr, titled("Access token", "رمز الوصول")]
Address: TypeAlias = Annotated[
    str,
    titled(
        "Address of the service",
        "عنوان الخدمة",
        "Change it only if you run or rent a compatible service elsewhere.",
        "غيّره فقط إذا كنت تشغّل خدمة متوافقة في مكان آخر.",
    ),
]
Workers: TypeAlias = Annotated[list[str], titled("Addresses", "العناوين", "One a line.", "عنوان في كل سطر.")]
Model: TypeAlias = Annotated[str, titled("Model", "النموذج")]
Instructions: TypeAlias = Annotated[str, titled("How it should speak", "كيف يتكلم")]
VoiceEach: TypeAlias = Annotated[
    dict[str, str],
    titled(
        "Voice for each language",
        "الصوت لكل لغة",
        "For example ar = the name of the voice at the service.",
        "مثل ar = اسم الصوت لدى الخدمة.",
    ),
]

LANGUAGE_TITLE = titled("Language, where it can’t be told", "اللغة إذا تعذرت معرفتها")
LANGUAGES_TITLE = titled("Languages", "اللغات", "Two letters each, for example ar.", "حرفان لكل لغة، مثل ar.")
DEVICE_TITLE = titled("Where it runs", "أين يعمل", rare=True)

Batch: TypeAlias = Annotated[int, titled("How many together", "كم عنصرًا في الدفعة", rare=True)]
AtOnce: TypeAlias = Annotated[int, titled("How many at once", "كم عملية في الوقت نفسه", rare=True)]
Threads: TypeAlias = Annotated[int, titled("Threads of the processor", "خيوط المعالج", rare=True)]
MostTokens: TypeAlias = Annotated[int, titled("Longest text, in tokens", "أطول نص (بالرموز)", rare=True)]
LongestText: TypeAlias = Annotated[int, titled("Longest text, in letters", "أطول نص بالأحرف", rare=True)]
LongestFilm: TypeAlias = Annotated[float, titled("Longest film, in seconds", "أطول فيديو بالثواني", rare=True)]
MostBytes: TypeAlias = Annotated[int, titled("Largest film, in bytes", "أكبر حجم للفيديو بالبايت", rare=True)]
SampleRate: TypeAlias = Annotated[int, titled("Sampling rate, in Hz", "معدل العيّنات بالهرتز", rare=True)]
Hub: TypeAlias = Annotated[str, titled("Where weights come from", "مصدر ملفات النموذج", rare=True)]
Weights: TypeAlias = Annotated[str, titled("File with the weights", "ملف النموذج", rare=True)]
Patience: TypeAlias = Annotated[float, titled("Patience, in seconds", "المهلة بالثواني", rare=True)]
Connecting: TypeAlias = Annotated[float, titled("Patience to connect, in seconds", "مهلة الاتصال بالثواني", rare=True)]
Silence: TypeAlias = Annotated[float, titled("Patience with silence, in seconds", "مهلة الصمت بالثواني", rare=True)]
Temperature: TypeAlias = Annotated[
    float,
    titled(
        "Freedom of wording",
        "حرية الصياغة",
        "0 keeps to the point; higher is freer.",
        "الصفر يلتزم بالموضوع، والأعلى أكثر حرية.",
        rare=True,
    ),
]
Thinking: TypeAlias = Annotated[int, titled("Tokens to think with", "رموز التفكير", rare=True)]
Context: TypeAlias = Annotated[int, titled("Longest conversation, in tokens", "أطول محادثة (بالرموز)", rare=True)]
Sureness: TypeAlias = Annotated[float, titled("How sure it must be", "درجة الثقة المطلوبة", rare=True)]

Quality: TypeAlias = Annotated[
    float, titled("Quality: 18 is fine, 28 coarse", "الجودة: ‎18 عالية و28 منخفضة", rare=True)
]

PerMinute: TypeAlias = Annotated[
    float, titled("Price of a minute, in US dollars", "سعر الدقيقة بالدولار الأمريكي", rare=True)
]
PerSecond: TypeAlias = Annotated[
    float, titled("Price of a second, in US dollars", "سعر الثانية بالدولار الأمريكي", rare=True)
]
PerMillionLetters: TypeAlias = Annotated[
    float, titled("Price of a million letters, in US dollars", "سعر مليون حرف بالدولار الأمريكي", rare=True)
]
