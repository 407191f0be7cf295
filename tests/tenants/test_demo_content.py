import re

import pytest

from tenants.demo import LANGUAGES, DemoEntry, load
from tenants.policy import PHRASES, Policy

DEMO = load()
ARABIC_LETTER = re.compile("[\u0621-\u064a]")


def by_language(language: str) -> list[DemoEntry]:
    return [entry for entry in DEMO.entries if entry.language == language]


def test_sixty_facts_each_in_both_languages() -> None:
    facts = [entry.fact for entry in by_language("ar")]
    assert len(facts) == len(set(facts)) == 60
    assert facts == [entry.fact for entry in by_language("en")]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", fact) for fact in facts)


def test_names_and_slug() -> None:
    assert DEMO.name_ar == "مطعم اللؤلؤة"
    assert DEMO.name_en == "Pearl Restaurant"
    assert re.fullmatch(r"[a-z-]+", DEMO.slug)


def test_every_phrase_is_there_in_both_languages_and_fits_the_policy() -> None:
    assert set(DEMO.phrases) <= set(PHRASES)
    assert len(DEMO.phrases) >= 8
    assert all(set(words) == set(LANGUAGES) and all(words.values()) for words in DEMO.phrases.values())
    policy = Policy.model_validate({"language": DEMO.language, "phrases": DEMO.phrases})
    assert policy.phrases["unknown"]["en"].startswith("Sorry")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_is_used_twice(language: str) -> None:
    ways = [way for entry in by_language(language) for way in (entry.question, *entry.alternatives)]
    assert len(ways) == len(set(ways))
    answers = [entry.answer for entry in by_language(language)]
    assert len(answers) == len(set(answers))


@pytest.mark.parametrize("entry", DEMO.entries, ids=lambda entry: f"{entry.fact}-{entry.language}")
def test_an_entry_is_short_and_in_its_language(entry: DemoEntry) -> None:
    assert 2 <= len(entry.alternatives) <= 6
    assert 15 <= len(entry.answer) <= 220
    assert 1 <= len(re.findall(r"[.؟?](?:\s|$)", entry.answer)) <= 2
    for text in (entry.question, entry.answer, *entry.alternatives):
        assert text == text.strip()
        assert bool(ARABIC_LETTER.search(text)) is (entry.language == "ar"), text
        assert sum(c.isalpha() for c in text) > sum(c.isdigit() for c in text)


def test_friday_has_its_own_answer() -> None:
    friday = next(entry for entry in by_language("ar") if entry.fact == "hours-friday")
    assert friday.question == "ما هي ساعات العمل يوم الجمعة؟"


def test_prices_are_in_pounds_and_the_phone_number_is_nobodys() -> None:
    priced = [entry for entry in DEMO.entries if entry.fact.startswith("price-")]
    assert priced
    assert all(("جنيه" if entry.language == "ar" else "EGP") in entry.answer for entry in priced)
    numbers = {re.sub(r"\D", "", n) for e in DEMO.entries for n in re.findall(r"\d[\d ]{6,}\d", e.answer)}
    assert numbers == {"01000000123"}
