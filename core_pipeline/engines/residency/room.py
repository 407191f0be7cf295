"""Who has to leave so that another engine can come: a decision on figures alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from core_pipeline.engines.residency.resident import Resident

# An engine that is wanted on may stay so many seconds longer than one of its rank that is not there: loading is dear.
STINT = 5.0


@dataclass(frozen=True)
class Decision:
    """Which engines are to be loaded now, which are to end, and which take no new work until they are idle."""

    load: list[Resident] = field(default_factory=list)
    end: list[Resident] = field(default_factory=list)
    hold: set[Resident] = field(default_factory=set)


def decide(residents: Collection[Resident], budget: int) -> Decision:
    """Serve who waits for absent engines in the order of their urgency, within a budget in bytes.

    Idle engines end, the least recently used first; busy ones are only held back from new work. One that is wanted
    more urgently than the absent one stays.
    """
    decision = Decision()
    room = budget - sum(one.memory for one in residents if one.stay)
    claims = sorted((one for one in residents if not one.stay and len(one.queue)), key=lambda one: one.queue.urgency())
    for claim in claims:
        if claim.memory <= room:
            decision.load.append(claim)
            room -= claim.memory
            continue
        missing = claim.memory - room - sum(one.memory for one in residents if one.stay and one.stay.ending)
        leaving = _leaving(residents, missing, claim.queue.urgency() + STINT)
        if leaving is not None:
            idle = [one for one in leaving if one.stay and not one.stay.busy]
            decision.end.extend(idle)
            decision.hold.update(leaving)
            break
    return decision


def _leaving(residents: Iterable[Resident], missing: int, due: float) -> list[Resident] | None:
    """Return who has to leave to free so many bytes; None when those who may leave do not free enough."""
    able = [one for one in residents if one.stay and one.stay.ready and one.queue.urgency() > due]
    able.sort(key=lambda one: (one.stay is not None and one.stay.busy > 0, one.stay.used if one.stay else 0.0))
    leaving = []
    for one in able:
        if missing <= 0:
            break
        leaving.append(one)
        missing -= one.memory
    return leaving if missing <= 0 else None
