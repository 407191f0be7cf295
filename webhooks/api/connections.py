"""What goes in and out of channels and engines, as the description of the API shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field

from channels import discover
from core_pipeline.connecting import accounts
from webhooks.api import schemas

if TYPE_CHECKING:
    from core_pipeline.connecting.engines import Kind
    from core_pipeline.contracts.channel import ChannelSpec
    from core_pipeline.contracts.checks import Check
    from tenants.models import ChannelAccount

Values = Annotated[dict[str, Any], Field(max_length=60)]
Secrets = Annotated[dict[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=20)]
Number = Annotated[str, Field(pattern=r"^\+?[0-9]{3,15}$")]


class FieldAbout(BaseModel):
    """A field of a form, as JSON Schema describes it, with its words."""

    name: str
    title: str
    hint: str
    required: bool
    secret: bool


class Account(BaseModel):
    """A connected number or bot; `kept` names the secrets that are kept, which are never told."""

    id: str
    channel: str
    external_id: str
    title: str
    config: dict[str, Any]
    kept: list[str]
    standing: Literal["on", "off", "gone"]


class ChannelKind(BaseModel):
    """A network that can be connected, and what its form asks for."""

    name: str
    title: str
    fields: list[FieldAbout]


class Channels(BaseModel):
    """Every network there is, and your accounts."""

    channels: list[ChannelKind]
    accounts: list[Account]


class Connecting(schemas.Asking):
    """A number or bot to connect; `config` and `secrets` as the channel's `fields` name them."""

    channel: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    title: Annotated[str, Field(max_length=80)] = ""
    config: Values = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)


class Changing(schemas.Asking):
    """What is to be different; what is left out stays, and so do secrets that are not given."""

    title: Annotated[str, Field(max_length=80)] | None = None
    config: Values | None = None
    secrets: Secrets = Field(default_factory=dict)
    active: bool | None = None


class Looking(schemas.Asking):
    """Whom to send a test message, where the network lets us; nobody: none is sent."""

    recipient: Number | None = None


class Found(BaseModel):
    """One thing that was looked at; `step` is where to click at the vendor, `button` what POST …/install would mend."""

    code: str
    fine: bool
    looked: str
    said: str
    step: str
    link: str
    button: str


class Checked(BaseModel):
    """Whether all is well, and all that was looked at."""

    fine: bool
    checks: list[Found]


class EngineAbout(BaseModel):
    """An engine; `price` is in millionths of a US dollar for `per` units of `unit`."""

    name: str
    title: str
    in_use: bool
    own: bool
    usable: bool
    hosted: bool
    kept: list[str]
    secrets: list[str]
    unit: str
    price: float
    per: int


class EngineKind(BaseModel):
    """A kind of engine, the names that serve you, best first, and all there are."""

    kind: str
    chain: list[str]
    chosen: bool
    engines: list[EngineAbout]


class Choosing(schemas.Asking):
    """Which engines shall serve, best first; none: as the installation has it."""

    names: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=8)] = Field(default_factory=list)


class SettingUp(schemas.Asking):
    """A set-up of your own; secrets that are not given stay, unless the service's address changes."""

    config: Values = Field(default_factory=dict)
    secrets: Secrets = Field(default_factory=dict)


class Probed(BaseModel):
    """The engine could be used; `asked` says whether it was asked, or only its settings were looked at."""

    asked: bool


def kind_of(spec: ChannelSpec, language: str) -> ChannelKind:
    """What a network's form asks for, in this language."""
    fields = [
        FieldAbout(
            name=name,
            title=spec.words.get(name, {}).get(f"title_{language}") or info.title or name,
            hint=spec.words.get(name, {}).get(f"hint_{language}") or info.description or "",
            required=info.is_required(),
            secret=False,
        )
        for name, info in spec.config.model_fields.items()
    ]
    fields += [
        FieldAbout(
            name=name,
            title=spec.words.get(name, {}).get(f"title_{language}") or name,
            hint=spec.words.get(name, {}).get(f"hint_{language}") or "",
            required=False,
            secret=True,
        )
        for name in spec.secrets
    ]
    return ChannelKind(name=spec.name, title=spec.title[language], fields=fields)


def account_of(row: ChannelAccount) -> Account:
    """An account as it may be told: never a secret."""
    standing: Any = accounts.standing(row, discover().get(row.channel))
    about = row.model_dump(include={"id", "channel", "external_id", "title", "config"})
    return Account(**about, kept=sorted(row.sealed), standing=standing)


def found_of(one: Check, language: str) -> Found:
    """One thing that was looked at, in this language."""
    return Found(
        code=one.code,
        fine=one.fine,
        looked=one.looked[language],
        said=one.said[language],
        step=one.step.get(language, ""),
        link=one.link,
        button=one.button,
    )


def engines_of(kind: Kind, language: str) -> EngineKind:
    """A kind of engine with everything that is offered."""
    told = [
        EngineAbout(
            name=one.spec.name,
            title=one.spec.title[language],
            in_use=one.place is not None,
            own=one.own,
            usable=one.usable,
            hosted=one.spec.hosted,
            kept=sorted(one.kept),
            secrets=sorted(one.spec.secrets),
            unit=one.spec.unit,
            price=one.price,
            per=one.per,
        )
        for one in kind.options
    ]
    return EngineKind(kind=kind.name, chain=list(kind.chain), chosen=kind.chosen, engines=told)
