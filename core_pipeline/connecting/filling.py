"""What somebody entered for a channel or an engine, checked: a configuration and secrets, or what is wrong where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from errors import Impossible

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SECRET = 20_000
LONGEST_TITLE = 80


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field, as pydantic names it ("missing", "string_pattern_mismatch"), and in English."""

    where: str
    code: str
    what: str


class Wrong(Impossible):
    """Values that can't be kept; `faults` tells each by its field, never its value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("invalid", "; ".join(f"{one.where}: {one.what}" for one in faults))
        self.faults = tuple(faults)


def configuration(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    """The configuration of these values; `Wrong` with every field that can't be kept, or that there is not."""
    unknown = [Fault(name, "unknown", "there is no such field") for name in given if name not in model.model_fields]
    try:
        made = model.model_validate({name: value for name, value in given.items() if name in model.model_fields})
    except ValidationError as error:
        found = [Fault(_place(one["loc"]), one["type"], one["msg"]) for one in error.errors(include_input=False)]
        raise Wrong([*unknown, *found]) from None
    faults = [*unknown, *_nul(plain(made))]
    if faults:
        raise Wrong(faults)
    return made


def plain(made: BaseModel) -> dict[str, Any]:
    """The configuration as it is kept: without its secret fields, which are sealed elsewhere."""
    hidden = {name for name, value in made if isinstance(value, SecretStr)}
    return made.model_dump(mode="json", exclude=hidden)


def entered(names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The secrets that were entered: those that are not empty; `Wrong` for unknown or endless ones."""
    known = set(names)
    kept = {name: value.strip() for name, value in given.items() if value.strip()}
    faults = [Fault(name, "unknown", "there is no such secret") for name in given if name not in known]
    faults += [Fault(name, "secret", "no secret looks like this") for name, value in kept.items() if _odd(value)]
    if faults:
        raise Wrong(faults)
    return kept


def titled(title: str, usual: str) -> str:
    """What the owner calls it; `Wrong` for what is no name."""
    told = title.strip() or usual
    if len(told) > LONGEST_TITLE or "\0" in told:
        raise Wrong([Fault("title", "string_too_long", f"at most {LONGEST_TITLE} characters")])
    return told


def _odd(secret: str) -> bool:
    return len(secret) > LONGEST_SECRET or "\0" in secret


def _nul(values: Mapping[str, Any]) -> list[Fault]:
    """Postgres keeps no NUL, at any depth."""
    return [Fault(name, "nul", "it holds a character that is none") for name, value in values.items() if _holds(value)]


def _holds(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value or (not value.isascii() and _lone(value))
    if isinstance(value, Mapping):
        return any(_holds(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds(part) for part in value)


def _lone(text: str) -> bool:
    """Whether it holds half a character, which UTF-8 can't write."""
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _place(loc: Sequence[Any]) -> str:
    return str(loc[0]) if loc else ""
