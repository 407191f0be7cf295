"""Opening hours: by the wall clock of the business, past midnight, on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.calls.dialogue import Dialogue
from core_pipeline.calls.hours import open_now, person_now
from core_pipeline.calls.manners import manner_of
from core_pipeline.calls.menu import announced
from core_pipeline.contracts.engines import Exchange
from core_pipeline.contracts.phrases import READY
from core_pipeline.history.memory import Memory
from tenants.hours import DAYS
from tenants.policy import CallPolicy, Policy

ZONES = ("Africa/Cairo", "Asia/Riyadh", "Asia/Dubai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
TIMES = st.times().map(lambda at: f"{at:%H:%M}")
SPANS = st.tuples(TIMES, TIMES | st.just("24:00")).map("-".join)
MOMENTS = st.integers(1_672_531_200, 1_924_992_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)  # 2023 to 2030


def wall(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))


def spans(calls: CallPolicy, day: date) -> list[tuple[datetime, datetime]]:
    """The opening hours that begin on this day, on a clock that is never changed."""
    midnight = datetime.combine(day, time())
    found = []
    for hours in calls.hours.get(DAYS[day.weekday()], []):
        begins, ends = (midnight + wall(one) for one in hours.split("-"))
        found.append((begins, ends if ends > begins else ends + timedelta(days=1)))
    return found


@given(
    hours=st.dictionaries(st.sampled_from(DAYS), st.lists(SPANS, max_size=3)), zone=st.sampled_from(ZONES), at=MOMENTS
)
def test_open_is_what_the_clock_on_the_wall_says(hours: dict[str, list[str]], zone: str, at: datetime) -> None:
    calls = CallPolicy.model_validate({"hours": hours, "zone": zone})
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    begun = [one for back in (0, 1) for one in spans(calls, local.date() - timedelta(days=back))]
    assert open_now(calls, at) == (not hours or any(begins <= local < ends for begins, ends in begun))


@given(at=MOMENTS, other=st.sampled_from(ZONES))
def test_the_zone_in_which_the_moment_is_named_does_not_matter(at: datetime, other: str) -> None:
    calls = CallPolicy.model_validate({"hours": {day: ["22:00-02:00"] for day in DAYS}})
    assert open_now(calls, at) == open_now(calls, at.astimezone(ZoneInfo(other)))


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ("22:00-02:00", "2030-01-05T00:30", True),  # a Saturday, opened on Friday
        ("22:00-02:00", "2030-01-05T02:00", False),
        ("22:00-02:00", "2030-01-04T01:59", False),
        ("09:00-17:30", "2030-01-04T17:29", True),
        ("09:00-17:30", "2030-01-04T17:30", False),
        ("00:00-24:00", "2030-01-04T23:59", True),
        ("09:00-09:00", "2030-01-05T08:59", True),
    ],
)
def test_friday(hours: str, at: str, expected: bool) -> None:
    calls = CallPolicy.model_validate({"hours": {"fri": [hours]}})
    assert open_now(calls, datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Africa/Cairo"))) is expected


def test_a_clock_that_goes_back_an_hour_keeps_the_door_open_longer() -> None:
    calls = CallPolicy.model_validate({"hours": {"sun": ["01:00-03:00"]}, "zone": "Europe/Berlin"})
    start = datetime(2030, 10, 26, 22, 0, tzinfo=UTC)  # Sunday 00:00 in Berlin, where 02:00 comes twice
    minutes = [open_now(calls, start + timedelta(minutes=one)) for one in range(6 * 60)]
    assert sum(minutes) == 180


def test_an_unknown_zone_closes_nothing_and_nobody_is_no_number(caplog: pytest.LogCaptureFixture) -> None:
    for zone in ("Mars/Base", "../etc/passwd", "", "a\0b"):
        calls = CallPolicy.model_validate({"hours": {"mon": []}, "zone": zone, "person": "+20100"})
        assert person_now(Policy(calls=calls), datetime.now(UTC)) == "+20100"
    assert "no time zone" in caplog.text
    closed = CallPolicy.model_validate({"hours": {"mon": []}, "person": "+20100"})
    assert person_now(Policy(calls=closed), datetime.now(UTC)) == person_now(Policy(), datetime.now(UTC)) == ""


def dialogue(language: str = "ar", opening: str = "", history: tuple[Exchange, ...] = (), **policy: object) -> Dialogue:
    known = Policy.model_validate(policy)
    return Dialogue("c", "t", "v", "a", known, {"ar": "متجر", "en": "Shop"}, language, Memory(history), opening=opening)


def test_what_is_said_first() -> None:
    ready = {name: said["en"] for name, said in READY.items()}
    plain = manner_of(dialogue("en"))
    assert plain.opening == (ready["greeting"],)
    assert manner_of(dialogue("en"), seen=True).silence == 4 * plain.silence
    calls = {"record": True, "announce": True, "person": "+20100", "menu": {"0": "person", "12": "bye"}, "pause": 0.7}
    full = manner_of(dialogue("en", disclosure="first", calls=calls))
    assert full.opening == (
        ready["recorded"],
        ready["disclosure"],
        ready["greeting"],
        "To talk to one of our team, press 0.",
        "To end the call, press 1 then 2.",
    )
    assert (full.record, full.pause, full.keys) == (True, 0.7, frozenset({"0", "12"}))
    known = manner_of(
        dialogue("en", "Your table is ready. Shall we keep it?", (Exchange("bot", "x"),), disclosure="first")
    )
    assert known.opening == ("Your table is ready.", "Shall we keep it?")


def test_keys_are_told_in_words() -> None:
    calls = CallPolicy(
        menu={"0": "person", "1": "language:en", "2": "language:fr", "*": "كم سعر الشاورما؟", "#9": "repeat"}
    )
    assert announced(Policy(calls=calls), "ar", "") == (
        "للغة الإنجليزية، اضغط واحد.",
        "لمعرفة إجابة السؤال: كم سعر الشاورما، اضغط نجمة.",
        "لسماع آخر إجابة مرة أخرى، اضغط مربع ثم تسعة.",
    )
