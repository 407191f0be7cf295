"""How well the search answers the demo business's customers: hit@1, hit@3, honest refusals, time per search."""

from __future__ import annotations

import statistics
import time
import tomllib
from collections import defaultdict
from pathlib import Path

from core_pipeline.arabic.language import detect
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge import ANSWERABLE, Entry, Index
from tenants.demo import load

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


def main() -> None:
    """Print all figures."""
    start = time.perf_counter()
    index = Index(entries())
    print(f"build {1000 * (time.perf_counter() - start):.0f} ms for {len(entries())} entries")
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


if __name__ == "__main__":
    main()
