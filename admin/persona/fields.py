"""The forms of the persona pages as lists of fields, named like the places of the policy that they edit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from admin.persona.calling import dialled, menu_shown, menu_taken, placed
from tenants.hours import DAYS, PRAYERS
from tenants.personas import Wrong, faults_of_words, parsed
from tenants.policy import PHRASES
from tenants.variables import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenants.personas import Current, Fault
    from tenants.policy import Policy

Kind = Literal["text", "choice", "number", "flag", "lines", "spans", "phone"]
LANGUAGES = ("ar", "en")
BLANK_HOLIDAYS = 3
HOLIDAY_PARTS = ("date", "days", "ar", "en", "hours", "yearly")
_HOLIDAY = re.compile(r"holiday-(\d{1,3})-date")
_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—]\s*(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True)
class Field:
    """One control: its name is the place of the policy that it edits, or "facts.…"."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Section:
    """One page of the persona: where it is, and what it edits; `holidays` and `keys`: it edits these rows, too."""

    name: str
    path: str
    fields: tuple[Field, ...]
    holidays: bool = False
    keys: bool = False


WHO = Section(
    "who",
    "/persona",
    (
        *(Field(f"persona.{one}") for one in LANGUAGES),
        *(Field(name, "choice") for name in ("tone", "dialect", "answers_in", "language")),
        Field("longest_answer", "number"),
        *(Field(f"facts.{name}") for name in FACTS),
    ),
)
WORDS = Section(
    "words", "/persona/words", tuple(Field(f"phrases.{name}.{one}") for name in PHRASES for one in LANGUAGES)
)
HOURS = Section(
    "hours",
    "/persona/hours",
    (
        Field("hours.zone", "choice"),
        *(Field(f"hours.week.{day}", "spans") for day in DAYS),
        Field("hours.ramadan.active", "flag"),
        Field("hours.ramadan.correction", "number"),
        *(Field(f"hours.ramadan.week.{day}", "spans") for day in DAYS),
        *(Field(f"hours.pauses.minutes.{name}", "number") for name in PRAYERS),
        Field("hours.pauses.friday", "number"),
        Field("hours.pauses.city", "choice"),
        Field("hours.pauses.method", "choice"),
        Field("hours.pauses.latitude", "number"),
        Field("hours.pauses.longitude", "number"),
    ),
    holidays=True,
)
RULES = Section(
    "rules",
    "/persona/rules",
    (
        Field("reply", "choice"),
        Field("video", "choice"),
        Field("disclosure", "choice"),
        Field("handoff.words", "lines"),
        Field("handoff.after_unknown", "number"),
        Field("handoff.angry", "flag"),
        Field("handoff.when_closed", "flag"),
        Field("handoff_hours", "number"),
        Field("burst_seconds", "number"),
        Field("burst_cap", "number"),
        Field("memory_messages", "number"),
        Field("session_seconds", "number"),
        Field("remember", "flag"),
        Field("cache", "flag"),
        Field("confidence", "number"),
        Field("answerable", "number"),
    ),
)
CALLS = Section(
    "calls",
    "/persona/calls",
    (
        Field("calls.person", "phone"),
        *(Field(f"calls.hours.{day}", "spans") for day in DAYS),
        Field("calls.zone", "choice"),
        Field("calls.turn", "choice"),
        *(Field(f"calls.{name}", "number") for name in ("most", "pause", "filler", "silence", "longest", "digits")),
        *(Field(f"calls.{name}", "flag") for name in ("announce", "voicemail", "record", "interrupts", "follow_up")),
    ),
    keys=True,
)
SECTIONS = {one.name: one for one in (WHO, WORDS, HOURS, RULES, CALLS)}
# What a try may change without saving it.
DRAFT = Section(
    "draft",
    "/try",
    (
        *(Field(f"persona.{one}") for one in LANGUAGES),
        *(Field(name, "choice") for name in ("tone", "dialect", "answers_in")),
        Field("longest_answer", "number"),
    ),
)


def shown(section: Section, now: Current) -> dict[str, str]:
    """What the section's controls hold for these values."""
    whole = {**now.policy.model_dump(mode="json"), "facts": now.facts}
    found = {field.name: _text(field.kind, _at(whole, field.name)) for field in section.fields}
    found |= _holidays_shown(now.policy) if section.holidays else {}
    return found | (menu_shown(now.policy.calls.menu) if section.keys else {})


