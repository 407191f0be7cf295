"""The demo business's customers against its entries; bench/answers.py prints the figures behind the bounds."""

import tomllib
from pathlib import Path

import pytest

from core_pipeline.arabic.language import detect
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge import ANSWERABLE, Entry, Index
from tenants.demo import load

SETS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def index() -> Index:
    return Index(
        [
            Entry(f"{row.fact}:{row.language}", row.question, row.answer, row.language, row.alternatives, row.fact)
            for row in load().entries
        ]
    )


def rows(name: str) -> list[tuple[str, str, str]]:
    split = (line.split("|") for line in SETS[name].strip().splitlines())
    return [(kind.strip(), fact.strip(), question.strip()) for kind, fact, question in split]


def best(index: Index, question: str) -> Passage | None:
    found = index.search(question, detect(question))
    return found[0] if found else None


def hit(passage: Passage | None, fact: str) -> bool:
    return passage is not None and passage.id.partition(":")[0] == fact


def share(results: list[bool]) -> float:
    return sum(results) / len(results)


@pytest.mark.parametrize("name", ["held", "tuned"])
def test_the_first_hit_is_the_right_one(index: Index, name: str) -> None:
    """Measured: 0.94 held, 0.99 tuned, without Arabizi."""
    asked = [row for row in rows(name) if row[0] != "arabizi"]
    assert len(asked) >= 60
    assert share([hit(best(index, question), fact) for _, fact, question in asked]) >= 0.9


def test_arabizi_is_mostly_understood(index: Index) -> None:
    """Measured: 0.97 over both sets."""
    asked = [row for name in ("held", "tuned") for row in rows(name) if row[0] == "arabizi"]
    assert share([hit(best(index, question), fact) for _, fact, question in asked]) >= 0.85


@pytest.mark.parametrize(("name", "bound"), [("held", 0.9), ("tuned", 0.95), ("fresh", 0.6)])
def test_most_questions_are_answered_right(index: Index, name: str, bound: float) -> None:
    """Right passage and sure of it. Measured: 0.92 held, 0.97 tuned, 0.65 on harder ones that nobody tuned for."""
    answered = []
    for _, fact, question in rows(name):
        passage = best(index, question)
        answered.append(hit(passage, fact) and passage is not None and passage.score >= ANSWERABLE)
    assert share(answered) >= bound


@pytest.mark.parametrize(("name", "bound"), [("refused", 0.95), ("tuned_refused", 0.95), ("fresh_refused", 0.95)])
def test_unanswerable_questions_are_refused(index: Index, name: str, bound: float) -> None:
    """Measured: 0.95 in all of them."""
    asked = rows(name)
    assert len(asked) >= 40
    found = [best(index, question) for _, _, question in asked]
    assert share([passage is None or passage.score < ANSWERABLE for passage in found]) >= bound


def test_an_entrys_own_wording_finds_it(index: Index) -> None:
    asked = [(row.fact, way) for row in load().entries for way in (row.question, *row.alternatives)]
    assert share([hit(best(index, way), fact) for fact, way in asked]) >= 0.98


def test_no_measured_question_is_an_entrys_wording() -> None:
    ways = {way.strip("؟?. ") for row in load().entries for way in (row.question, *row.alternatives)}
    assert not ways & {question.strip("؟?. ") for name in SETS for _, _, question in rows(name)}
