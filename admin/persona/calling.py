"""How a business's calls are led, as the page of calls holds it: its words, the menu of keys in rows, what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tenants.personas import Fault
from tenants.policy import CallPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Speak = Callable[[str], str]

BLANK_KEYS = 2
QUESTION = "question"
LONGEST_QUESTION = 200
_ROW = re.compile(r"key-(\d{1,3})-(?:keys|deed|question)")
_MENU = "calls.menu."
_FIGURES = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹＃", "01234567890123456789#")
# What people write between the figures of a number, and the marks that hide in what is copied.
_BETWEEN = re.compile(r"[\s().\-–\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def _(text: str) -> str:
    """Mark a message that is translated when it is shown."""
    return text


CALL_TITLES = {
    "calls": _("Phone calls"),
    "calls.person": _("Number of the person"),
    "calls.menu": _("What keys do"),
    "calls.announce": _("Tell callers the keys after the greeting"),
    "calls.hours": _("Hours of the telephone"),
    "calls.zone": _("Time zone of the telephone"),
    "calls.most": _("Calls at the same time, at most"),
    "calls.voicemail": _("Let callers leave a message"),
    "calls.record": _("Record calls"),
    "calls.interrupts": _("Callers may interrupt"),
    "calls.turn": _("How the bot notices that the caller has finished"),
    "calls.pause": _("Pause that ends a sentence (seconds)"),
    "calls.filler": _("Say “one moment” after (seconds)"),
    "calls.silence": _("Ask “are you still there?” after (seconds)"),
    "calls.longest": _("Longest call (seconds)"),
    "calls.follow_up": _("Go on by message after a missed or broken-off call"),
    "calls.digits": _("Figures of a keyed number, at most"),
}
DEEDS = (
    (QUESTION, _("Answers this question")),
    ("person", _("Puts through to the person")),
    ("repeat", _("Says the last answer again")),
    ("bye", _("Ends the call")),
    ("language:ar", _("Goes on in Arabic")),
    ("language:en", _("Goes on in English")),
)
CALL_CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "calls.turn": (
        ("pause", _("By a pause")),
        ("model", _("By listening to how they speak, where the installation can")),
    ),
    "calls.menu": DEEDS,
}
_FIXED = frozenset(deed for deed, _title in DEEDS) - {QUESTION}
_SAID = {
    "calls.person": _(
        "Write the number with + and the country code, like +201001234567, figures only; or a sip: address."
    ),
    "key-no-keys": _("Write which key this is, or empty the question, too."),
    "key-no-question": _("Write the question that this key answers."),
    "key-twice": _("This key stands here twice: change one, or empty it."),
    "key-wrong": _("One to four of the figures 0 to 9, * and #, like 1 or 21."),
}
_BOUNDED = {
    f"calls.{name}": (part["minimum"], part["maximum"])
    for name, part in CallPolicy.model_json_schema()["properties"].items()
    if "maximum" in part
}


def bounds() -> Mapping[str, tuple[float, float]]:
    """The least and the most that a number of this page may be, as the policy has it."""
    return _BOUNDED


def dialled(typed: str) -> str:
    """A number as people write it ("+20 (100) 123-4567", "٠١٠٠"), as the policy keeps it; else what was typed."""
    plain = _BETWEEN.sub("", typed.translate(_FIGURES))
    return plain if plain.lstrip("+").isdigit() else typed.strip()


def menu_shown(menu: Mapping[str, str]) -> dict[str, str]:
    """The rows of keys that hold this menu."""
    found: dict[str, str] = {}
    for number, (keys, deed) in enumerate(menu.items()):
        fixed = deed in _FIXED
        row = {"keys": keys, "deed": deed if fixed else QUESTION, "question": "" if fixed else deed}
        found |= {f"key-{number}-{part}": value for part, value in row.items()}
    return found


def menu_taken(typed: Mapping[str, str]) -> tuple[dict[str, str], list[Fault]]:
    """The menu that was typed in rows, and what is wrong with rows by themselves; an emptied row is none."""
    menu: dict[str, str] = {}
    found: list[Fault] = []
    for number in _numbers(typed):
        keys, deed = _keys(typed, number), _deed(typed, number)
        if wrong := _row_fault(number, keys, deed, menu):
            found.append(wrong)
        elif keys:
            menu[keys] = deed
    return menu, found


def key_rows(values: Mapping[str, str]) -> list[int]:
    """The numbers of the rows of keys that are shown: those that hold anything, and some for new ones."""
    filled = [one for one in _numbers(values) if values.get(f"key-{one}-keys") or values.get(f"key-{one}-question")]
    first = max(filled, default=-1) + 1
    return [*filled, *range(first, first + BLANK_KEYS)]


def placed(fault: Fault, typed: Mapping[str, str]) -> Fault:
    """What the policy finds wrong with a key, in the row in which it was typed; anything else as it is."""
    if not fault.where.startswith(_MENU):
        return fault
    keys = fault.where.removeprefix(_MENU).removesuffix(".[key]")
    number = next((one for one in _numbers(typed) if _keys(typed, one) == keys), 0)
    if fault.where.endswith(".[key]"):
        return Fault(f"key-{number}-keys", "key-wrong")
    return replace(fault, where=f"key-{number}-question", code="too-long", about=str(LONGEST_QUESTION))


def call_fault(fault: Fault, speak: Speak) -> str:
    """What to do about something wrong with how calls are led; "" where there is nothing special to say."""
    if fault.where in _BOUNDED and fault.code.startswith("invalid"):
        least, most = (f"{one:g}" for one in _BOUNDED[fault.where])
        return speak(_("Write a number from {least} to {most}.")).format(least=least, most=most)
    invalid = fault.where == "calls.person" and fault.code.startswith("invalid")
    said = _SAID.get(fault.where if invalid else fault.code, "")
    return speak(said) if said else ""


def _numbers(values: Mapping[str, str]) -> Iterator[int]:
    return iter(sorted({int(found[1]) for name in values if (found := _ROW.fullmatch(name))}))


def _keys(typed: Mapping[str, str], number: int) -> str:
    return re.sub(r"\s", "", typed.get(f"key-{number}-keys", "")).translate(_FIGURES)


def _deed(typed: Mapping[str, str], number: int) -> str:
    deed = typed.get(f"key-{number}-deed", QUESTION)
    return deed if deed in _FIXED else " ".join(typed.get(f"key-{number}-question", "").split())


def _row_fault(number: int, keys: str, deed: str, menu: Mapping[str, str]) -> Fault | None:
    if not keys:
        lost = deed and deed not in _FIXED
        return Fault(f"key-{number}-keys", "key-no-keys") if lost else None
    if keys in menu:
        return Fault(f"key-{number}-keys", "key-twice")
    return None if deed else Fault(f"key-{number}-question", "key-no-question")
