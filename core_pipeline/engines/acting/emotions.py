"""Six feelings as faces show them: each plain at a glance, none a mask."""

from __future__ import annotations

from core_pipeline.contracts.faces import Emotion
from core_pipeline.engines.acting.pose import Mood

MOODS: dict[Emotion, Mood] = {
    "neutral": Mood(smile=0.5, squint=0.1, raised=0.08),
    "happy": Mood(smile=1.0, raised=0.5, squint=0.6, flush=0.6, parted=0.9, lean=0.3),
    "sad": Mood(smile=-0.8, inner=1.0, raised=-0.12, droop=0.45, bow=0.5, lean=-0.6),
    "worried": Mood(smile=-0.36, inner=0.8, raised=0.66, furrow=0.2, wide=0.7, tight=0.3, parted=0.35, lean=0.35),
    "angry": Mood(smile=-0.5, furrow=1.0, raised=-0.35, squint=0.5, droop=0.12, tight=0.8, flush=0.15, bow=0.25),
    "thankful": Mood(smile=0.95, inner=0.6, raised=0.3, squint=0.66, droop=0.26, flush=0.5, bow=0.7, lean=0.7),
}


def mood_of(emotion: Emotion) -> Mood:
    """Return what the feeling does to a face."""
    return MOODS[emotion]
