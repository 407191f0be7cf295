"""What a business knows: its questions and answers, products and documents, and the search over them."""

from core_pipeline.knowledge.entries import Entry
from core_pipeline.knowledge.ranking import ANSWERABLE
from core_pipeline.knowledge.search import Index

__all__ = ["ANSWERABLE", "Entry", "Index"]
