import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core_pipeline.arabic.speakable import speakable
from tenants.demo import load

ARABIC = [
    ("السعر ١٥٠ جنيه", "السعر مئة وخمسون جنيها"),
    ("بسعر 200 جنيه", "بسعر مئتي جنيه"),
    ("بـ250 جنيه", "بسعر مئتين وخمسين جنيها"),
    ("نفتح من 10:00–23:00", "نفتح من العاشرة صباحا إلى الحادية عشرة مساء"),
    ("من الساعة 9 ص حتى 11 مساءً", "من الساعة التاسعة صباحا إلى الحادية عشرة مساء"),
    ("الساعة 12:30", "الساعة الثانية عشرة والنصف"),
    ("الساعة 7:45 م", "الساعة الثامنة إلا ربعا مساء"),
    ("الساعة 1 ظهرا", "الساعة الواحدة ظهرا"),
    ("في 14:10", "في الثانية وعشر دقائق ظهرا"),
    ("حتى 5/3/2026", "حتى الخامس من مارس عام ألفين وستة وعشرين"),
    ("يوم 2025-12-01", "يوم الأول من ديسمبر عام ألفين وخمسة وعشرين"),
    ("١٥ رمضان ١٤٤٧ هـ", "الخامس عشر من رمضان عام ألف وأربعمئة وسبعة وأربعين للهجرة"),
    ("12 أغسطس", "الثاني عشر من أغسطس"),
    ("خصم ٢٠٪", "خصم عشرون في المئة"),
    ("خصم 1/2 السعر", "خصم نصف السعر"),
    ("مفتوح 24/7", "مفتوح على مدار الساعة طوال الأسبوع"),
    ("بعد 30 دقيقة", "بعد ثلاثين دقيقة"),
    ("على بعد 3.5 كم", "على بعد ثلاثة فاصلة خمسة كيلومتر"),
    ("من 2 إلى 12 شخص", "من اثنين إلى اثني عشر شخصا"),
    ("10-15 دقيقة", "عشرة إلى خمس عشرة دقيقة"),
    ("عندنا 3 فروع و 2 طاولة", "عندنا ثلاثة فروع وطاولتان"),
    ("الطلب رقم 4582", "الطلب رقم أربعة خمسة ثمانية اثنان"),
    ("شارع اللؤلؤ رقم 7", "شارع اللؤلؤ رقم سبعة"),
    ("اتصل على 19555", "اتصل على واحد تسعة خمسة خمسة خمسة"),
    ("0100 000 0123", "صفر واحد صفر صفر، صفر صفر صفر، صفر واحد اثنان ثلاثة"),
    ("‎+20 100 000 0123", "زائد اثنان صفر، واحد صفر صفر، صفر صفر صفر، صفر واحد اثنان ثلاثة"),
    ("100000000000", "واحد صفر صفر صفر صفر صفر صفر صفر صفر صفر صفر صفر"),
    ("**مهم**: زوروا https://example.com/x?y=1 الآن 😀", "مهم: زوروا الرابط مرسل كتابة الآن"),
    ("[القائمة](https://example.com/menu)", "القائمة (الرابط مرسل كتابة)"),
    ("راسلونا على info@example.com", "راسلونا على البريد الإلكتروني مرسل كتابة"),
    ("- كباب: 180 جنيه\n- كفتة", "كباب: مئة وثمانون جنيها. كفتة."),
    ("# العنوان\nنص.", "العنوان. نص."),
    ("نعم، يمكن. هل تريد؟", "نعم، يمكن. هل تريد؟"),
]


@pytest.mark.parametrize(("written", "spoken"), ARABIC)
def test_arabic_is_said_in_words(written: str, spoken: str) -> None:
    assert speakable(written, "ar") == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs EGP 150, or 200 EGP.", "It costs 150 Egyptian pounds, or 200 Egyptian pounds."),
        ("Call +20 100 000 0123", "Call plus 2 0 1 0 0 0 0 0 0 1 2 3"),
        ("See https://example.com for 3 offers ✨", "See link in text for 3 offers"),
        ("## Menu\n* kebab 5.5 KWD\n* `tea`", "Menu. kebab 5.5 Kuwaiti dinars. tea."),
        ("We open at 10:30 on 5/3/2026.", "We open at 10:30 on 5/3/2026."),
    ],
)
def test_english_keeps_its_figures(written: str, spoken: str) -> None:
    assert speakable(written, "en") == spoken


@given(st.text())
def test_arabic_never_keeps_a_digit(text: str) -> None:
    assert not any(c.isdigit() for c in speakable(text, "ar"))


@settings(max_examples=300)
@given(st.text(alphabet="0123456789٠١٢٣٫٬٪.,:/-–+%$€ صم\nجنيهدك كم", max_size=40))
def test_no_arrangement_of_figures_gets_through(text: str) -> None:
    assert not any(c.isdigit() for c in speakable(text, "ar"))


@given(st.text(), st.sampled_from(["ar", "en", "fr"]))
def test_speakable_never_fails(text: str, language: str) -> None:
    said = speakable(text, language)
    assert "  " not in said
    assert "\n" not in said


def test_every_demo_answer_can_be_spoken() -> None:
    for entry in load().entries:
        said = speakable(entry.answer, entry.language)
        assert said
        assert entry.language == "en" or not any(c.isdigit() for c in said)
