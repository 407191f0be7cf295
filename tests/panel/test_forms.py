"""Forms that are drawn from models: every channel's and every engine's, and what they say of what is typed."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from admin.frame.assets import Assets
from admin.frame.drawing import Drawing
from admin.frame.fields import Kind
from admin.frame.forms import Drawn, draw, read
from admin.frame.patterns import for_browsers
from channels import discover as channels
from core_pipeline.engines.catalogue import discover as engines
from core_pipeline.engines.opening import spec_of

CANARY = "canary-5f1d"
MODELS: dict[str, type[BaseModel]] = {f"channel {name}": spec.config for name, spec in channels().items()} | {
    f"{kind} {name}": spec_of(kind, name).config for kind, name in engines()
}
DRAWING = Drawing(Assets(Path("nowhere")))


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    deep: int = Field(3, title="Deep", ge=1, le=9)
    sure: bool = True


class Sample(BaseModel):
    """One field of each kind."""

    name: str = Field(title="Your name", description="As on the sign.", min_length=2, max_length=20)
    about: str = Field("", max_length=2000)
    age: int | None = Field(None, gt=0, lt=150)
    share: float = Field(0.5, ge=0, le=1)
    open: bool = True
    mode: Literal["fast", "slow"] = "slow"
    level: Literal[1, 2] = 1
    colour: Colour = Colour.RED
    places: Annotated[tuple[str, ...], Field(max_length=3)] = ("Cairo",)
    prices: dict[str, float] = Field(default_factory=lambda: {"tea": 5.0})
    key: SecretStr = SecretStr("")
    code: str | None = Field(None, pattern=r"^[a-z/-]{2,4}$")
    inner: Inner = Inner()


def html(drawn: Drawn, language: str = "en") -> str:
    """The fields as a page has them."""
    environment = DRAWING._environments[language]
    template = environment.from_string(
        '{% from "parts.html" import drawn_fields with context %}{{ drawn_fields(drawn) }}'
    )
    return template.render(drawn=drawn)


def typed(drawn: Drawn) -> dict[str, str]:
    """What a browser sends of a form that nobody touched: no tick that is not set."""
    boxes = [part for box in drawn.boxes for part in (box.parts or [box])]
    return {box.name: box.value for box in boxes if box.kind is not Kind.TICK or box.value}


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("name", MODELS)
def test_every_channel_and_engine_has_a_form(name: str, language: str) -> None:
    model = MODELS[name]
    drawn = draw(model, {}, {}, language)
    page = html(drawn, language)
    assert [box.name for box in drawn.boxes] == list(model.model_fields)
    assert page.count("<label") >= len([box for box in drawn.boxes if box.kind is not Kind.GROUP])
    assert all(box.title for box in drawn.boxes)


@pytest.mark.parametrize("name", MODELS)
def test_every_field_is_titled_in_both_languages(name: str) -> None:
    model, channel = MODELS[name], channels().get(name.removeprefix("channel "))
    words = channel.words if channel else {}
    drawn = draw(model, {}, {}, "ar", secrets=channel.secrets if channel else (), words=words)
    assert [box.name for box in drawn.boxes if not re.search("[ء-ي]", box.title)] == []
    english = {one for one, info in model.model_fields.items() if info.title}
    english |= {one for one, told in words.items() if "title_en" in told}
    assert {box.name for box in drawn.boxes} - english == set()


@pytest.mark.parametrize("name", MODELS)
def test_an_untouched_form_gives_the_defaults_or_says_what_is_missing(name: str) -> None:
    model = MODELS[name]
    reading = read(model, typed(draw(model, {}, {}, "en")), "en")
    needed = {name for name, info in model.model_fields.items() if info.is_required()}
    assert set(reading.errors) <= needed
    made = {name for name, info in model.model_fields.items() if info.default_factory is not None}
    if not needed:
        assert reading.config is not None
        assert reading.config.model_dump(exclude=made) == model().model_dump(exclude=made)


@pytest.mark.parametrize("name", [name for name, spec in channels().items()])
def test_a_channels_own_example_comes_back_from_its_form(name: str) -> None:
    spec = channels()[name]
    filled = spec.config.model_validate(spec.demo_config)
    drawn = draw(spec.config, filled, {}, "ar", secrets=spec.secrets, words=spec.words)
    reading = read(spec.config, typed(drawn), "ar", secrets=spec.secrets)
    assert reading.config == filled
    assert reading.values == filled.model_dump(mode="json")
    assert [box.name for box in drawn.boxes][len(spec.config.model_fields) :] == list(spec.secrets)


@pytest.mark.parametrize("name", MODELS)
def test_no_secret_is_ever_drawn(name: str) -> None:
    model = MODELS[name]
    sealed = [one for one, info in model.model_fields.items() if info.annotation is SecretStr]
    values: dict[str, Any] = dict.fromkeys(sealed, CANARY) | dict.fromkeys(["token", "app_secret"], CANARY)
    drawn = draw(model, values, {}, "en", secrets=("token", "app_secret"), kept={"token", *sealed})
    page = html(drawn)
    assert CANARY not in page
    assert CANARY not in repr(drawn)
    assert page.count('type="password"') == len(sealed) + 2
    assert page.count("Leave empty to keep it") == len({*sealed, "token"}) + (1 if "token" in sealed else 0)


@pytest.mark.parametrize("name", MODELS)
def test_patterns_are_ones_that_browsers_can_read(name: str) -> None:
    """Within brackets, JavaScript's flag v wants these behind a backslash; browsers complain else."""
    for box in draw(MODELS[name], {}, {}, "en").boxes:
        pattern = box.limits.get("pattern", "")
        for inside in re.findall(r"(?<!\\)\[\^?((?:\\.|[^\]\\])*)\]", pattern):
            bare = re.sub(r"\\.", "", inside)
            assert not set(bare) & set("()[{}/|"), pattern
            assert not bare.startswith("-"), pattern
            assert not bare.endswith("-"), pattern


