"""Makes the demo recogniser's sentences from the lexicon and the templates in `text/`."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

TEXT = Path(__file__).parent / "text"
_SLOT = re.compile(r"\{(\w+)\}")
_ATTACHED = re.compile(r"(?<!\S)([ول]) (?=\S)")  # «و» and «ل» are written on the next word
_PER_TEMPLATE, _PER_SLOT = 6, 9
_TRIES = 4
_RANDOM_LENGTHS = (2, 3, 3, 4, 4, 5, 6)
_JOINED_SHARE = 0.12  # words of the random sequences that take «و» in front


def words_of(text: str) -> list[str]:
    """Split a sentence into words."""
    return text.split()


def lines(name: str) -> list[str]:
    """Return the sentences of a file in `text/`."""
    return (TEXT / name).read_text(encoding="utf-8").split("\n")[:-1]


@dataclass(frozen=True)
class Lexicon:
    """The slots, the number words and the extra words."""

    slots: dict[str, list[str]]
    numbers: dict[str, list[str]]
    extra: list[str]

    @classmethod
    def load(cls) -> Lexicon:
        """Read `text/lexicon.toml`."""
        loaded = tomllib.loads((TEXT / "lexicon.toml").read_text(encoding="utf-8"))
        return cls(loaded["slots"], loaded["numbers"], words_of(loaded["extra"]["words"]))

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every distinct word of the lexicon and the templates, sorted."""
        found = set(self.extra)
        for phrases in [*self.slots.values(), *self.numbers.values()]:
            found.update(word for phrase in phrases for word in words_of(phrase))
        for template in templates():
            found.update(word for word in words_of(_SLOT.sub(" ", template)) if len(word) > 1)
        found.update("و" + word for word in self._number_list("tens", ""))
        return sorted(found)

    def fill(self, slot: str, rng: random.Random) -> str:
        """Return one phrase for the slot."""
        kind, _, dialect = slot.partition("_")
        suffix = f"_{dialect}" if dialect else ""
        if kind == "number":
            return self.number(rng.randint(0, 100), suffix, rng)
        if kind == "digits":
            return " ".join(rng.choice(self._number_list("units", suffix)[:10]) for _ in range(rng.randint(3, 6)))
        if kind == "clock":
            return self._clock(suffix, rng)
        return rng.choice(self.slots[slot])

    def number(self, value: int, dialect: str, rng: random.Random) -> str:
        """Say a number from 0 to 100; without a dialect in the written or the spoken case."""
        spoken = "_spoken" if not dialect and rng.random() < 0.6 else dialect
        units, teens = self._number_list("units", spoken), self._number_list("teens", dialect)
        tens = self._number_list("tens", spoken or "")
        if value <= 10:
            return units[value]
        if value < 20:
            return teens[value - 11]
        whole = tens[value // 10 - 2]
        return f"{units[value % 10]} و{whole}" if value % 10 else whole

    def _number_list(self, name: str, dialect: str) -> list[str]:
        numbers = self.numbers
        fallback = numbers.get(f"{name}_spoken", numbers[name]) if dialect else numbers[name]
        return numbers.get(name + dialect, fallback)

    def _clock(self, dialect: str, rng: random.Random) -> str:
        if not dialect:
            hour = rng.choice(self.slots["ordinal_hour"])
            tail = f" {rng.choice(self.slots['hour_tail'])}" if rng.random() < 0.5 else ""
        else:
            hour = self.number(rng.randint(1, 12), dialect, rng)
            tail = f" {rng.choice(self.slots['hour_tail_gulf'])}" if rng.random() < 0.6 else ""
        return f"الساعة {hour}{tail}"


def templates() -> list[str]:
    """Return the templates of all three kinds of wording."""
    return [line for kind in ("msa", "egyptian", "gulf") for line in lines(f"templates_{kind}.txt")]


def write_together(sentence: str) -> str:
    """Write «و» and «ل» on the word that follows, with «ل» + «ال» as «لل»."""
    return _ATTACHED.sub(r"\1", sentence).replace(" لال", " لل")


def sentences(lexicon: Lexicon, random_count: int, seed: int) -> list[str]:
    """Return the training sentences, distinct, in random order and without a held-out or unseen one."""
    rng = random.Random(seed)  # noqa: S311  speech data, no secret
    found: set[str] = set()
    for template in templates():
        found |= _fillings(template, lexicon, rng)
    found |= _word_sequences(lexicon, random_count, rng)
    kept = sorted(found - set(lines("heldout.txt")) - set(lines("unseen.txt")))
    rng.shuffle(kept)
    return kept


def _fillings(template: str, lexicon: Lexicon, rng: random.Random) -> set[str]:
    slots = len(_SLOT.findall(template))
    wanted = _PER_TEMPLATE + _PER_SLOT * slots if slots else 1
    found: set[str] = set()
    for _ in range(wanted * _TRIES):
        if len(found) >= wanted:
            break
        filled = _SLOT.sub(lambda match: lexicon.fill(match[1], rng), template)
        found.add(write_together(filled))
    return found


def _word_sequences(lexicon: Lexicon, count: int, rng: random.Random) -> set[str]:
    """Every word comes equally often, beside ever other words, so that no word hangs on its sentence."""
    deck: list[str] = []
    found: set[str] = set()
    while len(found) < count:
        length = rng.choice(_RANDOM_LENGTHS)
        while len(deck) < length:
            deck += rng.sample(lexicon.vocabulary, len(lexicon.vocabulary))
        found.add(" ".join(_joined(deck.pop(), rng) for _ in range(length)))
    return found


def _joined(word: str, rng: random.Random) -> str:
    return "و" + word if rng.random() < _JOINED_SHARE and not word.startswith("و") else word
