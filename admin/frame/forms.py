"""Draws a form from a pydantic model: one for every channel and engine, so that none needs a page of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from admin.frame.fields import Kind, core_of, kind_of, limits_of, options_of, written
from admin.frame.reading import Reading, read
from admin.frame.words import words as words_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pydantic.fields import FieldInfo

    Words = Mapping[str, Mapping[str, str]]

__all__ = ["Box", "Drawn", "Kind", "Reading", "draw", "read"]


@dataclass(frozen=True)
class Box:
    """One field: `name` is the form's, `value` what is written in it (never of a secret), `limits` HTML's constraints.

    `kept` says that a secret is kept already; `parts` are the fields of a group. A `rare` one can mostly stay as it is.
    """

    name: str
    kind: Kind
    title: str
    hint: str = ""
    error: str = ""
    value: str = ""
    required: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[tuple[str, str]] = ()
    kept: bool = False
    parts: Sequence[Box] = ()
    rare: bool = False


@dataclass(frozen=True)
class Drawn:
    """A form's fields in the model's order, a channel's secrets last."""

    boxes: Sequence[Box]

    @property
    def common(self) -> Sequence[Box]:
        """What most people fill in."""
        return [box for box in self.boxes if not box.rare]

    @property
    def rare(self) -> Sequence[Box]:
        """What may stay as it is."""
        return [box for box in self.boxes if box.rare]

    @property
    def rare_wrong(self) -> bool:
        """Whether something is wrong among what may stay as it is."""
        return any(part.error for box in self.rare for part in (box, *box.parts))


@dataclass(frozen=True)
class _Told:
    """What is known beside the model: values, errors, words, kept secrets; `speak` translates."""

    values: Mapping[str, Any]
    errors: Mapping[str, str]
    words: Words
    kept: Collection[str]
    language: str
    within: str = ""

    def speak(self, text: str) -> str:
        return words_in(self.language).gettext(text) if text else ""


def draw(
    model: type[BaseModel],
    values: Mapping[str, Any] | BaseModel | None,
    errors: Mapping[str, str] | None,
    language: str,
    *,
    secrets: Sequence[str] = (),
    kept: Collection[str] = (),
    words: Words | None = None,
) -> Drawn:
    """Draw the model's fields with these values, which may be what was typed (`Reading.typed`), and these errors.

    `secrets` are fields beside the model's own, `kept` those secrets of either that are kept already; `words` are the
    fields' own titles and hints, as in `ChannelSpec.words`.
    """
    given = values.model_dump() if isinstance(values, BaseModel) else dict(values or {})
    told = _Told(given, errors or {}, words or {}, kept, language)
    boxes = [_box(name, info, told) for name, info in model.model_fields.items()]
    return Drawn([*boxes, *(_secret(name, None, told) for name in secrets)])


def _box(name: str, info: FieldInfo, told: _Told) -> Box:
    kind = kind_of(info)
    if kind is Kind.SEALED:
        return _secret(name, info, told)
    if kind is Kind.GROUP:
        return _group(name, info, told)
    value = told.values.get(name, info.get_default(call_default_factory=True) if not info.is_required() else None)
    if kind is Kind.TICK:
        value = "yes" if value in {True, "yes"} else ""
    options = [(str(one), told.speak(str(one))) for one in options_of(info)] if kind is Kind.CHOICE else []
    return Box(
        told.within + name,
        kind,
        title_of(name, info, told.words, told.language),
        _hint(name, info, told),
        told.errors.get(told.within + name, ""),
        written(value),
        info.is_required(),
        {} if kind in {Kind.LINES, Kind.PAIRS, Kind.CHOICE, Kind.TICK} else limits_of(info),
        options,
        rare=_rare(name, info, told.words) and not info.is_required(),
    )


def _secret(name: str, info: FieldInfo | None, told: _Told) -> Box:
    title = title_of(name, info, told.words, told.language)
    required = info is not None and info.is_required()
    error = told.errors.get(told.within + name, "")
    return Box(
        told.within + name,
        Kind.SEALED,
        title,
        _hint(name, info, told),
        error,
        kept=name in told.kept,
        required=required,
        rare=_rare(name, info, told.words) and not required,
    )


def _group(name: str, info: FieldInfo, told: _Told) -> Box:
    model: type[BaseModel] = core_of(info.annotation)
    value = told.values.get(name)
    inner = value.model_dump() if isinstance(value, BaseModel) else dict(value or {})
    deeper = _Told(inner, told.errors, told.words, (), told.language, f"{told.within}{name}.")
    parts = [_box(one, more, deeper) for one, more in model.model_fields.items()]
    return Box(told.within + name, Kind.GROUP, title_of(name, info, told.words, told.language), parts=parts)


def title_of(name: str, info: FieldInfo | None, words: Words, language: str) -> str:
    """What a field is called: by its channel's words, by its model, else by its name."""
    own = words.get(name, {}).get(f"title_{language}") or _own(info, f"title_{language}")
    text = (info.title if info else None) or name.replace("_", " ").capitalize()
    return own or words_in(language).gettext(text)


def _hint(name: str, info: FieldInfo | None, told: _Told) -> str:
    own = told.words.get(name, {}).get(f"hint_{told.language}") or _own(info, f"hint_{told.language}")
    return own or told.speak((info.description if info else None) or "")


def _rare(name: str, info: FieldInfo | None, words: Words) -> bool:
    return bool(words.get(name, {}).get("rare") or _own(info, "rare"))


def _own(info: FieldInfo | None, name: str) -> str:
    """What `core_pipeline.contracts.titles` has written down."""
    more = info.json_schema_extra if info else None
    return str(more.get(name) or "") if isinstance(more, dict) else ""
