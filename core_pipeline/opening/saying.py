"""A day's hours in a sentence for customers, or in short for the business itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core_pipeline.opening.day import MINUTES, day_of, local, next_opening, opens_by_rule

if TYPE_CHECKING:
    from datetime import date, datetime

    from core_pipeline.opening.day import Gap, OpenDay
    from tenants.policy import Policy

Clock = Literal["12", "24"]
NOON = 12

PRAYER_NAMES = {
    "fajr": {"ar": "الفجر", "en": "Fajr"},
    "dhuhr": {"ar": "الظهر", "en": "Dhuhr"},
    "asr": {"ar": "العصر", "en": "Asr"},
    "maghrib": {"ar": "المغرب", "en": "Maghrib"},
    "isha": {"ar": "العشاء", "en": "Isha"},
}
# What customers are told, and what the business reads of a day.
_TODAY = {
    "open": {"ar": "نفتح اليوم {spans}", "en": "We are open today {spans}"},
    "closed": {"ar": "نحن مغلقون اليوم", "en": "We are closed today"},
    "always": {"ar": "نعمل اليوم على مدار الساعة", "en": "We are open around the clock today"},
}
_NAMED = {
    "open": {"ar": "{day}: مفتوح {spans}", "en": "{day}: open {spans}"},
    "closed": {"ar": "{day}: مغلق", "en": "{day}: closed"},
    "always": {"ar": "{day}: مفتوح على مدار الساعة", "en": "{day}: open around the clock"},
}
_OPENS = {"ar": "نفتح {day} الساعة {time}.", "en": "We open {day} at {time}."}
_TOMORROW = {"ar": "غدا", "en": "tomorrow"}
_WEEKDAYS = {
    "ar": [f"يوم {day}" for day in ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")],
    "en": [f"on {day}day" for day in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun")],
}
_FROM_TO = {"ar": "من {begins} إلى {ends}", "en": "from {begins} to {ends}"}
_AND = {"ar": " و", "en": " and "}
_PAUSE = {"ar": "، ونتوقف لصلاة {name} {span}", "en": ", closed for {name} {span}"}
_RAMADAN = {"ar": "رمضان", "en": "Ramadan"}


def hours_today(policy: Policy, at: datetime, language: str) -> str:
    """Today's hours in a sentence, and when it opens again if it is closed for today; "" where no hours are set."""
    if not opens_by_rule(policy.hours):
        return ""
    here, then = local(policy, at), next_opening(policy, at)
    told = hours_on(policy, here.date(), language) + "."
    return told if then is None or then.date() == here.date() else f"{told} {_again(here, then, language)}"


def _again(here: datetime, then: datetime, language: str) -> str:
    """When it opens on a later day."""
    ahead = (then.date() - here.date()).days
    day = _TOMORROW[language] if ahead == 1 else _WEEKDAYS[language][then.weekday()]
    return _OPENS[language].format(day=day, time=_time(then.hour * 60 + then.minute, language, "12"))


def hours_on(policy: Policy, day: date, language: str, *, named: str = "", clock: Clock = "12") -> str:
    """A day's hours without a full stop; `named` is what the day is called (none: today, said to customers)."""
    plan = day_of(policy, day)
    return _said(plan, named, language, clock) + _why(plan, language) + _pauses(plan, language, clock)


def _said(plan: OpenDay, named: str, language: str, clock: Clock) -> str:
    ways = _NAMED if named else _TODAY
    if not plan.spans:
        return ways["closed"][language].format(day=named)
    if plan.spans == ((0, MINUTES),):
        return ways["always"][language].format(day=named)
    spans = _AND[language].join(_span(one, language, clock) for one in plan.spans)
    return ways["open"][language].format(day=named, spans=spans)


def _why(plan: OpenDay, language: str) -> str:
    if plan.why == "ramadan":
        return f" ({_RAMADAN[language]})"
    name = (plan.holiday.name.get("ar" if language == "ar" else "en") or "") if plan.holiday is not None else ""
    return f" ({name})" if name else ""


def _pauses(plan: OpenDay, language: str, clock: Clock) -> str:
    """The pauses that fall into opening hours."""
    told = [gap for gap in plan.gaps if plan.open_at(gap.begins) or plan.open_at(gap.ends - 1)]
    return "".join(_pause(gap, language, clock) for gap in told)


def _pause(gap: Gap, language: str, clock: Clock) -> str:
    span = _span((gap.begins, gap.ends), language, clock)
    return _PAUSE[language].format(name=PRAYER_NAMES[gap.prayer][language], span=span)


def _span(span: tuple[int, int], language: str, clock: Clock) -> str:
    begins, ends = (_time(minute, language, clock) for minute in span)
    return f"{begins}–{ends}" if clock == "24" else _FROM_TO[language].format(begins=begins, ends=ends)


def _time(minute: int, language: str, clock: Clock) -> str:
    hour, rest = divmod(minute % MINUTES, 60)
    if clock == "24":
        return f"{hour:02d}:{rest:02d}"
    return f"{hour % 12 or 12}:{rest:02d} {_mark(hour, language)}"


def _mark(hour: int, language: str) -> str:
    if language != "ar":
        return "AM" if hour < NOON else "PM"
    if hour == 0:
        return "بعد منتصف الليل"
    return "صباحا" if hour < NOON else "ظهرا" if hour == NOON else "مساء"
