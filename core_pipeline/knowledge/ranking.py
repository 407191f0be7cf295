"""From a question to passages in order: which terms to nominate by, how surely each candidate answers, who is first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core_pipeline.arabic.arabizi import is_arabizi
from core_pipeline.arabic.smalltalk import content
from core_pipeline.contracts.engines import Passage
from core_pipeline.knowledge.evidence import Clue, clues, score, wording
from core_pipeline.knowledge.pieces import Kind, Section
from core_pipeline.knowledge.store import Candidate
from core_pipeline.knowledge.texts import find
from core_pipeline.knowledge.vocabulary import Vocabulary

# Scores from here on are answers; below, honesty is better. Chosen with bench/answers.py, see README.md of this room.
ANSWERABLE = 0.5
# An entry that is nearly sure answers, too, where every other is far behind it. Chosen on the tuned sets alone.
NEARLY, AHEAD = 0.4, 1.6
CANDIDATES = 40
RUNNER_UP = 0.49
_RANK_SHARE = 0.02
_RANK_SHARE_OF_UNSURE = 0.5
_KIN_SHARE = 0.5
_MOST_TERMS = 24
_MOST_POSTINGS = 8000
_FEWEST_TERMS = 3
_WEIGHT = 1000


@dataclass(frozen=True)
class Question:
    """One question as a section understands it."""

    section: Section
    asked: list[Clue]
    terms: dict[str, int]


@dataclass(frozen=True)
class Hit:
    """A piece that may answer: how surely, in which order, and which sentences of a document's piece do.

    `evidence` is how surely by its words alone.
    """

    id: str
    kind: Kind
    fact: str
    language: str
    sure: float
    key: tuple[bool, float]
    first: int = 0
    end: int = 0
    evidence: float = 0.0


def understand(question: str, section: Section, vocabulary: Vocabulary) -> Question:
    """Weigh a question's words by a section's vocabulary, and choose the terms that candidates are nominated by."""
    asked = clues(content(question), vocabulary, arabizi=is_arabizi(question))
    return Question(section, asked, _nominating(asked, vocabulary))


def _nominating(asked: Sequence[Clue], vocabulary: Vocabulary) -> dict[str, int]:
    """The terms meant and those spelt like them, heaviest first, as long as few pieces hold them."""
    weights: defaultdict[str, float] = defaultdict(float)
    for clue in asked:
        for term, likeness in clue.meanings.items():
            weights[term] = max(weights[term], clue.weight * likeness)
        for term, likeness in clue.kin.items():
            weights[term] = max(weights[term], clue.weight * likeness * _KIN_SHARE)
    chosen: dict[str, int] = {}
    postings = 0
    for term, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:_MOST_TERMS]:
        postings += vocabulary.seen(term)
        if len(chosen) >= _FEWEST_TERMS and postings > _MOST_POSTINGS:
            break
        chosen[term] = round(weight * _WEIGHT)
    return chosen


def rank(question: Question, candidates: Iterable[Candidate], vocabulary: Vocabulary) -> list[Hit]:
    """Order candidates: those that answer by evidence, then the others by where the lists named them; one a fact."""
    best: dict[str, Hit] = {}
    for candidate in candidates:
        hit = _hit(question, candidate, vocabulary)
        if hit.sure > 0 and (hit.fact not in best or (hit.key, hit.id) > (best[hit.fact].key, best[hit.fact].id)):
            best[hit.fact] = hit
    hits = in_order(best.values())
    return hits if question.section is Section.TEXTS else _standing_out(hits)


def _standing_out(hits: list[Hit]) -> list[Hit]:
    """Take the first for sure if it nearly is and no other comes near it."""
    if not hits or not NEARLY <= hits[0].evidence < ANSWERABLE:
        return hits
    next_best = max((hit.evidence for hit in hits[1:]), default=0.0)
    if hits[0].evidence < AHEAD * next_best:
        return hits
    head = replace(hits[0], sure=max(hits[0].sure, ANSWERABLE), key=(True, hits[0].key[1]))
    return [head, *hits[1:]]


def in_order(hits: Iterable[Hit]) -> list[Hit]:
    """The best first; the id decides between equals, so that both stores give one order."""
    return sorted(sorted(hits, key=lambda hit: hit.id), key=lambda hit: hit.key, reverse=True)


def _hit(question: Question, candidate: Candidate, vocabulary: Vocabulary) -> Hit:
    first, end = 0, 0
    if question.section is Section.TEXTS:
        finding = find(question.asked, candidate.asked, candidate.told)
        sure, first, end = finding.sure, finding.first, finding.end
    else:
        sure = score(question.asked, wording(candidate.asked, candidate.told), vocabulary)
    near = candidate.likeness
    share = _RANK_SHARE_OF_UNSURE if near is not None and sure < ANSWERABLE else _RANK_SHARE
    key, evidence = (sure >= ANSWERABLE, sure + share * candidate.rank), sure
    # Being near says what a text is about, not that it answers: by itself it never makes an answer.
    sure = sure if near is None else max(sure, RUNNER_UP * min(near, 1.0))
    return Hit(
        candidate.id,
        candidate.kind,
        candidate.fact,
        candidate.language,
        round(min(sure, 1.0), 4),
        key,
        first,
        end,
        evidence,
    )


def arrange(found: Sequence[Sequence[Passage]], limit: int) -> list[Passage]:
    """Put the passages of a message's questions in one list.

    The best of each question comes first, in the order asked (twice if it answers two); what follows are the
    runners-up, at less than half their score, so that none of them passes for an answer.
    """
    if len(found) <= 1:
        return [passage for passages in found for passage in passages][:limit]
    heads = [passages[0] for passages in found if passages]
    told = {passage.id for passage in heads}
    runners: dict[str, Passage] = {}
    for passage in sorted((p for passages in found for p in passages[1:]), key=lambda passage: -passage.score):
        if passage.id not in told:
            runners.setdefault(passage.id, replace(passage, score=passage.score * RUNNER_UP))
    return [*heads, *runners.values()][: max(limit, len(heads))]
