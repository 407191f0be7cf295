"""Six feelings as faces show them: each plain at a glance, none a mask."""

from __future__ import annotations

from core_pipeline.contracts.faces import Emotion
from core_pipeline.engines.acting.pose import Mood

MOODS: dict[Emotion, Mood] = {
    "neutral": Mood(smile=0.5, squint=0.1, raised=0.08),
    "happy": Mood(smile=1.0, raised=0.7, squint=0.5, wide=0.2, flush=0.32, parted=1.0, lean=0.3),
    "sad": Mood(smile=-0.9, inner=1.0, raised=-0.3, droop=1.0, bow=0.7, lean=-0.6),
    "worried": Mood(smile=-0.42, inner=0.85, raised=0.75, furrow=0.5, wide=1.0, tight=0.9, parted=0.5, lean=0.2),
    "angry": Mood(smile=-0.6, furrow=1.0, raised=-0.35, squint=0.5, droop=0.12, tight=0.7, flush=0.15, bow=0.25),
    "thankful": Mood(smile=0.75, inner=0.2, raised=0.1, squint=1.0, droop=0.7, flush=0.26, bow=0.9, lean=0.5),
}


def mood_of(emotion: Emotion) -> Mood:
    """Return what the feeling does to a face."""
    return MOODS[emotion]
