"""Answers given before: the same question in the same circumstances need not be thought about twice."""

from core_pipeline.answers.circumstances import base_of, circumstances_of
from core_pipeline.answers.given import NOTE, Given, Report, find, keep, report, sweep, used, worth_keeping
from core_pipeline.answers.questions import Question, question_of

__all__ = [
    "NOTE",
    "Given",
    "Question",
    "Report",
    "base_of",
    "circumstances_of",
    "find",
    "keep",
    "question_of",
    "report",
    "sweep",
    "used",
    "worth_keeping",
]
