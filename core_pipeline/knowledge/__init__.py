"""What a business knows: its questions and answers, and the search over them."""

from core_pipeline.knowledge.entries import Entry
from core_pipeline.knowledge.search import ANSWERABLE, Index

__all__ = ["ANSWERABLE", "Entry", "Index"]
