"""Ready personas by trade, in Arabic and English: a first day's bot for a restaurant, a clinic, a shop and others."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from errors import Impossible
from tenants.hours import Week
from tenants.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

Text = Annotated[str, Field(min_length=1)]
InBoth = dict[str, Text]


class Trade(BaseModel):
    """A template: who the bot is (`persona`), its tone and words, when a person is wanted, and hours to begin with.

    `tries` are questions that a customer of such a business asks, to try the bot with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: str = ""
    title: InBoth
    tone: Literal["neutral", "warm", "formal", "cheerful"]
    persona: InBoth
    phrases: dict[str, InBoth]
    handoff_words: list[str]
    tries: dict[str, list[Text]]
    week: Week


@cache
def trades() -> Mapping[str, Trade]:
    """All templates by their slug."""
    files = sorted(Path(__file__).parent.glob("*.toml"))
    return {
        file.stem: Trade.model_validate({**tomllib.loads(file.read_text("utf-8")), "slug": file.stem}) for file in files
    }


def trade(slug: str) -> Trade:
    """The template of this slug; `Impossible("trade-missing")` if there is none."""
    found = trades().get(slug)
    if found is None:
        raise Impossible("trade-missing", f"there is no template {slug!r}; there are: {', '.join(trades())}")
    return found


def title_of(name: str, language: str) -> str:
    """What a trade is called in a language; a name that is no template's is a title already."""
    found = trades().get(name)
    return found.title["ar" if language == "ar" else "en"] if found else name


def applied(policy: Policy, template: Trade) -> Policy:
    """The policy with the template's persona, tone and words; hours only where none are set, the rest as it was."""
    words = [*policy.handoff.words, *(one for one in template.handoff_words if one not in policy.handoff.words)]
    hours = policy.hours if policy.hours.week else policy.hours.model_copy(update={"week": template.week})
    changed = {
        "persona": dict(template.persona),
        "tone": template.tone,
        "phrases": {**policy.phrases, **{name: dict(said) for name, said in template.phrases.items()}},
        "handoff": policy.handoff.model_copy(update={"words": words[:50]}),
        "hours": hours,
    }
    return Policy.model_validate(policy.model_copy(update=changed).model_dump())
