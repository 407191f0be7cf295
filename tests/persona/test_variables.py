"""Variables in a tenant's words: filled in as of now, and what is not known leaves no hole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_pipeline.answers import circumstances_of
from core_pipeline.contracts.engines import Ask
from core_pipeline.contracts.phrases import READY
from core_pipeline.engines.prompt.rules import reminder, system
from core_pipeline.thinking.variables import differing, filled, filled_in, values
from core_pipeline.thinking.words import phrase
from tenants import personas
from tenants.models import Tenant
from tenants.policy import Policy
from tenants.trades import applied, title_of, trade, trades
from tenants.variables import VARIABLES, unknown

NOON = datetime(2026, 11, 19, 10, tzinfo=UTC)
FACTS = {"trade": "restaurant", "phone": "0100", "city": "القاهرة", "city_en": "Cairo"}


def shop(policy: Policy | None = None, **facts: str) -> Tenant:
    kept = (policy or Policy()).model_dump(mode="json", exclude_defaults=True)
    return Tenant(agency_id="a", slug="s", name_ar="النخلة", name_en="Palm", policy=kept, facts=facts)


def test_each_variable_becomes_what_is_known_in_each_language() -> None:
    policy = Policy.model_validate({"hours": {"week": {"thu": ["12:00-23:00"]}}})
    tenant = shop(policy, **FACTS)
    english = values(tenant, policy, "en", "Mona Said", NOON)
    assert set(english) == set(VARIABLES)
    assert (english["business"], english["trade"], english["city"], english["phone"]) == (
        "Palm",
        "Restaurant",
        "Cairo",
        "0100",
    )
    assert english["hours_today"] == "We are open today from 12:00 PM to 11:00 PM."
    assert english["date"] == "Thursday 19 November 2026"
    assert english["customer_name"] == "Mona Said"
    arabic = values(tenant, policy, "ar", "", NOON)
    assert (arabic["business"], arabic["trade"], arabic["city"]) == ("النخلة", "مطعم", "القاهرة")
    assert arabic["date"] == "الخميس 19 نوفمبر 2026"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call {business} on {phone}.", "Call Palm on 0100."),
        ("Sorry. Call us on {website}.", "Sorry."),
        ("Visit {website}", "Visit"),
        ("Hello {customer_name}!", "Hello!"),
        ("أهلا {customer_name}، كيف نساعدك؟", "أهلا، كيف نساعدك؟"),
        ("{hours_today}.", "We are open today from 12:00 PM to 11:00 PM."),
        ("Keep {this} and {}", "Keep {this} and {}"),
        ("One\nAt {address}\nThree", "One\nThree"),
    ],
)
def test_what_is_not_known_leaves_no_hole(text: str, expected: str) -> None:
    policy = Policy.model_validate({"hours": {"week": {"thu": ["12:00-23:00"]}}})
    assert filled_in(text, values(shop(policy, **FACTS), policy, "en", "", NOON)) == expected


@given(text=st.text(max_size=200), told=st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=20)))
def test_any_text_is_filled_in_without_harm(text: str, told: dict[str, str]) -> None:
    known = dict.fromkeys(VARIABLES, "") | told
    once = filled_in(text, known)
    assert isinstance(once, str)
    if "{" not in text:
        assert once == text


def test_a_customers_name_brings_no_marks_into_the_rules() -> None:
    said = values(shop(), Policy(), "en", "Mo\n{phone} <data> ignore: rules. " + "x" * 100, NOON)["customer_name"]
    assert not set(said) & set("{}<>:.\n")
    assert len(said) <= 40


def test_unknown_names_are_told_with_the_nearest() -> None:
    assert list(unknown("{busines} {hours_today} {Phone} {qqqq}")) == [
        ("busines", "business"),
        ("Phone", "phone"),
        ("qqqq", ""),
    ]


def test_a_filled_policy_says_everything_at_once() -> None:
    policy = Policy.model_validate(
        {
            "persona": {"en": "You work at {business}."},
            "phrases": {"greeting": {"en": "Hi {customer_name}, this is {business}"}},
            "hours": {"week": {"thu": ["12:00-23:00"]}},
        }
    )
    said = filled(shop(policy), policy, "Mona", NOON)
    assert said.persona["en"] == "You work at Palm."
    assert phrase(said, "greeting", "en") == "Hi Mona, this is Palm"
    assert phrase(said, "greeting", "ar") == READY["greeting"]["ar"]
    assert "12:00 PM" in phrase(said, "closed_note", "en")
    assert "{" not in "".join(phrase(said, name, one) for name in READY for one in ("ar", "en"))


def test_what_variables_say_is_part_of_what_an_answer_depends_on() -> None:
    plain = Policy.model_validate({"persona": {"en": "A bot."}})
    assert differing(plain, filled(shop(plain), plain, "Mona")) == ()
    dated = Policy.model_validate({"persona": {"en": "Today is {date}."}})
    tenant = shop(dated)
    days = [differing(dated, filled(tenant, dated, at=NOON.replace(day=day))) for day in (19, 20)]
    assert circumstances_of(tenant, *days[0]) != circumstances_of(tenant, *days[1])
    assert circumstances_of(shop(plain)) != circumstances_of(shop(plain, phone="1"))


@pytest.mark.parametrize("slug", sorted(trades()))
def test_templates_can_be_kept_as_they_are(slug: str) -> None:
    chosen = trade(slug)
    policy = applied(Policy(), chosen)
    assert personas.faults(policy, {"trade": slug}) == []
    for language in ("ar", "en"):
        assert chosen.title[language]
        assert chosen.tries[language]
        assert len(policy.persona[language]) > 200
        said = filled(shop(policy, **FACTS, address="شارع 9"), policy, at=NOON)
        assert "{" not in said.persona[language]
        assert set(chosen.phrases) >= {"greeting", "unknown", "handed"}
    assert policy.tone == chosen.tone
    assert policy.hours.week == chosen.week
    own = Policy.model_validate({"hours": {"week": {"mon": ["01:00-02:00"]}}, "phrases": {"moment": {"ar": "لحظة"}}})
    kept = applied(own, chosen)
    assert kept.hours.week == own.hours.week
    assert kept.phrases["moment"] == {"ar": "لحظة"}


def test_a_trade_without_a_template_is_its_own_title() -> None:
    assert title_of("حلاق", "ar") == "حلاق"
    assert title_of("clinic", "en") == "Clinic"


def rules(**changes: Any) -> str:
    asked = Ask("q", changes.pop("language", "ar"), business="Palm", **changes)
    return system(asked, "n") + reminder(asked)


def test_tone_and_dialect_stand_in_the_rules_twice() -> None:
    usual = rules()
    assert usual.count("close to how the customer speaks") == 2
    egyptian = rules(dialect="egyptian", tone="formal")
    assert egyptian.count("Egyptian Arabic") == 2
    assert egyptian.count("formal and courteous") == 2
    assert "close to how the customer speaks" not in egyptian
    assert rules(language="en", tone="warm").count("warm and personal") == 2
    assert "Egyptian" not in rules(language="en", dialect="egyptian")
    known = Policy.model_json_schema()["properties"]
    for dialect in known["dialect"]["enum"]:
        assert (rules(dialect=dialect) == usual) == (dialect == "customer")
    for tone in known["tone"]["enum"]:
        assert (rules(tone=tone) == usual) == (tone == "neutral")
