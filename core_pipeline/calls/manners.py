"""How a call is led, and what is said first in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.arabic.sentences import Sentences
from core_pipeline.calls.host import Manner
from core_pipeline.calls.menu import announced
from core_pipeline.calls.people import led
from core_pipeline.cloning.disclosure import disclosed

if TYPE_CHECKING:
    from core_pipeline.calls.dialogue import Dialogue


# Who sees that we listen may read and think for longer than who hears nothing at all.
SEEN = 4


def manner_of(dialogue: Dialogue, *, seen: bool = False) -> Manner:
    """How this call is led, as its tenant wants calls led; silence is borne longer where we are `seen`."""
    calls = dialogue.policy.calls
    manner = Manner(
        language=dialogue.language,
        opening=_opening(dialogue),
        interrupts=calls.interrupts,
        turn=calls.turn,
        pause=calls.pause,
        filler=calls.filler,
        silence=calls.silence * (SEEN if seen else 1),
        longest=calls.longest,
        record=calls.record,
        keys=frozenset(calls.menu),
        digits=calls.digits,
    )
    return led(dialogue, manner) if dialogue.quiet else manner


def _opening(dialogue: Dialogue) -> tuple[str, ...]:
    """What must be said first, in order: that the call is recorded, that a machine speaks; greeting; menu."""
    policy, language = dialogue.policy, dialogue.language
    first = not any(one.speaker == "bot" for one in dialogue.before.history)
    sentences = [dialogue.words("recorded", language)] if policy.calls.record else []
    sentences.append(disclosed("", policy, language, first=first).strip())
    cut = Sentences()
    sentences += [*cut.feed(dialogue.opening), *cut.flush()] or [dialogue.words("greeting", language)]
    sentences += announced(policy, language, dialogue.person) if policy.calls.announce and not dialogue.quiet else ()
    return tuple(one for one in sentences if one)
