"""What a channel says of one of its accounts to whoever sets it up: is all right, and what to do where it is not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from errors import Retryable, SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Words: TypeAlias = Mapping[str, str]
Button: TypeAlias = Literal["", "install", "retry"]
LANGUAGES = ("ar", "en")
FINE = "fine"
_FROM_THE_RIGHT, _FROM_THE_LEFT, _ITS_OWN, _END = "\u200f", "\u2066", "\u2068", "\u2069"


@dataclass(frozen=True)
class Place:
    """What a check compares with: our public address of the account's webhook, and who gets a test message.

    `webhook` is "" where the installation has no public address, `recipient` "" where no message is to be sent.
    """

    webhook: str = ""
    recipient: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; every sentence by language ("ar", "en"), none of them holds a secret.

    `code` is the secret's or field's own name where it is about one of these. `said` is what was found, or what is
    wrong; `step` is where to click at the vendor, `link` what the vendor writes about it. `button` names what we can
    do about it ourselves: "install" the webhook (or take it away), or just "retry".
    """

    code: str
    fine: bool
    looked: Words
    said: Words
    step: Words = field(default_factory=dict)
    link: str = ""
    button: Button = ""


class Sheet:
    """A channel's sentences, out of its `checks.toml`: by check and, below it, by outcome; "fine…" ones are fine.

    {braces} in a sentence are filled with what is known about the account.
    """

    def __init__(self, file: Path) -> None:
        self._told: Mapping[str, Any] = _read(file)

    def told(self, code: str, outcome: str = FINE, /, **known: object) -> Check:
        """The check with this outcome."""
        about = self._told[code]
        found = about[outcome]
        return Check(
            code,
            outcome.startswith(FINE),
            {language: about[language] for language in LANGUAGES},
            {language: _filled(found[language], known) for language in LANGUAGES},
            {language: found[f"step_{language}"] for language in LANGUAGES if f"step_{language}" in found},
            found.get("link", ""),
            found.get("button", ""),
        )

    async def answered(self, found: AsyncIterator[Check]) -> AsyncIterator[Check]:
        """What was found by asking the vendor; where it stops answering, a last check "vendor" says so."""
        try:
            async for check in found:
                yield check
        except Retryable as error:
            yield self.told("vendor", "silent", code=error.code)
        except SawtakError as error:
            yield self.told("vendor", "refused", code=error.code)

    def outcomes(self) -> dict[tuple[str, str], Mapping[str, str]]:
        """Every outcome of every check, as it stands in the file."""
        return {
            (code, outcome): words
            for code, about in self._told.items()
            for outcome, words in about.items()
            if isinstance(words, dict)
        }


def field_words(file: Path) -> Mapping[str, Words]:
    """What a form calls an account's fields and secrets, out of a channel's `words.toml`; see `ChannelSpec.words`."""
    found: Mapping[str, Words] = _read(file)
    return found


def _read(file: Path) -> Any:
    """A file of words; a way over several Latin names is made to go from right to left, as its arrows point."""
    return tomllib.loads(file.read_text(encoding="utf-8").replace("←", f"{_FROM_THE_RIGHT}←{_FROM_THE_RIGHT}"))


def _filled(sentence: str, known: Mapping[str, object]) -> str:
    """The sentence with what is known, each kept to its own direction: a number's groups stay in their order."""
    for name, value in known.items():
        text = str(value)
        begin = _ITS_OWN if any(letter.isalpha() for letter in text) else _FROM_THE_LEFT
        sentence = sentence.replace(f"{{{name}}}", f"{begin}{text}{_END}" if text else "")
    return sentence