def test_each_kind_of_field_is_drawn_as_what_it_is() -> None:
    drawn = draw(Sample, {"age": 7, "key": "x"}, {"name": "Too short."}, "en")
    kinds = " ".join(box.kind for box in drawn.boxes)
    assert kinds == "text area number number tick choice choice choice lines pairs sealed text group"
    page = html(drawn)
    for part in (
        '<label for="f-name">Your name</label>',
        'minlength="2" maxlength="20"',
        'id="d-name">Too short.<',
        'min="1" max="149"',
        'step="any" min="0" max="1"',
        '<option value="slow" selected>',
        ">Cairo</textarea>",
        ">tea = 5.0</textarea>",
        'pattern="[a-z\\/\\-]{2,4}"',
        'name="inner.deep"',
    ):
        assert part in page, part


def test_what_is_typed_becomes_values() -> None:
    form = {"name": " منى ", "age": "8", "mode": "fast", "level": "2", "colour": "blue", "places": "Giza\n\n Tanta "}
    form |= {"prices": "tea = 3.5\ncoffee=9", "key": "s3cret", "inner.deep": "4", "share": ""}
    reading = read(Sample, form, "en")
    assert reading.errors == {}
    assert reading.secrets == {"key": "s3cret"}
    plain = {
        "name": "منى",
        "about": "",
        "age": 8,
        "share": 0.5,
        "open": False,
        "mode": "fast",
        "level": 2,
        "code": None,
    }
    listed = {"places": ["Giza", "Tanta"], "prices": {"tea": 3.5, "coffee": 9.0}, "colour": "blue"}
    assert reading.values == {**plain, **listed, "inner": {"deep": 4, "sure": False}}


def test_what_is_wrong_is_said_field_by_field_and_what_was_typed_is_kept() -> None:
    form = {
        "name": "x",
        "age": "old",
        "share": "2",
        "mode": "warp",
        "places": "a\nb\nc\nd",
        "prices": "tea",
        "code": "A",
    }
    form |= {"inner.deep": "44", "open": "yes", "key": CANARY}
    reading = read(Sample, form, "en")
    assert reading.config is None
    assert reading.errors == {
        "name": "Write at least 2 letters.",
        "age": "Write a whole number.",
        "share": "Write 1.0 or less.",
        "mode": "Choose one of the list.",
        "places": "Write at most 3.",
        "prices": "Line 1: Write one pair a line, like: name = value.",
        "code": "This does not look as it should: compare it with the hint, and copy it again.",
        "inner.deep": "Write 9 or less.",
    }
    again = html(draw(Sample, reading.typed, reading.errors, "en"))
    assert 'value="old"' in again
    assert ">tea</textarea>" in again
    assert again.count('aria-invalid="true"') == len(reading.errors)
    assert CANARY not in again
    assert CANARY not in repr(reading.typed)


def test_errors_are_said_in_arabic() -> None:
    reading = read(Sample, {"name": "", "share": "x"}, "ar")
    assert all(re.search(r"[\u0600-\u06ff]", said) and "{" not in said for said in reading.errors.values())
    assert set(reading.errors) == {"name", "share"}


def test_a_kept_secret_may_stay_and_a_needed_one_must_come() -> None:
    class Keyed(BaseModel):
        key: SecretStr = Field(min_length=4)

    assert set(read(Keyed, {}, "en").errors) == {"key"}
    kept = read(Keyed, {}, "en", kept={"key"})
    assert (kept.errors, kept.values, kept.secrets) == ({}, {}, {})

    class Bare(BaseModel):
        pass

    beside = read(Bare, {}, "en", secrets=("token",), needed=("token",))
    assert beside.errors == {"token": "Fill this in."}
    assert read(Bare, {"token": "t"}, "en", secrets=("token",), needed=("token",)).secrets == {"token": "t"}


@given(
    st.dictionaries(
        st.sampled_from(["name", "age", "share", "places", "prices", "code", "inner.deep", "key"]), st.text()
    )
)
def test_whatever_is_typed_is_read_or_refused_with_words(form: dict[str, str]) -> None:
    reading = read(Sample, form, "ar")
    assert (reading.config is None) == bool(reading.errors)
    html(draw(Sample, reading.typed, reading.errors, "ar"), "ar")


@given(st.text(alphabet="abz-/|(){}[]^\\.", max_size=12))
def test_patterns_are_said_without_harm(pattern: str) -> None:
    assert isinstance(for_browsers(pattern), str)
