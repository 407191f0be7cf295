"""What the places of a policy are called, and what is wrong with values in them, in the visitor's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.persona.calling import CALL_CHOICES, CALL_TITLES, call_fault
from core_pipeline.opening.saying import PRAYER_NAMES
from tenants.personas import LONGEST_FACT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tenants.personas import Fault

    Speak = Callable[[str], str]


def _(text: str) -> str:
    """Mark a message that is translated when it is shown."""
    return text


PHRASE_TITLES = {
    "greeting": _("Greeting"),
    "thanks": _("When the customer says thanks"),
    "goodbye": _("Goodbye"),
    "unknown": _("When the bot doesn’t know"),
    "repeat": _("When the question was not understood"),
    "fallback": _("When something broke on our side"),
    "please_write": _("When a recording can’t be heard"),
    "unsupported": _("When a picture or file comes without words"),
    "reset": _("After “start over”"),
    "forgotten": _("After “forget me”"),
    "may_remember": _("Asking to remember a name"),
    "remembered": _("When the customer agreed to that"),
    "not_remembered": _("When the customer said no to that"),
    "handed": _("When a person was asked to answer"),
    "closed_note": _("Added while you are closed"),
    "disclosure": _("Saying that a machine speaks"),
    "video_soon": _("While a video is being made"),
    "moment": _("Call: one moment"),
    "still_there": _("Call: are you still there?"),
    "silence_over": _("Call: ends after silence"),
    "time_over": _("Call: ends because it is too long"),
    "recorded": _("Call: it is recorded"),
    "transferring": _("Call: puts through to a person"),
    "no_person": _("Call: nobody is available"),
    "leave_message": _("Call: leave a message"),
    "away": _("Call: the assistant can’t answer now"),
    "with_colleague": _("Call: a colleague has the conversation"),
    "say_message": _("Call: say your message"),
    "message_kept": _("Call: the message is kept"),
    "lines_busy": _("Call: all lines are busy"),
    "closed": _("Call: you are closed"),
    "not_heard": _("Call: was not heard"),
    "trouble": _("Call: something went wrong"),
    "call_broke_off": _("Message after a call broke off"),
    "call_missed": _("Message after a missed call"),
    "call_again": _("Before the number to call back"),
}
DAY_TITLES = {
    "mon": _("Monday"),
    "tue": _("Tuesday"),
    "wed": _("Wednesday"),
    "thu": _("Thursday"),
    "fri": _("Friday"),
    "sat": _("Saturday"),
    "sun": _("Sunday"),
}
# The week as it is shown: it begins on Sunday.
WEEK = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FACT_TITLES = {
    "trade": _("Trade"),
    "phone": _("Telephone"),
    "address": _("Address"),
    "address_en": _("Address in English"),
    "city": _("City"),
    "city_en": _("City in English"),
    "website": _("Website"),
}
VARIABLE_TITLES = {
    "business": _("Name of the business"),
    "trade": _("Trade"),
    "phone": _("Telephone"),
    "address": _("Address"),
    "city": _("City"),
    "website": _("Website"),
    "hours_today": _("Today’s hours"),
    "date": _("Today’s date"),
    "customer_name": _("The customer’s name, if they agreed to be remembered"),
}
TITLES = {
    "persona": _("Who the bot is"),
    "phrases": _("Words"),
    "facts": _("Facts"),
    "tone": _("Tone"),
    "dialect": _("Dialect of Arabic answers"),
    "answers_in": _("Language of answers"),
    "language": _("Language when none can be told"),
    "longest_answer": _("Longest answer (characters)"),
    "hours": _("Hours"),
    "hours.zone": _("Time zone"),
    "hours.week": _("Hours"),
    "hours.holidays": _("Holidays"),
    "hours.ramadan.active": _("Other hours in Ramadan"),
    "hours.ramadan.correction": _("The moon was seen (days later)"),
    "hours.ramadan.week": _("Hours in Ramadan"),
    "hours.pauses.minutes": _("Minutes closed for prayer"),
    "hours.pauses.friday": _("Friday prayer"),
    "hours.pauses.city": _("City for prayer times"),
    "hours.pauses.method": _("How prayer times are computed"),
    "hours.pauses.latitude": _("Latitude"),
    "hours.pauses.longitude": _("Longitude"),
    "reply": _("How the bot answers"),
    "video": _("Talking video"),
    "disclosure": _("Say that a machine speaks"),
    "handoff.words": _("Words that call a person"),
    "handoff.after_unknown": _("After so many unknown answers in a row"),
    "handoff.angry": _("When the customer is angry"),
    "handoff.when_closed": _("Outside opening hours, too"),
    "handoff_hours": _("Hours the bot stays quiet after that"),
    "burst_seconds": _("Seconds to wait for the next message"),
    "burst_cap": _("Longest such wait (seconds)"),
    "memory_messages": _("Messages the bot remembers"),
    "session_seconds": _("Seconds of silence after which it begins anew"),
    "remember": _("Ask to remember the customer’s name"),
    "cache": _("Answer repeated questions from memory"),
    "confidence": _("How surely speech must be understood (0 to 1)"),
    "answerable": _("How sure the search must be (0 to 1)"),
    "voice": _("Voice"),
    "avatar": _("Avatar"),
    "avatar_colours": _("Colours of the avatar"),
    "engines": _("Engines"),
    **CALL_TITLES,
    "try_page": _("Public page to try the bot"),
    "cache_likeness": _("How alike repeated questions must be"),
    "video_view": _("Shape of the video"),
    "video_hd": _("Large video"),
    "captions": _("Captions in the video"),
    "video_seconds": _("Longest video (seconds)"),
    "video_long": _("What is too long for a video"),
    "video_minutes": _("Minutes of video a month"),
    "keep_media_days": _("Days that recordings are kept"),
    "keep_words_days": _("Days that words are kept"),
    "video_wait": _("Longest wait for a video (seconds)"),
}
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "tone": (
        ("neutral", _("Neutral")),
        ("warm", _("Warm")),
        ("formal", _("Formal")),
        ("cheerful", _("Cheerful")),
    ),
    "dialect": (
        ("customer", _("As the customer speaks")),
        ("formal", _("Standard Arabic")),
        ("egyptian", _("Egyptian")),
        ("gulf", _("Gulf")),
        ("levantine", _("Levantine")),
        ("maghrebi", _("Maghrebi")),
        ("iraqi", _("Iraqi")),
    ),
    "answers_in": (
        ("customer", _("As the customer asks")),
        ("ar", _("Always Arabic")),
        ("en", _("Always English")),
    ),
    "language": (("ar", _("Arabic")), ("en", _("English"))),
    "reply": (
        ("voice", _("With a voice note")),
        ("text", _("In writing")),
        ("mirror", _("As the customer wrote: voice for voice, text for text")),
    ),
    "video": (
        ("never", _("Never")),
        ("request", _("When the customer asks for one")),
        ("first", _("For the first answer")),
        ("always", _("For every answer")),
    ),
    "disclosure": (
        ("never", _("Only where a cloned voice demands it")),
        ("first", _("In the first answer")),
        ("always", _("In every answer")),
    ),
    "hours.pauses.method": (
        ("", _("As the city’s country does")),
        ("egypt", _("Egyptian General Authority of Survey")),
        ("umm_al_qura", _("Umm al-Qura, Makkah")),
        ("dubai", _("Dubai")),
        ("kuwait", _("Kuwait")),
        ("qatar", _("Qatar")),
        ("league", _("Muslim World League")),
        ("karachi", _("Karachi")),
        ("france", _("France (UOIF)")),
        ("america", _("North America (ISNA)")),
    ),
    **CALL_CHOICES,
}
VALUES = {"yes": _("Yes"), "no": _("No")}
LANGUAGE_TITLES = {"ar": _("Arabic"), "en": _("English")}
DIALECT_TITLES = {
    "egyptian": _("Egyptian"),
    "gulf": _("Gulf"),
    "levantine": _("Levantine"),
    "maghrebi": _("Maghrebi"),
    "iraqi": _("Iraqi"),
    "arabizi": _("Arabic in Latin letters"),
    "standard": _("Standard Arabic"),
}


def title_of(place: str, speak: Speak, language: str) -> str:
    """What a place such as "phrases.greeting.ar" is called: "Greeting (Arabic)"."""
    parts = place.removeprefix("policy.").split(".")
    if parts[0] == "facts":
        return speak(FACT_TITLES.get(parts[-1], parts[-1]))
    if parts[0] == "phrases" and len(parts) > 1:
        return _with(speak(PHRASE_TITLES.get(parts[1], parts[1])), parts[2:], speak, language)
    for length in range(len(parts), 0, -1):
        if (known := TITLES.get(".".join(parts[:length]))) is not None:
            return _with(speak(known), parts[length:], speak, language)
    return place


def _with(title: str, rest: list[str], speak: Speak, language: str) -> str:
    named = [_part(one, speak, language) for one in rest if one]
    return f"{title} ({', '.join(named)})" if named else title


def _part(name: str, speak: Speak, language: str) -> str:
    if name in PRAYER_NAMES:
        return PRAYER_NAMES[name][language]
    known = LANGUAGE_TITLES.get(name) or DAY_TITLES.get(name)
    return speak(known) if known else name.replace("_", " ")


def value_of(place: str, value: Any, speak: Speak) -> str:
    """A value as people read it; "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return speak(VALUES["yes" if value else "no"])
    if isinstance(value, list):
        return speak(_(", ")).join(value_of(place, one, speak) for one in value)
    if isinstance(value, dict):
        return speak(_(", ")).join(
            f"{name}: {value_of(place, one, speak)}" for name, one in value.items() if one not in ("", [], {})
        )
    known = "calls.menu" if place.startswith("policy.calls.menu.") else place.removeprefix("policy.")
    chosen = dict(CHOICES.get(known, ())).get(str(value))
    return speak(chosen) if chosen else str(value)


