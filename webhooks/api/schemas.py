"""What goes in and out, as the description of the API shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Language = Literal["ar", "en"]
Scope = Literal["answers", "everything"]
Form = Literal["video", "voice", "text"]
LONGEST_TEXT = 4000
LONGEST_SCRIPT = 1200
LONGEST_WAIT = 30.0
VISITOR = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,79}$"
ID = r"^[0-9a-f]{32}$"
JOB_ID = r"^[0-9a-f]{64}$"
VOICE = r"^(clone:[0-9a-f]{32}|[a-z0-9]{1,40}(-[a-z0-9]{1,40}){0,3})$"
AVATAR = r"^(own:[0-9a-f]{32}|[a-z0-9]{1,40}(-[a-z0-9]{1,40}){0,3})$"
NUMBER = r"^\+?[0-9]{3,15}$"


def _plain(text: str) -> str:
    """What databases take and people can see."""
    kept = text.replace("\0", "").strip()
    if not kept:
        msg = "there are no words in it"
        raise ValueError(msg)
    return kept


Words = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_plain)]
ScriptWords = Annotated[str, Field(min_length=1, max_length=LONGEST_SCRIPT), AfterValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_plain)]
Visitor = Annotated[str, Field(pattern=VISITOR, description="Your stable name of this person.")]


class Asking(BaseModel):
    """A request's body: fields that we don't know are refused, since they would do nothing."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """What went wrong (RFC 9457): `code` is for programs, `detail` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[Fault] = Field(default_factory=list)


class Fault(BaseModel):
    """One of several things that are wrong: `where` is a field or a code."""

    where: str
    what: str


class TokenAsked(Asking):
    """Whom the token is for, and for how many seconds."""

    visitor: Visitor | None = None
    seconds: int = Field(default=900, ge=60, le=3600)


class TokenMade(BaseModel):
    """A token that a page may hold instead of a key."""

    token: str
    visitor: str
    expires_in: int


class Question(Asking):
    """A question in writing, and the form in which it is to be answered."""

    text: Words
    form: Form = "video"
    visitor: Visitor | None = None
    language: Language | None = None


class JobError(BaseModel):
    """Why there is no answer."""

    code: str
    detail: str


class Job(BaseModel):
    """A message on its way to its answer; addresses of media are good for an hour.

    `note` says why an answer is not what was asked for; `also` are further texts that came with it.
    """

    job_id: str
    state: Literal["queued", "running", "done", "failed"]
    progress: int = Field(ge=0, le=100)
    visitor: str | None = None
    transcript: str | None = None
    response_text: str | None = None
    language: str | None = None
    citations: list[str] = Field(default_factory=list)
    audio_url: str | None = None
    video_url: str | None = None
    also: list[str] = Field(default_factory=list)
    note: str | None = None
    error: JobError | None = None


class Bill(BaseModel):
    """What one stage took: milliseconds, units, millionths of a US dollar."""

    stage: str
    engine: str | None
    ms: float
    units: float
    unit: str | None
    cost: int


class SpokenWord(BaseModel):
    """A word with its start and end in seconds."""

    text: str
    start: float
    end: float
    confidence: float | None = None


class Transcribed(BaseModel):
    """What was heard; `confidence` in 0..1, null where the engine has none."""

    text: str
    language: str
    confidence: float | None
    seconds: float
    words: list[SpokenWord]
    usage: list[Bill]


class Retrieving(Asking):
    """What to look for in what the business knows."""

    question: Words
    language: Language | None = None
    limit: int = Field(default=5, ge=1, le=20)


class Found(BaseModel):
    """A piece of what the business knows; `score` in 0..1 says how sure the search is."""

    id: str
    question: str
    answer: str
    extract: str
    source: str
    language: str
    score: float


class Retrieved(BaseModel):
    """What was found, best first."""

    language: str
    passages: list[Found]
    usage: list[Bill]


class Line(Asking):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: Words


class Responding(Asking):
    """A question, or a conversation whose last message is the user's."""

    question: Words | None = None
    messages: list[Line] = Field(default_factory=list, max_length=50)
    language: Language | None = None


class Responded(BaseModel):
    """An answer with the passages that it rests on; not `sure`: it says that the business does not know."""

    text: str
    language: str
    citations: list[str]
    sure: bool
    usage: list[Bill]


class Speaking(Asking):
    """A text to speak; `voice` is one of GET /voices (its `choice`), else the tenant's own choice."""

    text: Words
    language: Language | None = None
    voice: str | None = Field(default=None, pattern=VOICE)


class Spoken(BaseModel):
    """Where the sound can be fetched for an hour."""

    audio_url: str
    mime: str
    seconds: float
    language: str
    usage: list[Bill]


class Animating(Asking):
    """What a face is to say: a text, or the `audio_url` of an answer; `avatar` is a `choice` of GET /avatars."""

    text: ScriptWords | None = None
    audio_url: str | None = Field(default=None, min_length=1, max_length=2000)
    avatar: str | None = Field(default=None, pattern=AVATAR)
    language: Language | None = None


class Health(BaseModel):
    """Whether we can serve."""

    status: Literal["ready"]
