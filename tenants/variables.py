"""What a persona and ready words may name in braces, and what is known of a business everywhere."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = ("business", "trade", "phone", "address", "city", "website", "hours_today", "date", "customer_name")
# What a business tells of itself once; "address_en" is what English readers are told instead of "address".
FACTS = ("trade", "phone", "address", "address_en", "city", "city_en", "website")
BRACED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,39})\}")


def named(text: str) -> list[str]:
    """The names in braces of a text, each once, in order."""
    return list(dict.fromkeys(BRACED.findall(text)))


def unknown(text: str) -> Iterator[tuple[str, str]]:
    """Each name in braces that is no variable, with the variable that is spelt most like it ("": none is)."""
    for name in named(text):
        if name not in VARIABLES:
            yield name, next(iter(get_close_matches(name.lower(), VARIABLES, n=1, cutoff=0.5)), "")