def choices(speak: Speak) -> Mapping[str, list[tuple[str, str]]]:
    """The options of every choice, in the visitor's language."""
    return {name: [(value, speak(title)) for value, title in options] for name, options in CHOICES.items()}


def explained(faults: Iterable[Fault], names: Iterable[str], speak: Speak) -> dict[str, str]:
    """What is wrong by the name of the control that shows it; "" for what no control of this form shows."""
    known = sorted(names, key=len, reverse=True)
    found: dict[str, str] = {}
    for fault in faults:
        place = _holiday(fault.where)
        where = next((name for name in known if place == name or place.startswith(f"{name}.")), "")
        words = _said(fault, speak)
        found.setdefault(where, words if where else f"{fault.where}: {words}")
    return found


def _holiday(place: str) -> str:
    """A place within the list of holidays, as the form names it."""
    parts = place.split(".")
    if parts[:2] == ["hours", "holidays"] and len(parts) > 3:
        return f"holiday-{parts[2]}-{parts[4] if parts[3] == 'name' and len(parts) > 4 else parts[3]}"
    return place


def _said(fault: Fault, speak: Speak) -> str:
    if of_calls := call_fault(fault, speak):
        return of_calls
    about = {"about": fault.about, "nearest": fault.nearest, "most": fault.about or str(LONGEST_FACT)}
    if fault.code == "unknown-variable":
        near = _("There is no variable {{{about}}}. Did you mean {{{nearest}}}?")
        return speak(near if fault.nearest else _("There is no variable {{{about}}}.")).format(**about)
    known = {
        "too-long": _("This is longer than {most} characters."),
        "not-a-zone": _("There is no time zone “{about}”."),
        "no-text": _("This holds characters that can’t be kept."),
    }
    if fault.code in known:
        return speak(known[fault.code]).format(**about)
    if ".week." in fault.where or fault.where.endswith("hours") or ".hours." in fault.where:
        return speak(_("Write hours like 09:00-17:00, several with a comma between."))
    return speak(_("This value can’t be used here."))
