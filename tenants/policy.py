"""How one tenant wants its customers served; stored as JSON on the tenant."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tenants.hours import Day, Hours, OpeningHours

__all__ = ["PHRASES", "CallPolicy", "Day", "HandoffPolicy", "Hours", "OpeningHours", "Policy"]

PHRASES = (
    "greeting",
    "thanks",
    "goodbye",
    "unknown",
    "repeat",
    "fallback",
    "please_write",
    "unsupported",
    "reset",
    "forgotten",
    "may_remember",
    "remembered",
    "not_remembered",
    "handed",
    "closed_note",
    "disclosure",
    "video_soon",
    "moment",
    "still_there",
    "silence_over",
    "time_over",
    "recorded",
    "transferring",
    "no_person",
    "leave_message",
    "away",
    "with_colleague",
    "say_message",
    "message_kept",
    "lines_busy",
    "closed",
    "not_heard",
    "trouble",
    "call_broke_off",
    "call_missed",
    "call_again",
)


Digits = Annotated[str, Field(pattern=r"^[0-9*#]{1,4}$")]


class CallPolicy(BaseModel):
    """How a tenant wants calls taken.

    `person` is the number to which a caller is transferred who asks for a person ("" : nobody), `menu` what keys do:
    "person", "repeat", "bye", "language:en", or a question that is answered as if it had been asked. `announce` tells
    those keys after the greeting. `hours` are opening hours of the telephone by day in `zone` ("22:00-02:00" runs into
    the next day; none: those of the business, `Policy.hours`); outside them, and when all `most` lines are taken, a
    caller may leave a message if `voicemail`. `record` keeps the sound, and says so first. `interrupts` lets a caller
    break into what is said.

    `turn` decides when a caller has finished: by a "pause" of `pause` seconds, longer where the sentence is unfinished,
    or by the installation's "model" of speech where there is one. `filler` seconds after a question that is not
    answered yet the caller is told to wait (0: never). After `silence` seconds they are asked twice whether they are
    still there, then the call ends; it also ends after `longest` seconds. `follow_up` goes on by message when a call
    breaks off or can't be taken, where the customer is known there; `digits` are how many keys one number has at most.
    """

    model_config = ConfigDict(extra="forbid")

    person: Annotated[str, Field(pattern=r"^(\+?[0-9]{3,15}|sip:[^\s]{3,80})?$")] = ""
    menu: dict[Digits, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=lambda: {"0": "person", "9": "repeat"}
    )
    announce: bool = False
    hours: dict[Day, list[Hours]] = Field(default_factory=dict)
    zone: str = "Africa/Cairo"
    most: int = Field(default=10, ge=0, le=1000)
    voicemail: bool = True
    record: bool = False
    interrupts: bool = True
    turn: Literal["pause", "model"] = "pause"
    pause: float = Field(default=0.5, ge=0.2, le=3.0)
    filler: float = Field(default=1.5, ge=0.0, le=10.0)
    silence: float = Field(default=15.0, ge=3.0, le=120.0)
    longest: float = Field(default=1800.0, ge=30.0, le=14400.0)
    follow_up: bool = True
    digits: int = Field(default=20, ge=1, le=64)


class HandoffPolicy(BaseModel):
    """When a person is asked to take over, besides the customer's own wish for one.

    `words` are the tenant's own ("refund"): a message that holds one is handed over. `after_unknown` answers in a row
    that say we don't know do the same (0: never), and so does an `angry` message if that is set. `when_closed` says
    whether a person is asked outside opening hours, too; else the customer is told when there is somebody.
    """

    model_config = ConfigDict(extra="forbid")

    words: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(default_factory=list, max_length=50)
    after_unknown: int = Field(default=0, ge=0, le=10)
    angry: bool = False
    when_closed: bool = True


class Policy(BaseModel):
    """Choices of a tenant; every field has a default that works on the first day.

    `burst_seconds` is how long we wait after a customer's last message before answering all of them as one turn (0:
    every message is answered by itself), `burst_cap` the longest such wait. `reply` is the richest form to answer
    in ("mirror": as the customer wrote). `confidence` is the recogniser's confidence under which we ask the customer
    to repeat or write. `voice` names an engine's voice by language. `phrases` holds the tenant's own words by name and
    language: {"unknown": {"ar": "…", "en": "…"}}. `persona` describes the bot in the tenant's words, by language. Both
    may name variables in braces, see `tenants/variables.py`. `tone` and `dialect` colour what a language model writes
    ("customer": the dialect in which they ask); `answers_in` is the language of answers ("customer": theirs). `hours`
    are when the business is open, `handoff` when a person is asked to take over.

    `engines` names the tenant's own chains by kind, best first ({"llm": "ollama,knowledge"}); a kind that is missing is
    the installation's. `answerable` is how sure the search must be that what it found bears on the question (0: the
    engine decides), `longest_answer` counts in characters. `memory_messages` is how many messages the bot remembers
    word for word, `session_seconds` the silence after which it begins anew; `remember` says whether it may keep facts
    about a customer who agrees. `cache` answers questions that were asked before at once, `cache_likeness` says how
    alike (1: the same words) they must be. `disclosure` is when the customer is told that a machine speaks.

    `video` is when an answer is a talking video instead of a voice note ("request": when the customer asks for one).
    `avatar` is who speaks in it by language, as the persona is (a slug of the shelf, "own:ID" of the tenant's, none:
    the shelf's first), wearing and standing before `avatar_colours` ("clothes", "background"). `video_view` is how it
    is framed ("" = as is usual on the network), `video_hd` asks for 1080 lines, `captions` writes the words over it.
    `video_seconds` is the longest video: what is longer is sent as writing after its first part ("part"), or as a
    voice note instead ("voice"). `video_minutes` is how much video a calendar month may bring (0: no bound),
    `video_wait` how many seconds of queue a customer is spared by a voice note. `handoff_hours` is how long the bot
    keeps quiet once a person was asked to take over (0: it goes on answering). `calls` is about live calls;
    `keep_media_days` and `keep_words_days` are how long sounds and pictures, and conversations, are kept (0: as long as
    the installation does). `try_page` opens a page on which anybody can talk to this bot.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    language: Literal["ar", "en"] = "ar"
    burst_seconds: float = Field(default=1.5, ge=0.0, le=30.0)
    burst_cap: float = Field(default=8.0, ge=0.0, le=60.0)
    reply: Literal["voice", "text", "mirror"] = "voice"
    confidence: float = Field(default=0.5, ge=0.0, le=1.0)
    voice: dict[str, str] = Field(default_factory=dict)
    phrases: dict[str, dict[str, str]] = Field(default_factory=dict)
    persona: dict[str, str] = Field(default_factory=dict)
    tone: Literal["neutral", "warm", "formal", "cheerful"] = "neutral"
    dialect: Literal["customer", "formal", "egyptian", "gulf", "levantine", "maghrebi", "iraqi"] = "customer"
    answers_in: Literal["customer", "ar", "en"] = "customer"
    hours: OpeningHours = Field(default_factory=OpeningHours)
    handoff: HandoffPolicy = Field(default_factory=HandoffPolicy)
    engines: dict[str, str] = Field(default_factory=dict)
    answerable: float = Field(default=0.1, ge=0.0, le=1.0)
    longest_answer: int = Field(default=600, ge=80, le=4000)
    memory_messages: int = Field(default=20, ge=0, le=100)
    session_seconds: int = Field(default=3600, ge=60, le=30 * 86400)
    remember: bool = True
    cache: bool = True
    cache_likeness: float = Field(default=1.0, ge=0.5, le=1.0)
    disclosure: Literal["never", "first", "always"] = "never"
    handoff_hours: float = Field(default=0.0, ge=0.0, le=168.0)
    video: Literal["never", "request", "first", "always"] = "request"
    avatar: dict[str, Annotated[str, Field(max_length=80)]] = Field(default_factory=dict)
    avatar_colours: dict[Literal["clothes", "background"], Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]] = Field(
        default_factory=dict
    )
    video_view: Literal["", "square", "note", "portrait"] = ""
    video_hd: bool = False
    captions: bool = False
    video_seconds: float = Field(default=60.0, ge=5.0, le=300.0)
    video_long: Literal["part", "voice"] = "part"
    video_minutes: float = Field(default=0.0, ge=0.0)
    video_wait: float = Field(default=20.0, ge=0.0, le=600.0)
    calls: CallPolicy = Field(default_factory=CallPolicy)
    keep_media_days: int = Field(default=0, ge=0, le=36500)
    keep_words_days: int = Field(default=0, ge=0, le=36500)
    try_page: bool = False

    @property
    def zone(self) -> str:
        """The time zone by whose clock the business works."""
        return self.hours.zone or self.calls.zone
