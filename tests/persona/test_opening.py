"""When a business is open: weeks, holidays, Ramadan and prayers, against what authorities have published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.arabic.speakable import speakable
from core_pipeline.calls.hours import takes_calls
from core_pipeline.opening import day_of, hours_on, hours_today, local, next_opening, open_at
from core_pipeline.opening.cities import cities
from core_pipeline.opening.prayers import prayers_on
from core_pipeline.opening.ramadan import in_ramadan, ramadans
from tenants.hours import DAYS, Pauses
from tenants.policy import Policy

CAIRO = ZoneInfo("Africa/Cairo")
DAILY = {day: ["12:00-23:00"] for day in DAYS}
# A published time and ours may differ by so many minutes: authorities round, and add minutes of caution.
TOLERANCE = 2


def policy(**hours: Any) -> Policy:
    return Policy.model_validate({"hours": hours})


def at(text: str, zone: ZoneInfo = CAIRO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


# fajr, dhuhr, asr, maghrib, isha. Cairo and Alexandria: the Egyptian General Authority of Survey, as the press printed
# it on these days. Makkah: the calendar of Umm al-Qura. Doha: Qatar's ministry of Awqaf.
PUBLISHED = [
    ("cairo", "2024-12-02", "05:03 11:44 14:36 16:55 18:17"),
    ("cairo", "2025-11-24", "04:57 11:42 14:36 16:55 18:17"),
    ("cairo", "2025-03-21", "04:31 12:02 15:30 18:07 19:25"),
    ("alexandria", "2024-12-02", "05:09 11:50 14:39 16:57 18:21"),
    ("alexandria", "2025-03-21", "04:35 12:07 15:35 18:12 19:31"),
    ("makkah", "2016-01-05", "05:39 12:26 15:32 17:53 19:23"),
    ("makkah", "2016-04-03", "04:55 12:24 15:50 18:37 20:07"),
    ("makkah", "2016-10-06", "04:58 12:09 15:32 18:04 19:34"),
    ("doha", "2016-02-01", "04:59 11:47 14:56 17:19 18:49"),
    ("doha", "2016-11-01", "04:24 11:17 14:29 16:54 18:24"),
]


@pytest.mark.parametrize(("city", "day", "times"), PUBLISHED)
def test_prayers_are_called_when_authorities_say(city: str, day: str, times: str) -> None:
    zone = ZoneInfo(cities()[city].zone)
    called = prayers_on(date.fromisoformat(day), Pauses(city=city), zone)
    for name, published in zip(("fajr", "dhuhr", "asr", "maghrib", "isha"), times.split(), strict=True):
        expected = at(f"{day} {published}", zone)
        assert abs((called[name] - expected).total_seconds()) <= TOLERANCE * 60, (name, called[name])  # type: ignore[index]  # names of prayers


def test_makkahs_night_prayer_is_later_in_ramadan() -> None:
    zone, makkah = ZoneInfo("Asia/Riyadh"), Pauses(city="makkah")
    fasting, before = prayers_on(date(2026, 2, 20), makkah, zone), prayers_on(date(2026, 2, 10), makkah, zone)
    assert (fasting["isha"] - fasting["maghrib"]) == timedelta(minutes=120)
    assert (before["isha"] - before["maghrib"]) == timedelta(minutes=90)


def test_any_place_will_do_and_the_far_north_has_no_prayers_to_break() -> None:
    here = Pauses(city="cairo", latitude=21.427, longitude=39.829, method="umm_al_qura")
    there = prayers_on(date(2016, 4, 3), Pauses(city="makkah"), ZoneInfo("UTC"))
    assert prayers_on(date(2016, 4, 3), here, ZoneInfo("UTC")) == there
    north = Pauses(latitude=66, longitude=20, method="league")
    assert prayers_on(date(2026, 6, 21), north, ZoneInfo("UTC")) == {}


def test_every_city_is_whole() -> None:
    assert len(cities()) > 50
    for city in cities().values():
        assert city.names["ar"]
        assert city.names["en"]
        called = prayers_on(date(2026, 3, 20), Pauses(city=city.slug), ZoneInfo(city.zone))
        hours = [called[name].hour for name in ("fajr", "dhuhr", "asr", "maghrib")]
        assert hours == sorted(hours)
        assert 11 <= hours[1] <= 13, city.slug  # noon by the city's own clock: coordinates and zone fit
        assert 17 <= hours[3] <= 19, city.slug  # the equinox


def test_ramadan_is_where_umm_al_qura_put_it() -> None:
    assert ramadans(2024) == [(date(2024, 3, 11), date(2024, 4, 9))]
    assert ramadans(2025) == [(date(2025, 3, 1), date(2025, 3, 29))]
    assert ramadans(2026) == [(date(2026, 2, 18), date(2026, 3, 19))]
    assert len(ramadans(2030)) == 2
    assert ramadans(2026, 1) == [(date(2026, 2, 19), date(2026, 3, 20))]
    assert in_ramadan(date(2026, 3, 20), 1)
    assert not in_ramadan(date(2026, 2, 18), 1)
    assert not in_ramadan(date(1800, 1, 1))
    assert ramadans(3000) == []


def test_ramadans_week_replaces_the_usual_one() -> None:
    fasting = policy(week=DAILY, ramadan={"active": True, "week": {day: ["18:00-02:00"] for day in DAYS}})
    assert not open_at(fasting, at("2026-02-20 13:00"))
    assert open_at(fasting, at("2026-02-20 19:00"))
    assert open_at(fasting, at("2026-02-21 01:30"))
    assert open_at(fasting, at("2026-02-10 13:00"))
    assert "رمضان" in hours_on(fasting, date(2026, 2, 20), "ar")
    off = policy(week=DAILY, ramadan={"active": False, "week": {day: ["18:00-02:00"] for day in DAYS}})
    assert open_at(off, at("2026-02-20 13:00"))


def test_a_day_has_several_spans_and_may_end_tomorrow() -> None:
    shop = policy(week={"thu": ["10:00-14:00", "17:00-01:00"]})
    asked = {"09:59": False, "10:00": True, "14:00": False, "16:59": False, "17:00": True, "23:59": True}
    assert {clock: open_at(shop, at(f"2026-11-19 {clock}")) for clock in asked} == asked
    assert open_at(shop, at("2026-11-20 00:59"))
    assert not open_at(shop, at("2026-11-20 01:00"))


def test_holidays_close_or_have_hours_of_their_own() -> None:
    eid = {"date": "2026-03-20", "days": 3, "name": {"ar": "عيد الفطر", "en": "Eid"}}
    armed = {"date": "2020-10-06", "name": {"en": "Armed Forces Day"}, "hours": ["12:00-15:00"], "yearly": True}
    shop = policy(week=DAILY, holidays=[eid, armed])
    assert not any(open_at(shop, at(f"2026-03-{day} 15:00")) for day in (20, 21, 22))
    assert open_at(shop, at("2026-03-23 15:00"))
    assert open_at(shop, at("2026-10-06 14:00"))
    assert not open_at(shop, at("2026-10-06 16:00"))
    assert hours_on(shop, date(2026, 3, 21), "ar") == "نحن مغلقون اليوم (عيد الفطر)"
    leap = policy(holidays=[{"date": "2024-02-29", "yearly": True}])
    assert not open_at(leap, at("2026-02-28 12:00"))
    assert open_at(leap, at("2026-03-01 12:00"))
    assert not open_at(policy(holidays=[{"date": "2025-12-30", "days": 5, "yearly": True}]), at("2027-01-02 12:00"))


def test_who_keeps_open_past_midnight_closes_when_the_holiday_is_over_their_evening() -> None:
    late = policy(week={day: ["18:00-02:00"] for day in DAYS}, holidays=[{"date": "2026-03-20"}])
    assert open_at(late, at("2026-03-20 01:00"))
    assert not open_at(late, at("2026-03-20 19:00"))
    assert not open_at(late, at("2026-03-21 01:00"))


def test_prayers_pause_what_is_open_and_fridays_noon_is_longer() -> None:
    shop = policy(week=DAILY, pauses={"minutes": {"maghrib": 20, "dhuhr": 10}, "friday": 60})
    monday = day_of(shop, date(2025, 11, 24))
    assert [(gap.prayer, gap.ends - gap.begins) for gap in monday.gaps] == [("dhuhr", 10), ("maghrib", 20)]
    friday = day_of(shop, date(2025, 11, 21))
    assert [(gap.prayer, gap.ends - gap.begins) for gap in friday.gaps] == [("dhuhr", 60), ("maghrib", 20)]
    begins = monday.gaps[1].begins
    during = at("2025-11-24 00:00") + timedelta(minutes=begins)
    assert not open_at(shop, during)
    assert open_at(shop, during - timedelta(minutes=1))
    assert open_at(shop, during + timedelta(minutes=20))
    assert next_opening(shop, during) == during + timedelta(minutes=20)
    shown = hours_on(shop, date(2025, 11, 24), "en", named="Today", clock="24")
    assert shown.startswith("Today: open 12:00–23:00, closed for Maghrib 16:5")
    assert "Dhuhr" not in shown  # it falls before the doors open


def test_hours_are_said_as_people_say_them() -> None:
    shop = policy(week=DAILY)
    open_now, after = at("2026-11-19 15:00"), at("2026-11-19 23:30")
    assert hours_today(shop, open_now, "ar") == "نفتح اليوم من 12:00 ظهرا إلى 11:00 مساء."
    assert hours_today(shop, open_now, "en") == "We are open today from 12:00 PM to 11:00 PM."
    assert hours_today(shop, after, "en").endswith("We open tomorrow at 12:00 PM.")
    assert "الثانية عشرة ظهرا" in speakable(hours_today(shop, open_now, "ar"), "ar")
    assert hours_today(Policy(), open_now, "ar") == ""
    closed = policy(week={"mon": ["09:00-17:00"]})
    assert hours_today(closed, at("2026-11-19 15:00"), "ar") == "نحن مغلقون اليوم. نفتح يوم الاثنين الساعة 9:00 صباحا."
    assert next_opening(policy(week={"mon": []}), open_now) is None


def test_calls_take_the_business_hours_unless_they_have_their_own() -> None:
    noon, night = at("2026-11-19 13:00"), at("2026-11-19 03:00")
    shop = policy(week=DAILY)
    assert takes_calls(shop, noon)
    assert not takes_calls(shop, night)
    own = Policy.model_validate({"hours": {"week": DAILY}, "calls": {"hours": {"thu": ["02:00-04:00"]}}})
    assert not takes_calls(own, noon)
    assert takes_calls(own, night)
    assert takes_calls(Policy(), night)


def test_a_zone_of_its_own_goes_before_that_of_calls() -> None:
    riyadh = policy(zone="Asia/Riyadh", week=DAILY)
    assert local(riyadh, datetime(2026, 1, 1, tzinfo=UTC)).hour == 3
    assert local(Policy(), datetime(2026, 1, 1, tzinfo=UTC)).hour == 2
    assert local(policy(zone="Mars/Base"), datetime(2026, 1, 1, tzinfo=UTC)).hour == 0


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds and gives aware times
CLOCKS = st.integers(0, 23).map(lambda hour: f"{hour:02d}:00")
WEEKS = st.dictionaries(
    st.sampled_from(DAYS), st.lists(st.tuples(CLOCKS, CLOCKS).map("-".join), max_size=2), min_size=1
)


@given(week=WEEKS, moment=MOMENTS, pauses=st.dictionaries(st.sampled_from(["asr", "isha"]), st.integers(0, 60)))
def test_what_opens_next_is_closed_until_then(
    week: dict[str, list[str]], moment: datetime, pauses: dict[str, int]
) -> None:
    shop = policy(week=week, pauses={"minutes": pauses}, zone="Asia/Riyadh")
    then = next_opening(shop, moment)
    if open_at(shop, moment):
        assert then is None
    elif then is not None:
        assert then > moment
        assert open_at(shop, then)
        between = [moment + (then - moment) * part / 7 for part in range(7)]
        assert not any(open_at(shop, one) for one in between)
    else:
        assert not any(spans for spans in week.values())
