"""A hotel's, a clinic's and a shop's handbook, and what may be asked of them; written for these tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

from core_pipeline.knowledge.entries import Extract

_FOLDER = Path(__file__).parent
_QUESTIONS = tomllib.loads((_FOLDER / "questions.toml").read_text(encoding="utf-8"))
TITLES = {
    "hotel.ar": "دليل نزلاء الفندق",
    "hotel.en": "Hotel guest guide",
    "clinic.ar": "دليل مرضى العيادة",
    "clinic.en": "Clinic patient guide",
    "shop.ar": "دليل مشتري الأجهزة",
    "shop.en": "Electronics buyer's guide",
}


def extracts() -> list[Extract]:
    """All pieces; an id is the name in front of the line."""
    found = []
    for name, title in TITLES.items():
        lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        for place, line in enumerate(lines):
            id_, heading, text = (part.strip() for part in line.split("|"))
            found.append(Extract(id_, text, name[-2:], heading, title, place // 8 + 1))
    return found


def answerable(name: str) -> list[tuple[str, str]]:
    """The (expected piece, question) pairs of a set."""
    rows = (line.split("|") for line in _QUESTIONS[name].strip().splitlines())
    return [(id_.strip(), question.strip()) for id_, question in rows]


def unanswerable(name: str) -> list[str]:
    """The questions of a set that nothing in the handbook answers."""
    found: list[str] = _QUESTIONS[name].strip().splitlines()
    return found
