"""Every word of the panel has its Arabic: warm, whole, and none that nobody says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract

from admin.frame.words import HERE, read

SUBJECTS = sorted({place.parent.name for place in HERE.glob("*/templates")} | {"frame"})
# Beside gettext's own: a page's news (second of `go`) and a subject in the menu (third of `Nav`).
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "go": (2,), "Nav": (3,)}
# Tables of messages that are translated where they are shown.
TABLES = re.compile(r"^[A-Z_]*(TITLES|LABELS|HINTS|SAID|WORDS|NAMES)$")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}")
OPTIONS = {"trimmed": "true", "extensions": "jinja2.ext.do"}

Key = str | tuple[str, ...]


def sources(subject: str) -> Iterator[tuple[Path, str]]:
    """The subject's files with words, and how they are read."""
    for place in sorted((HERE / subject).rglob("*")):
        if place.suffix in {".py", ".html"}:
            yield place, "python" if place.suffix == ".py" else "jinja2"


def messages(subject: str) -> dict[Key, str]:
    """What is said there, each with the file where it stands."""
    found: dict[Key, str] = {}
    for place, method in sources(subject):
        content = BytesIO(place.read_bytes())
        options = {"encoding": "utf-8", **(OPTIONS if method == "jinja2" else {})}
        for _, said, _, _ in extract(method, content, KEYWORDS, options=options):
            found[said] = place.name
        if method == "python":
            found |= dict.fromkeys(tabled(place), place.name)
    return {said: where for said, where in found.items() if said}


def tabled(place: Path) -> Iterator[str]:
    """The messages in a module's tables: values, not names."""
    for node in ast.parse(place.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        names = [one.id for one in targets if isinstance(one, ast.Name)]
        value = getattr(node, "value", None)
        if value is None or not any(TABLES.match(name) for name in names):
            continue
        told = value.values if isinstance(value, ast.Dict) else [value]
        yield from (text for one in told for text in strings(one))


def strings(node: ast.AST) -> Iterator[str]:
    """Every text that stands in a piece of Python."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def catalogue(subject: str) -> dict[Key, Message]:
    """The subject's Arabic by what is said in English."""
    file = HERE / subject / "ar.po"
    assert file.is_file(), f"admin/{subject} has no ar.po"
    return {one.id if isinstance(one.id, str) else tuple(one.id): one for one in read(file) if one.id}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_word_has_its_arabic(subject: str) -> None:
    known = {**catalogue("frame"), **catalogue(subject)}
    missing = {said: where for said, where in messages(subject).items() if said not in known}
    assert missing == {}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_arabic_is_whole(subject: str) -> None:
    wrong = [f"{said}: {fault}" for said, one in catalogue(subject).items() for fault in faults(said, one)]
    assert wrong == []


def faults(said: Key, message: Message) -> Iterator[str]:
    """What is wrong with a translation."""
    plural = isinstance(said, tuple)
    english = said[-1] if isinstance(said, tuple) else said
    forms = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
    if message.fuzzy:
        yield "it is marked as fuzzy"
    if len(forms) != (6 if plural else 1):
        yield f"{len(forms)} forms"
    if not all(form and form.strip() for form in forms):
        yield "it is empty"
    wanted = set(PLACEHOLDER.findall(english))
    for form in forms:
        given = set(PLACEHOLDER.findall(form or ""))
        # None, one and two may be said in words, without the figure.
        if given - wanted or (not plural and wanted - given):
            yield f"its placeholders are {sorted(given)}, not {sorted(wanted)}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_word_is_left_over(subject: str) -> None:
    """A message that is chosen at run time stands somewhere in the subject's Python."""
    said = set(messages(subject))
    for place, method in sources(subject):
        if method == "python":
            said |= set(strings(ast.parse(place.read_text(encoding="utf-8"))))
    assert sorted(str(one) for one in set(catalogue(subject)) - said) == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_catalogue_says_how_arabic_counts(subject: str) -> None:
    assert read(HERE / subject / "ar.po").num_plurals == 6
