"""Heavy engines share one machine's memory: each in its own process, there while it is wanted and there is room."""

from core_pipeline.engines.residency.residency import Residency, Terms
from core_pipeline.engines.residency.resident import Figures

__all__ = ["Figures", "Residency", "Terms"]
