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

from admin.frame.fields import Kind, kind_of, options_of
from admin.frame.words import HERE, read
from channels import discover as channels
from core_pipeline.engines.catalogue import discover as engines
from core_pipeline.engines.opening import spec_of

SUBJECTS = sorted({place.parent.name for place in HERE.glob("*/templates")} | {"frame"})
# Which arguments are messages: gettext's own, a page's news (`visit.go`) and a subject in the menu (`Nav`).
SPOKEN = {"_": (0,), "gettext": (0,), "ngettext": (0, 1), "go": (1,), "Nav": (2,)}
# Tables of messages that are translated where they are shown: their values, or the texts in those.
TABLES = re.compile(r"^[A-Z_]*(TITLES|LABELS|HINTS|SAID|WORDS|NAMES)$")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}")
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2)}
OPTIONS = {"trimmed": "true", "extensions": "jinja2.ext.do", "encoding": "utf-8"}

Key = str | tuple[str, ...]


def templates(subject: str) -> list[Path]:
    return sorted((HERE / subject).rglob("*.html"))


def modules(subject: str) -> Iterator[ast.Module]:
    """The subject's Python."""
    return (ast.parse(place.read_text(encoding="utf-8")) for place in sorted((HERE / subject).rglob("*.py")))


def messages(subject: str) -> set[Key]:
    """What is said there."""
    found: set[Key] = set()
    for place in templates(subject):
        drawn = extract("jinja2", BytesIO(place.read_bytes()), KEYWORDS, options=OPTIONS)
        found |= {said for _, said, _, _ in drawn}
    for module in modules(subject):
        found |= {said for node in ast.walk(module) if isinstance(node, ast.Call) for said in spoken(node)}
        found |= set(tabled(module))
    return {said for said in found if said}


def spoken(call: ast.Call) -> Iterator[Key]:
    """The message in a call that translates, where it stands there word for word."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [call.args[at] for at in SPOKEN.get(name, ()) if at < len(call.args)]
    texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    if texts and len(texts) == len(SPOKEN[name]):
        yield texts[0] if len(texts) == 1 else tuple(texts)


def tabled(module: ast.Module) -> Iterator[str]:
    """The messages in a module's tables."""
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict) and any(isinstance(one, ast.Name) and TABLES.match(one.id) for one in targets):
            for one in value.values:
                parts = one.elts if isinstance(one, ast.Tuple | ast.List) else [one]
                yield from (
                    part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


def strings(module: ast.Module) -> set[str]:
    """Every text that stands in a piece of Python."""
    return {one.value for one in ast.walk(module) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def choices() -> set[str]:
    """What may be chosen in the forms that are drawn from channels' and engines' models."""
    specs: list[Any] = [*channels().values(), *(spec_of(kind, name) for kind, name in engines())]
    fields = [info for spec in specs for info in spec.config.model_fields.values() if kind_of(info) is Kind.CHOICE]
    return {str(one) for info in fields for one in options_of(info)}


def catalogue(subject: str) -> dict[Key, Message]:
    """The subject's Arabic by what is said in English."""
    file = HERE / subject / "ar.po"
    assert file.is_file(), f"admin/{subject} has no ar.po"
    return {one.id if isinstance(one.id, str) else tuple(one.id): one for one in read(file) if one.id}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_word_has_its_arabic(subject: str) -> None:
    known = {**catalogue("frame"), **catalogue(subject)}
    assert [said for said in messages(subject) if said not in known] == []


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
    said = messages(subject) | choices() | {text for module in modules(subject) for text in strings(module)}
    assert sorted(str(one) for one in set(catalogue(subject)) - said) == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_catalogue_says_how_arabic_counts(subject: str) -> None:
    assert read(HERE / subject / "ar.po").num_plurals == 6
