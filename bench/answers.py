"""How well the demo business's customers are answered: by the search alone, and by an engine that answers from it.

`python -m bench.answers [--engine NAME] [--rehearse]`: any language model engine, configured as the platform is (such
as LLM_OLLAMA_MODEL), or by its rehearsal, which shows that the harness works and says nothing about a real model.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from core_pipeline.arabic.language import detect
from core_pipeline.contracts.engines import Ask, Cited, Llm, Passage, Usage
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.engines.opening import configured, spec_of
from core_pipeline.engines.prompt.rules import unknown_phrase
from core_pipeline.knowledge import ANSWERABLE, Entry, Index
from settings import Settings
from tenants.demo import load
from tenants.policy import Policy

QUESTIONS = Path(__file__).parents[1] / "tests" / "knowledge" / "questions.toml"


def entries() -> list[Entry]:
    """The demo business's entries as the search takes them; an id is "fact:language"."""
    return [
        Entry(f"{row.fact}:{row.language}", row.question, row.answer, row.language, row.alternatives, row.fact)
        for row in load().entries
    ]


def questions(name: str) -> list[tuple[str, str, str]]:
    """Return the (kind, expected fact, question) lines of one set in the file."""
    lines = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))[name].strip().splitlines()
    rows = (line.split("|") for line in lines)
    return [(kind.strip(), fact.strip(), question.strip()) for kind, fact, question in rows]


def search(index: Index, question: str) -> list[Passage]:
    """Search as a turn does: in the language of the question."""
    return index.search(question, detect(question))


def _facts(found: list[Passage]) -> list[str]:
    return [passage.id.partition(":")[0] for passage in found]


def report_answerable(index: Index, name: str) -> None:
    """Print hits by kind, and every question that is missed or stays below the threshold."""
    by_kind: defaultdict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    for kind, fact, question in questions(name):
        found = search(index, question)
        facts = _facts(found)
        first, sure = facts[:1] == [fact], bool(found) and found[0].score >= ANSWERABLE
        by_kind[kind].append((first, fact in facts[:3], first and sure))
        if not (first and sure):
            print(f"    {kind}: {question} -> {[(p.id, p.score) for p in found[:3]]}, expected {fact}")
    everything = [row for rows in by_kind.values() for row in rows]
    for kind, rows in (*by_kind.items(), ("all", everything)):
        hits = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
        shares = f"hit@1 {hits[0]:.2f}  hit@3 {hits[1]:.2f}  answered right {hits[2]:.2f}"
        print(f"{name:14} {kind:8} n={len(rows):3}  {shares}")


def report_refused(index: Index, name: str) -> None:
    """Print the share of unanswerable questions that stay below the threshold."""
    rows = questions(name)
    refused = 0
    for kind, _, question in rows:
        found = search(index, question)
        honest = not found or found[0].score < ANSWERABLE
        refused += honest
        if not honest:
            print(f"    {kind}: {question} -> {found[0].id} {found[0].score}")
    print(f"{name:14} n={len(rows):3}  honest refusals {refused / len(rows):.3f}")


def report_search(index: Index) -> None:
    """Print what the search alone achieves, and how long it takes."""
    for name in ("tuned", "held"):
        report_answerable(index, name)
    for name in ("tuned_refused", "refused"):
        report_refused(index, name)
    times = []
    for _, _, question in questions("tuned") * 3:
        start = time.perf_counter()
        search(index, question)
        times.append(1000 * (time.perf_counter() - start))
    print(f"search median {statistics.median(times):.2f} ms, worst {max(times):.2f} ms")


@dataclass
class Answered:
    """What an engine made of one question: `first` is when its first words came, both times in milliseconds."""

    text: str
    cited: tuple[str, ...]
    refused: bool
    first: float
    whole: float
    tokens: int


