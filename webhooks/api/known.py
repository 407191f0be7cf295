"""What a business's knowledge looks like, as the description of the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from core_pipeline.knowledge.documents.preview import LONGEST_PAGE
from webhooks.api.schemas import ID, Asking, Fault, Language, Words

Kind = Literal["entries", "products"]
State = Literal["open", "answered", "dismissed"]
Key = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=6000)]
Url = Annotated[str, Field(min_length=8, max_length=2000, pattern=r"^https?://")]


class Said(Asking):
    """What an entry says in one language; `alternatives` are other ways to ask it."""

    question: Text
    answer: Text
    alternatives: list[Text] = Field(default_factory=list, max_length=30)


class Sold(Asking):
    """What a product is called in one language."""

    name: Text
    description: Text = ""


class EntryDraft(Asking):
    """An entry: null takes a language away, one that is left out stays.

    `mark` is that of the entry as you read it; if it has changed since, you are refused (409) and nothing is lost.
    """

    ar: Said | None = None
    en: Said | None = None
    mark: Annotated[str, Field(max_length=64)] | None = None


class ProductDraft(Asking):
    """A product: languages and `mark` as of an entry; `price` is a decimal number, `currency` its code."""

    ar: Sold | None = None
    en: Sold | None = None
    price: Annotated[str, Field(max_length=40)] = ""
    currency: Annotated[str, Field(max_length=24)] = ""
    available: bool = True
    mark: Annotated[str, Field(max_length=64)] | None = None


class FactRow(BaseModel):
    """An entry or a product with all its languages; `document_id` is that of the document that it came with."""

    key: str
    mark: str
    document_id: str | None
    versions: dict[str, dict[str, Any]]


class FactPage(BaseModel):
    """What was added last comes first; `next` is to be given as `after` for more."""

    rows: list[FactRow]
    total: int
    next: str | None


class Switched(BaseModel):
    """How many rows were changed."""

    changed: int


class Switching(Asking):
    """Which products can be had, or not."""

    keys: list[Key] = Field(min_length=1, max_length=1000)
    available: bool


class LineFault(Fault):
    """What is wrong with the field `where`: in words, in the caller's language, and its code for programs."""

    code: str


class ImportLine(BaseModel):
    """What a line would do; `errors` say what is wrong with it."""

    line: int
    outcome: Literal["new", "changed", "same", "wrong"]
    key: str
    errors: list[LineFault]


class Imported(BaseModel):
    """What a file does: `applied` says whether it was done; wrong lines are left out."""

    applied: bool
    counts: dict[str, int]
    lines: list[ImportLine]


class DocumentRow(BaseModel):
    """A document: `progress` 0..1, `mended` if its Arabic was put right, `error` a code."""

    id: str
    title: str
    url: str | None
    mime: str
    size: int
    state: str
    progress: float
    mended: bool
    error: str | None
    pages: int
    updated_at: datetime


class DocumentPage(BaseModel):
    """Every document, newest first, with what is used of the quota."""

    documents: list[DocumentRow]
    used: dict[str, int]
    quota: dict[str, int]


class DocumentText(BaseModel):
    """A page of what was read in a document, as plain markup; `mark` changes with the text."""

    id: str
    page: int
    pages: int
    text: str
    mark: str


class DocumentCorrection(Asking):
    """What a page shall say instead, and the mark of what it said when it was read."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    text: Annotated[str, Field(max_length=LONGEST_PAGE)]
    mark: Annotated[str, Field(max_length=64)]


class Link(Asking):
    """A page of the web."""

    url: Url


class OpenQuestionRow(BaseModel):
    """A question that was not known: `entry` is the key of what answers it, `conversation` where it came up last."""

    id: str
    question: str
    language: str
    asked: int
    state: str
    entry: str | None
    conversation: str | None
    first_at: datetime
    last_at: datetime


class OpenQuestionPage(BaseModel):
    """The most asked come first; `next` is to be given as `after` for more."""

    questions: list[OpenQuestionRow]
    counts: dict[str, int]
    next: str | None


class Answering(Asking):
    """The answer in one language or both; `also` are ids of other questions that it answers."""

    ar: Said | None = None
    en: Said | None = None
    also: list[Annotated[str, Field(pattern=ID)]] = Field(default_factory=list, max_length=50)


class Putting(Asking):
    """Dismiss a question, or open it again."""

    state: Literal["open", "dismissed"]


class Trying(Asking):
    """A question to try the search with; `language` is that of the passages (as asked, if not given)."""

    question: Words
    language: Language | None = None


class TriedPassage(BaseModel):
    """A passage that was found: `kind` with `key` or `document_id` and `page` say where it stands."""

    id: str
    kind: str | None
    key: str
    document_id: str | None
    page: int | None
    question: str
    text: str
    score: float
    answers: bool
    counts: bool


class Tried(BaseModel):
    """How a question was understood and what was found.

    From `threshold` on a passage answers, below `floor` none counts.
    """

    language: str
    arabizi: bool
    questions: list[str]
    words: list[str]
    threshold: float
    floor: float
    answered: bool
    passages: list[TriedPassage]
