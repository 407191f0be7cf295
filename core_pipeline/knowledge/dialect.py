"""Customers' words for businesses' words: what a question may mean beside what it says."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path

from core_pipeline.arabic.analysis import terms

_LISTED = tomllib.loads(Path(__file__).with_name("dialect.toml").read_text(encoding="utf-8"))


def _by_customer() -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for listed in _LISTED.values():
        for written, said in listed.items():
            for word in said.split():
                for term in terms(word):
                    found[term].update(terms(written))
    return {said: frozenset(written) - {said} for said, written in found.items()}


_WRITTEN = _by_customer()


def written_for(term: str) -> frozenset[str]:
    """Return the terms that a business may write where a customer says this one."""
    return _WRITTEN.get(term, frozenset())