async def answered(llm: Llm, index: Index, question: str) -> Answered:
    """Ask as a turn does: what the search finds nothing near for, the engine is not asked."""
    language = detect(question) or "ar"
    found = search(index, question)
    if not any(passage.score >= Policy().answerable for passage in found):
        return Answered("", (), refused=True, first=0.0, whole=0.0, tokens=0)
    demo = load()
    ask = Ask(question, language, tuple(found), business=demo.name_ar if language == "ar" else demo.name_en)
    start, first, text, cited, tokens = time.perf_counter(), 0.0, "", [], 0
    async for piece in llm.answer(ask):
        if isinstance(piece, str):
            first = first or 1000 * (time.perf_counter() - start)
            text += piece
        elif isinstance(piece, Cited):
            cited += list(piece.passages)
        elif isinstance(piece, Usage):
            tokens += piece.read + piece.written
    honest = not cited and unknown_phrase(ask) in text
    return Answered(text, tuple(cited), honest, first, 1000 * (time.perf_counter() - start), tokens)


async def report_cited(llm: Llm, index: Index, name: str) -> list[Answered]:
    """Print the share of questions answered with the right passage, and those that were not."""
    every, rows, right = [], questions(name), 0
    for kind, fact, question in rows:
        one = await answered(llm, index, question)
        hit = fact in {source.partition(":")[0] for source in one.cited}
        right += hit
        every.append(one)
        if not hit:
            print(f"    {kind}: {question} -> {list(one.cited)} {one.text[:60]!r}, expected {fact}")
    print(f"{name:14} n={len(rows):3}  right passage cited {right / len(rows):.3f} (aim 0.90)")
    return every


async def report_honest(llm: Llm, index: Index, name: str) -> list[Answered]:
    """Print the share of unanswerable questions that were refused, and those that were not."""
    every, rows, refused = [], questions(name), 0
    for kind, _, question in rows:
        one = await answered(llm, index, question)
        refused += one.refused
        every.append(one)
        if not one.refused:
            print(f"    {kind}: {question} -> {list(one.cited)} {one.text[:60]!r}")
    print(f"{name:14} n={len(rows):3}  honest refusals {refused / len(rows):.3f} (aim 0.95)")
    return every


async def report_engine(llm: Llm, index: Index) -> None:
    """Print what the engine makes of the questions that nothing was tuned on, and its times."""
    every = [*await report_cited(llm, index, "held"), *await report_honest(llm, index, "refused")]
    every += [*await report_cited(llm, index, "fresh"), *await report_honest(llm, index, "fresh_refused")]
    asked = [one for one in every if one.whole]
    first, whole = (statistics.median(getattr(one, part) for one in asked) for part in ("first", "whole"))
    tokens = sum(one.tokens for one in asked) / len(asked)
    print(f"asked {len(asked)} times: first words {first:.0f} ms, end {whole:.0f} ms (median), {tokens:.0f} tokens")


@asynccontextmanager
async def opened(spec: EngineSpec[Any], *, rehearse: bool) -> AsyncIterator[Llm]:
    """The engine as the platform's settings have it, or by its rehearsal."""
    with tempfile.TemporaryDirectory() as folder:
        async with httpx.AsyncClient() as http:
            ready = Bench(Path(folder), http)
            if rehearse and spec.rehearsal:
                async with spec.rehearsal(Path(folder)) as config:
                    llm = await spec.open(config, ready)
                    yield llm
                    await llm.close()
            else:
                llm = await spec.open(configured(spec, Settings().of_engine("llm", spec.name)).config, ready)
                yield llm
                await llm.close()


async def ask_engine(name: str, index: Index, *, rehearse: bool) -> None:
    """Open the engine and print its figures."""
    async with opened(spec_of("llm", name), rehearse=rehearse) as llm:
        print(f"== {name}{' (rehearsal: an emulated model)' if rehearse else ''}")
        await report_engine(llm, index)


def main() -> None:
    """Print all figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--engine", default="knowledge", help="an engine of kind llm")
    options.add_argument("--rehearse", action="store_true", help="against an emulated server")
    chosen = options.parse_args()
    start = time.perf_counter()
    index = Index(entries())
    print(f"build {1000 * (time.perf_counter() - start):.0f} ms for {len(entries())} entries")
    report_search(index)
    asyncio.run(ask_engine(chosen.engine, index, rehearse=chosen.rehearse))


if __name__ == "__main__":
    main()
