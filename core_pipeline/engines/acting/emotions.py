"""Six feelings as faces show them: each plain at a glance, none a mask."""

from __future__ import annotations

from core_pipeline.contracts.faces import Emotion
from core_pipeline.engines.acting.pose import Mood

MOODS: dict[Emotion, Mood] = {
    "neutral": Mood(smile=0.24, squint=0.06),
    "happy": Mood(smile=1.0, raised=0.42, squint=0.62, flush=0.75, lean=0.25),
    "sad": Mood(smile=-0.72, inner=0.95, raised=-0.1, droop=0.42, bow=0.45, lean=-0.55),
    "worried": Mood(smile=-0.34, inner=0.72, raised=0.62, furrow=0.3, wide=0.6, tight=0.3, lean=0.3),
    "angry": Mood(smile=-0.42, furrow=1.0, raised=-0.35, squint=0.55, droop=0.14, tight=0.75, flush=0.2, bow=0.2),
    "thankful": Mood(smile=0.82, inner=0.38, raised=0.16, squint=0.5, droop=0.34, flush=0.6, bow=0.5, lean=0.5),
}


def mood_of(emotion: Emotion) -> Mood:
    """Return what the feeling does to a face."""
    return MOODS[emotion]
