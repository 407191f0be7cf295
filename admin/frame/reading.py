"""Reads what somebody typed into a drawn form, and says what is wrong with it, field by field, in their language."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from admin.frame.fields import Kind, core_of, kind_of, options_of
from admin.frame.words import FRAME, words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

# By pydantic's name of what is wrong; what stands in braces is the rule's.
SAID = {
    "missing": "Fill this in.",
    "string_too_short": "Write at least {min_length} letters.",
    "string_too_long": "Write at most {max_length} letters.",
    "string_pattern_mismatch": "This does not look as it should: compare it with the hint, and copy it again.",
    "int_parsing": "Write a whole number.",
    "int_from_float": "Write a whole number.",
    "float_parsing": "Write a number.",
    "finite_number": "Write a number.",
    "greater_than": "Write a number above {gt}.",
    "greater_than_equal": "Write {ge} or more.",
    "less_than": "Write a number below {lt}.",
    "less_than_equal": "Write {le} or less.",
    "literal_error": "Choose one of the list.",
    "enum": "Choose one of the list.",
    "too_short": "Write at least {min_length}.",
    "too_long": "Write at most {max_length}.",
    "pairs": "Write one pair a line, like: name = value.",
    "other": "This can't be used: check it.",
    "line": "Line {line}: {said}",
}
LONGEST = 20_000


@dataclass(frozen=True)
class Reading:
    """What came of a form: `config` when nothing is wrong, else `errors` by field's name.

    In `config`, kept secrets that were not typed anew are stand-ins: keep `values` and `secrets`, never it. `values`
    are the model's as JSON without secrets, `secrets` those that were typed now, `typed` everything but secrets as it
    was typed, to draw the form again.
    """

    config: BaseModel | None
    values: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, Any] = field(default_factory=dict)


def read(
    model: type[BaseModel],
    form: Mapping[str, Any],
    language: str = "ar",
    *,
    secrets: Sequence[str] = (),
    kept: Collection[str] = (),
    needed: Collection[str] = (),
) -> Reading:
    """Read a form that was drawn of this model; fields left empty take the model's defaults.

    `secrets` are beside the model's own; those in `kept` may be left empty, those in `needed` must not unless kept.
    """
    typed, errors = _typed(model, form), dict[str, str]()
    given = _values(model, form, errors, language)
    entered = {name: text for name in [*secrets, *_sealed(model)] if (text := _text(form, name))}
    # A kept secret is not at hand: any text stands for it while the rest is looked at.
    stand_ins = {name: entered.get(name, "kept") for name in _sealed(model) if name in entered or name in kept}
    try:
        config = model.model_validate({**given, **stand_ins})
    except ValidationError as found:
        for one in reversed(found.errors(include_url=False, include_input=False)):
            name, said = _said(one, language, model)
            errors[name] = said
        return Reading(None, {}, entered, errors, typed)
    for name in needed:
        if name not in entered and name not in kept:
            errors[name] = words(language, FRAME).gettext(SAID["missing"])
    if errors:
        return Reading(None, {}, entered, errors, typed)
    values = {name: one for name, one in config.model_dump(mode="json").items() if name not in _sealed(model)}
    return Reading(config, values, entered, {}, typed)


def _sealed(model: type[BaseModel]) -> list[str]:
    return [name for name, info in model.model_fields.items() if kind_of(info) is Kind.SEALED]


def _text(form: Mapping[str, Any], name: str) -> str:
    found = form.get(name, "")
    # Databases take no NUL, and nobody types one.
    return found.replace("\0", "").strip()[:LONGEST] if isinstance(found, str) else ""


def _typed(model: type[BaseModel], form: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """What stood in the form, for drawing it again; ticks that were not set are said, secrets are not."""
    typed: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        kind = kind_of(info)
        if kind is Kind.GROUP:
            typed[name] = _typed(core_of(info.annotation), form, f"{within}{name}.")
        elif kind is Kind.TICK:
            typed[name] = bool(_text(form, within + name))
        elif kind is not Kind.SEALED:
            typed[name] = _text(form, within + name)
    return typed


def _values(
    model: type[BaseModel], form: Mapping[str, Any], errors: dict[str, str], language: str, within: str = ""
) -> dict[str, Any]:
    """What pydantic is given."""
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        kind, text = kind_of(info), _text(form, within + name)
        if kind is Kind.GROUP:
            values[name] = _values(core_of(info.annotation), form, errors, language, f"{within}{name}.")
        elif kind is Kind.TICK:
            values[name] = bool(text)
        elif kind is Kind.LINES:
            values[name] = [line.strip() for line in text.splitlines() if line.strip()]
        elif kind is Kind.PAIRS:
            values[name] = _pairs(text, within + name, errors, language)
        elif kind is not Kind.SEALED and text:
            values[name] = _chosen(info, text) if kind is Kind.CHOICE else text
        elif kind is not Kind.SEALED and not info.is_required() and info.annotation != core_of(info.annotation):
            values[name] = None
    return values


def _chosen(info: FieldInfo, text: str) -> Any:
    """The option that is written like this, in its own type; the text itself where none is."""
    return next((one for one in options_of(info) if str(one) == text), text)


def _pairs(text: str, name: str, errors: dict[str, str], language: str) -> dict[str, str]:
    pairs = {}
    for number, line in enumerate(text.splitlines(), 1):
        key, sign, value = line.partition("=")
        if line.strip() and not (sign and key.strip() and value.strip()):
            said = words(language, FRAME).gettext(SAID["pairs"])
            errors[name] = words(language, FRAME).gettext(SAID["line"]).format(line=number, said=said)
        elif line.strip():
            pairs[key.strip()] = value.strip()
    return pairs


def _said(error: ErrorDetails, language: str, model: type[BaseModel]) -> tuple[str, str]:
    """The field that is wrong, and a sentence about it."""
    where = [str(one) for one in error["loc"]] or [next(iter(model.model_fields), "")]
    speak = words(language, FRAME).gettext
    said = speak(SAID.get(error["type"], SAID["other"])).format(**error.get("ctx", {}))
    info = model.model_fields.get(where[0])
    if info is not None and kind_of(info) is Kind.GROUP:
        return ".".join(where[:2]), said
    line = next((one + 1 for one in error["loc"][1:] if isinstance(one, int)), None)
    return where[0], speak(SAID["line"]).format(line=line, said=said) if line else said
