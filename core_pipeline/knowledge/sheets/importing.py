"""Taking in a file of facts: first what it would change, line by line; then all of it in one unit, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from core_pipeline.knowledge.sheets.fields import KEY, Fault, draft_of, record_of
from tenants import facts

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from core_pipeline.knowledge.sheets.table import Line
    from tenants.facts import Fact, Shape, Values

NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"
OUTCOMES = (NEW, CHANGED, SAME, WRONG)


@dataclass(frozen=True)
class Planned:
    """What one line would do: to the fact of which key, and what is wrong with it."""

    line: Line
    outcome: str
    key: str = ""
    versions: Mapping[str, Values] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a file would do; `seen` differs once any fact that it is about has changed."""

    lines: tuple[Planned, ...]
    seen: str

    @property
    def counts(self) -> dict[str, int]:
        """How many lines have each outcome."""
        return dict.fromkeys(OUTCOMES, 0) | Counter(line.outcome for line in self.lines)

    @property
    def worth(self) -> bool:
        """Whether it would change anything."""
        return any(line.outcome in {NEW, CHANGED} for line in self.lines)


async def plan(session: AsyncSession, shape: Shape, lines: Sequence[Line]) -> Plan:
    """Compare the lines with what there is; a line never deletes: what is empty in it stays as it is.

    A line without a key is about the fact that has the same question, or name, already.
    """
    keys = _keys(shape, lines, await facts.named(session, shape))
    there = await facts.read(session, shape, list(dict.fromkeys(keys)))
    told = {key: record_of(shape, fact) for key, fact in there.items()}
    planned = []
    for line, key in zip(lines, keys, strict=True):
        # Several lines may be about one fact, each in a language of its own: later ones build on those before.
        told[key] = {**told.get(key, {}), **{name: cell for name, cell in line.record.items() if cell}, KEY: key}
        planned.append(_planned(shape, line, told[key], there.get(key)))
    marks = sorted(f"{key}:{fact.mark}" for key, fact in there.items())
    return Plan(tuple(planned), sha256("\n".join(marks).encode()).hexdigest())


async def apply(session: AsyncSession, shape: Shape, planned: Plan) -> dict[str, Any]:
    """Write what the plan says would be new or changed, in one go; how many facts there were of each."""
    wanted: dict[str, dict[str, Values | None]] = {}
    for line in planned.lines:
        if line.outcome in {NEW, CHANGED}:
            wanted.setdefault(line.key, {}).update(line.versions)
    before, after = await facts.save_all(session, shape, wanted, {})
    return {"added": len(after.keys() - before.keys()), "changed": len(before)}


def _keys(shape: Shape, lines: Sequence[Line], known: Mapping[tuple[str, str], str]) -> list[str]:
    """The key of each line: its own, or that of the fact with the same words, also one named earlier in the file."""
    mine, found = dict(known), list[str]()
    for line in lines:
        said = [(language, line.record.get(f"{shape.said[0]}_{language}", "")) for language in facts.LANGUAGES]
        names = [name for name in said if name[1]]
        key = line.record.get(KEY) or next((mine[name] for name in names if name in mine), "") or facts.new_key(shape)
        found.append(key)
        mine |= {name: key for name in names if name not in mine}
    return found


def _planned(shape: Shape, line: Line, record: Mapping[str, str], old: Fact | None) -> Planned:
    draft = draft_of(shape, record)
    if draft.faults:
        return Planned(line, WRONG, draft.key, faults=draft.faults)
    versions = {language: said for language, said in draft.versions.items() if said}
    before = old.versions if old is not None else {}
    if all(before.get(language) == said for language, said in versions.items()):
        return Planned(line, SAME, draft.key, versions)
    return Planned(line, CHANGED if old is not None else NEW, draft.key, versions)
