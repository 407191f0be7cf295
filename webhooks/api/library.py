"""What voices, avatars and calls look like, as the description of the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from webhooks.api.schemas import ID, LONGEST_SCRIPT, NUMBER, Asking, Fault, Language, Name, Scope


class StockVoice(BaseModel):
    """A voice on the shelf."""

    choice: str
    name: dict[str, str]
    languages: list[str]
    gender: str
    licence: str


class OwnVoice(BaseModel):
    """A voice by example of the tenant's own."""

    id: str
    choice: str
    name: str
    language: str
    state: str
    speaker: str
    created_at: datetime


class Voices(BaseModel):
    """Every voice that may be chosen."""

    shelf: list[StockVoice]
    own: list[OwnVoice]


class Consenting(Asking):
    """Who reads the sentence, and what for: answering customers, or everything."""

    person: Name
    scope: Scope = "answers"


class PersonConsenting(Consenting):
    """The same, and in which language the sentence is."""

    language: Language = "ar"


class Sentence(BaseModel):
    """What the owner of the voice or face has to read aloud within `seconds`."""

    id: str
    sentence: str
    seconds: int


class Ready(BaseModel):
    """It may be used: give `choice` wherever a voice or an avatar is chosen."""

    id: str
    choice: str
    state: str


class StockAvatar(BaseModel):
    """An avatar on the shelf."""

    choice: str
    name: dict[str, str]
    gender: str
    age: str
    licence: str


class OwnAvatar(BaseModel):
    """An avatar of the tenant's own; `problems` are what stands in the way of animating it."""

    id: str
    choice: str
    name: dict[str, str]
    kind: str
    state: str
    problems: list[Fault]


class Avatars(BaseModel):
    """Every avatar that may be chosen."""

    shelf: list[StockAvatar]
    own: list[OwnAvatar]


Spot = tuple[
    Annotated[float, Field(ge=0, le=20_000, allow_inf_nan=False)],
    Annotated[float, Field(ge=0, le=20_000, allow_inf_nan=False)],
]


class Points(Asking):
    """Where the middles of both eyes and of the mouth are, in pixels, left and right as one sees them."""

    left_eye: Spot
    right_eye: Spot
    mouth: Spot


class TwelvePoints(Asking):
    """The twelve points of a face by their names, in pixels; left and right as one sees them."""

    points: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")], Spot], Field(max_length=12)]


Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Colours(Asking):
    """What an avatar wears and stands before, written as #rrggbb."""

    clothes: Colour | None = None
    background: Colour | None = None


class Dialling(Asking):
    """Whom to call, from which account (the only one that carries calls, if not named), and what to say first."""

    to: str = Field(pattern=NUMBER)
    account: str | None = Field(default=None, pattern=ID)
    opening: Annotated[str, Field(max_length=LONGEST_SCRIPT), AfterValidator(lambda text: text.replace("\0", ""))] = ""


class Dialled(BaseModel):
    """The call that was begun."""

    call_id: str


class CallLine(BaseModel):
    """What was said in a call, by the customer or by us: of our answers, as much as was heard."""

    speaker: Literal["customer", "bot"]
    text: str
    at: datetime


class CallRow(BaseModel):
    """A call; `seconds` since it was answered."""

    call_id: str
    account: str
    outgoing: bool
    state: str
    reason: str
    language: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: float


class CallTold(CallRow):
    """A call with what was said; `recording_url` is good for an hour."""

    transcript: list[CallLine]
    recording_url: str | None


class CallPage(BaseModel):
    """Calls, newest first; `next` is to be given as `before` for older ones."""

    calls: list[CallRow]
    next: str | None
