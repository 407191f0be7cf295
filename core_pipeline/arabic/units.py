"""Things that businesses count and measure, by every form they are written in."""

from __future__ import annotations

from core_pipeline.arabic.numbers import Noun

# one | dual | plural | accusative | further spellings; the feminine ones are told by their ending.
_TABLE = """
دقيقة|دقيقتان|دقائق|دقيقة|دقايق min mins minute minutes د
ساعة|ساعتان|ساعات|ساعة|hr hrs hour hours
ثانية|ثانيتان|ثوان|ثانية|ثواني sec secs
يوم|يومان|أيام|يوما|ايام
ليلة|ليلتان|ليال|ليلة|ليالي
أسبوع|أسبوعان|أسابيع|أسبوعا|اسبوع اسابيع
شهر|شهران|أشهر|شهرا|شهور اشهر
سنة|سنتان|سنوات|سنة|سنين
عام|عامان|أعوام|عاما|اعوام
مرة|مرتان|مرات|مرة|
شخص|شخصان|أشخاص|شخصا|اشخاص
فرد|فردان|أفراد|فردا|افراد
ضيف|ضيفان|ضيوف|ضيفا|
طفل|طفلان|أطفال|طفلا|اطفال
زائر|زائران|زوار|زائرا|
قطعة|قطعتان|قطع|قطعة|
طبق|طبقان|أطباق|طبقا|اطباق
صنف|صنفان|أصناف|صنفا|اصناف
نوع|نوعان|أنواع|نوعا|انواع
وجبة|وجبتان|وجبات|وجبة|
كوب|كوبان|أكواب|كوبا|
طاولة|طاولتان|طاولات|طاولة|
كرسي|كرسيان|كراسي|كرسيا|
سيارة|سيارتان|سيارات|سيارة|
فرع|فرعان|فروع|فرعا|
نقطة|نقطتان|نقاط|نقطة|
طلب|طلبان|طلبات|طلبا|
غرفة|غرفتان|غرف|غرفة|
كيلومتر|كيلومتران|كيلومترات|كيلومترا|كم كلم km
متر|متران|أمتار|مترا|امتار
سنتيمتر|سنتيمتران|سنتيمترات|سنتيمترا|سم cm
كيلوغرام|كيلوغرامان|كيلوغرامات|كيلوغراما|كجم كغ كغم kg كيلوجرام كيلوجراما
كيلو|كيلوان|كيلو|كيلو|
غرام|غرامان|غرامات|غراما|جم غم جرام جراما جرامات g gm
لتر|لتران|لترات|لترا|liter litre
ملليلتر|ملليلتران|ملليلترات|ملليلترا|مل ml
سعرة|سعرتان|سعرات|سعرة|
درجة|درجتان|درجات|درجة|
"""


def _spellings() -> dict[str, Noun]:
    found: dict[str, Noun] = {}
    for line in _TABLE.strip().splitlines():
        one, two, few, many, others = line.split("|")
        noun = Noun(one, two, few, many, feminine=one.endswith("ة"))
        for form in (
            one,
            two,
            noun.two.removesuffix("ان") + "ين",
            few,
            many,
            f"{many.removesuffix('ا')}ًا",
            *others.split(),
        ):
            found.setdefault(form, noun)
    return found


NOUNS = _spellings()