def taken(section: Section, now: Current, typed: Mapping[str, str]) -> tuple[Policy, dict[str, str]]:
    """Policy and facts with what was typed in this section; `personas.Wrong` with what is no value."""
    whole = {**now.policy.model_dump(mode="json"), "facts": dict(now.facts)}
    for field in section.fields:
        _put(whole, field.name, _value(field.kind, typed.get(field.name, "")))
    if section.holidays:
        whole["hours"]["holidays"] = _holidays_taken(typed)
    wrong_rows: list[Fault] = []
    if section.keys:
        whole["calls"]["menu"], wrong_rows = menu_taken(typed)
    facts = {name: value for name, value in whole.pop("facts").items() if value}
    try:
        policy = parsed(whole)
    except Wrong as wrong:  # everything that is wrong is told at once
        found = [placed(one, typed) for one in wrong.faults] if section.keys else wrong.faults
        raise Wrong([*wrong_rows, *found, *faults_of_words(whole["persona"], whole["phrases"])]) from None
    if wrong_rows:
        raise Wrong(wrong_rows)
    return policy, facts


def blank(section: Section, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with "" for controls that browsers leave out."""
    return {**{field.name: "" for field in section.fields}, **typed}


def holiday_rows(values: Mapping[str, str]) -> list[int]:
    """The numbers of the rows of holidays that are shown: those that are filled, and some for new ones."""
    filled = [number for number in _numbers(values) if values.get(f"holiday-{number}-date")]
    first = max(filled, default=-1) + 1
    return [*filled, *range(first, first + BLANK_HOLIDAYS)]


def _numbers(values: Mapping[str, str]) -> list[int]:
    return sorted(int(found[1]) for name in values if (found := _HOLIDAY.fullmatch(name)))


def _at(whole: Mapping[str, Any], place: str) -> Any:
    value: Any = whole
    for part in place.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _put(whole: dict[str, Any], place: str, value: Any) -> None:
    if value is None and _at(whole, place) is None:
        return
    *parts, last = place.split(".")
    for part in parts:
        whole = whole.setdefault(part, {})
    if value is None:
        del whole[last]
    else:
        whole[last] = value


def _text(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind == "flag":
        return "yes" if value else ""
    if kind == "number":
        return f"{value:g}"
    if kind in {"lines", "spans"}:
        return ("\n" if kind == "lines" else ", ").join(value)
    return str(value)


def _value(kind: Kind, typed: str) -> Any:
    """What was typed as the policy takes it; None takes a value away, so that the default holds."""
    if kind == "flag":
        return typed == "yes"
    if kind == "lines":
        return [line.strip() for line in re.split(r"[\n,،;؛]", typed) if line.strip()]
    if kind == "spans":
        return spans(typed) or None
    if kind == "phone":
        return dialled(typed) or None
    text = typed.replace("\r\n", "\n").strip()
    return text or None


def spans(typed: str) -> list[str]:
    """Hours as people type them ("9-17، 18:30-23"), as the policy keeps them; what can't be read stays as it is."""
    parts = [part.strip() for part in re.split(r"[,،;؛\n]", typed) if part.strip()]
    return [_span(part) for part in parts]


def _span(part: str) -> str:
    plain = part.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789"))
    found = _SPAN.fullmatch(plain)
    if found is None:
        return part
    begin, end = (f"{int(found[hour]):02d}:{found[hour + 1] or '00'}" for hour in (1, 3))
    return f"{begin}-{end}"


def _holidays_shown(policy: Policy) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, one in enumerate(policy.hours.holidays):
        row = {
            "date": one.date.isoformat(),
            "days": str(one.days),
            "ar": one.name.get("ar", ""),
            "en": one.name.get("en", ""),
            "hours": ", ".join(one.hours),
            "yearly": "yes" if one.yearly else "",
        }
        found |= {f"holiday-{number}-{part}": value for part, value in row.items()}
    return found


def _holidays_taken(typed: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = [{part: typed.get(f"holiday-{number}-{part}", "") for part in HOLIDAY_PARTS} for number in _numbers(typed)]
    return [
        {
            "date": row["date"],
            "days": row["days"] or 1,
            "name": {one: row[one] for one in LANGUAGES if row[one]},
            "hours": spans(row["hours"]),
            "yearly": row["yearly"] == "yes",
        }
        for row in rows
        if row["date"]
    ]
