"""What an avatar's manifest `avatar.toml` says; places and sizes are in units of the art, x to the right, y down."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Number = Annotated[float, Field(ge=-2000, le=2000)]
Positive = Annotated[float, Field(gt=0, le=2000)]
Share = Annotated[float, Field(ge=0, le=2)]
Point = tuple[Number, Number]
Box = tuple[Number, Number, Positive, Positive]
Words = dict[Literal["ar", "en"], Annotated[str, Field(min_length=1, max_length=200)]]


class Part(BaseModel):
    """A part of a manifest: unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Views(Part):
    """Where each view looks: left, top and width; the height follows from the picture's shape."""

    square: tuple[Number, Number, Positive]
    note: tuple[Number, Number, Positive]
    portrait: tuple[Number, Number, Positive]


class Mouth(Part):
    """The mouth: the middle of the line between closed lips, and how it is drawn.

    `width` is half the closed mouth's; `fullness` scales the lips (0: a line), `drop` is how far the chin goes down
    when the mouth is wide open. `box` (left, top, width, height) holds the mouth however wide it opens. Style "muzzle"
    is an animal's.
    """

    at: Point
    box: Box
    width: Positive = 34
    fullness: Share = 1.0
    drop: Share | Positive = 13
    upper: Colour = "#b9565a"
    lower: Colour = "#cf7370"
    line: Colour = "#7c2c30"
    style: Literal["lips", "muzzle"] = "lips"


class Eyes(Part):
    """Two eyes by their middles, as the viewer sees them; `width` and `height` are halves of the open eye."""

    left: Point
    right: Point
    width: Positive = 26
    height: Positive = 14.5
    iris: Colour = "#5b3720"
    lid: Colour = "#e2ab86"
    lash: Colour = "#2a1712"
    lashes: Share = 0.0
    style: Literal["almond", "round"] = "almond"


class Brows(Part):
    """Two brows by their middles; `width` is half a brow's length, `weight` its thickness."""

    left: Point
    right: Point
    width: Positive = 32
    weight: Positive = 7
    colour: Colour = "#3a2419"


class Illustrated(Part):
    """An avatar drawn as layers in `art.svg`; README.md says which. `pivot` is the point in the neck the head turns on.

    `colours` has "clothes" and "background"; a tenant may choose others.
    """

    name: Words
    about: Words
    kind: Literal["illustrated"]
    licence: str = Field(min_length=1, max_length=200)
    gender: Literal["woman", "man", "none"]
    age: Literal["young", "adult", "old"]
    colours: dict[Literal["clothes", "background"], Colour]
    pivot: Point
    views: Views
    mouth: Mouth
    eyes: Eyes
    brows: Brows
    logo: Box


class Photo(Part):
    """A photographed person: twelve points of the face in pixels of `portrait.png`, by name as README.md lists them."""

    name: Words
    about: Words
    kind: Literal["photo"]
    licence: str = Field(min_length=1, max_length=200)
    points: dict[str, Point]
    views: Views
