"""What is counted in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core_pipeline.calls.echo import Echo
    from core_pipeline.calls.mouth import Mouth
    from core_pipeline.calls.talk import Talk


def figures(talk: Talk, mouth: Mouth, echo: Echo) -> dict[str, float]:
    """Return the counts of a call by name: utterances answered, how often what happened, seconds of speech.

    "underruns" are frames that came when the far end had nothing left to play within a sentence, "merged" are turns
    that were taken too early and answered with their continuation, "echo" is 1 where our own voice came back.
    """
    counts = mouth.figures
    return {
        "turns": talk.turns,
        "barge_ins": counts["barge_ins"],
        "merged": counts["merged"],
        "fillers": counts["fillers"],
        "troubles": counts["troubles"],
        "underruns": mouth.player.underruns,
        "heard_seconds": counts["heard_ms"] / 1000,
        "spoken_seconds": round(mouth.player.seconds, 3),
        "echo": float(echo.noticed),
    }
