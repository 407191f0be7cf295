"""Who a business's bot is: its policy and facts with their versions, templates, variables, and trying it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, Header, Path, Query, UploadFile
from pydantic import BaseModel, Field

from core_pipeline.thinking.variables import filled_in, values
from core_pipeline.tryout import LONGEST_QUESTION, LONGEST_SOUND, Asked, Stand, tried
from tenants import personas
from tenants.audit import Actor
from tenants.models import PolicyVersion
from tenants.policy import Policy
from tenants.trades import Trade, applied, trade, trades
from tenants.variables import unknown
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.problems import Refusal

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core_pipeline.tryout import Tried
    from webhooks.api.desk import Desk

Keeper = Annotated[Caller, Depends(allowed("persona", secret=True))]
Number = Annotated[int, Path(ge=1, le=10_000_000)]
Slug = Annotated[str, Path(pattern=r"^[a-z]{1,40}$")]
Began = Annotated[
    str | None,
    Header(alias="If-Match", pattern=r'^(W/)?"?[0-9]{1,8}"?$', description="The number of what you changed."),
]
Facts = dict[str, Annotated[str, Field(max_length=300)]]


class PersonaTold(BaseModel):
    """How customers are served now: `number` goes into If-Match when you change it."""

    number: int
    policy: dict[str, Any]
    facts: dict[str, str]


class PersonaGiven(schemas.Asking):
    """The whole policy (what is left out is its default), the facts and a note."""

    policy: Policy
    facts: Facts = Field(default_factory=dict)
    note: str = Field(default="", max_length=200)


class VersionTold(BaseModel):
    """A version, without its contents."""

    number: int
    note: str
    who: str
    created_at: datetime


class VersionsTold(BaseModel):
    """Versions, newest first; `next` is the `before` of the next page."""

    versions: list[VersionTold]
    next: int | None


class DifferenceTold(BaseModel):
    """A field that differs."""

    where: str
    before: Any
    after: Any


class VersionWhole(VersionTold):
    """A version with its contents, and what differs from the one that it is compared with."""

    policy: dict[str, Any]
    facts: dict[str, str]
    differences: list[DifferenceTold]


class TemplatesTold(BaseModel):
    """Templates by trade."""

    templates: list[Trade]


class PreviewAsked(schemas.Asking):
    """A text with variables in braces."""

    text: schemas.Words
    language: schemas.Language = "ar"


class UnknownTold(BaseModel):
    """A name that is no variable, and the one that was probably meant."""

    name: str
    nearest: str


class PreviewTold(BaseModel):
    """The text as customers would get it now, and what each variable stands for."""

    text: str
    variables: dict[str, str]
    unknown: list[UnknownTold]


class PassageTold(schemas.Found):
    """A passage that was found; `cited`: the answer rests on it."""

    cited: bool


class TriedTold(BaseModel):
    """How the bot would have answered; `audio` is base64 of OGG, `note` says why it answered so."""

    heard: str
    confidence: float | None
    language: str
    dialect: str | None
    answer: str
    sentences: list[str]
    passages: list[PassageTold]
    note: str
    sure: bool
    audio: str | None
    seconds: float
    no_audio: str
    usage: list[schemas.Bill]


@dataclass(frozen=True)
class PersonaRoutes:
    """The routes that need the scope "persona"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        add = app.add_api_route
        add("/persona", self.told, methods=["GET"], response_model=PersonaTold)
        add("/persona", self.kept, methods=["PUT"], response_model=VersionTold)
        add("/persona/versions", self.versions, methods=["GET"], response_model=VersionsTold)
        add("/persona/versions/{number}", self.version, methods=["GET"], response_model=VersionWhole)
        add("/persona/versions/{number}/restore", self.restored, methods=["POST"], response_model=VersionTold)
        add("/persona/templates", self.templates, methods=["GET"], response_model=TemplatesTold)
        add("/persona/templates/{slug}", self.applied, methods=["POST"], response_model=VersionTold)
        add("/persona/preview", self.preview, methods=["POST"], response_model=PreviewTold)
        add("/try", self.tried, methods=["POST"], response_model=TriedTold)

    async def told(self, caller: Keeper) -> PersonaTold:
        """Tell how customers are served now."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            now = await personas.current(session)
        return PersonaTold(number=now.number, policy=now.policy.model_dump(mode="json"), facts=now.facts)

    async def kept(self, caller: Keeper, given: PersonaGiven, began: Began = None) -> VersionTold:
        """Serve customers so from now on; 409 when somebody saved after the version in If-Match."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            now = _actor(caller), given.policy, given.facts, given.note
            return _told(await personas.save(session, *now, began=_number(began)))

    async def versions(
        self,
        caller: Keeper,
        before: Annotated[int | None, Query(ge=1, le=10_000_000)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 30,
    ) -> VersionsTold:
        """List the versions, newest first."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await personas.versions(session, before=before, most=limit)
        further = rows[-1].number if len(rows) == limit and rows[-1].number > 1 else None
        return VersionsTold(versions=[_told(row) for row in rows], next=further)

    async def version(
        self,
        caller: Keeper,
        number: Number,
        other: Annotated[int | None, Query(alias="with", ge=1, le=10_000_000)] = None,
    ) -> VersionWhole:
        """Tell a version, and what differs from another one (the present one where none is named)."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            row = await personas.version(session, number)
            beside = await personas.version(session, other) if other else await personas.current(session)
        differing = personas.differences(personas.whole(beside), personas.whole(row))
        told = [DifferenceTold(**vars(one)) for one in differing]
        return VersionWhole(**_told(row).model_dump(), **personas.whole(row), differences=told)

    async def restored(self, caller: Keeper, number: Number, began: Began = None) -> VersionTold:
        """Serve customers as in an earlier version, kept as a new one."""
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            return _told(await personas.restore(session, _actor(caller), number, "", began=_number(began)))

    async def templates(self, caller: Keeper) -> TemplatesTold:
        """List the templates by trade."""
        del caller
        return TemplatesTold(templates=list(trades().values()))

    async def applied(self, caller: Keeper, slug: Slug, began: Began = None) -> VersionTold:
        """Take a template over: persona, tone and words; hours only where none are set."""
        chosen = trade(slug)
        async with self.desk.needs.db.tenant(caller.tenant_id) as session:
            now = await personas.current(session)
            facts = {"trade": slug, **now.facts}
            policy = applied(now.policy, chosen)
            return _told(await personas.save(session, _actor(caller), policy, facts, slug, began=_number(began)))

    async def preview(self, caller: Keeper, asked: PreviewAsked) -> PreviewTold:
        """Fill a text's variables in, as they are now."""
        tenant, policy = await self.desk.tenant(caller.tenant_id)
        known = values(tenant, policy, asked.language)
        strange = [UnknownTold(name=name, nearest=nearest) for name, nearest in unknown(asked.text)]
        return PreviewTold(text=filled_in(asked.text, known), variables=known, unknown=strange)

    async def tried(
        self,
        caller: Keeper,
        text: Annotated[str | None, Form(max_length=LONGEST_QUESTION, description="The question, or:")] = None,
        audio: Annotated[
            UploadFile | None, File(description=f"a recording of it, {LONGEST_SOUND:g} seconds at most.")
        ] = None,
        speak: Annotated[bool, Form(description="Whether to speak the answer, too.")] = True,
        policy: Annotated[str | None, Form(max_length=100_000, description="Another policy to try, as JSON.")] = None,
    ) -> TriedTold:
        """Try the bot: nothing is sent, and no conversation is written."""
        if (text is None) == (audio is None):
            raise Refusal(422, "nothing-said" if text is None else "one-of-both")
        tenant, kept = await self.desk.tenant(caller.tenant_id)
        sound = await audio.read() if audio is not None else None
        came = await tried(self._stand, tenant, _given(policy) or kept, Asked(text or "", sound, speak))
        return _came(came)

    @property
    def _stand(self) -> Stand:
        needs = self.desk.needs
        return Stand(needs.db, needs.blobs, needs.engines, needs.shelf, needs.gate, needs.sandbox)


def _given(policy: str | None) -> Policy | None:
    """The policy that is to be tried; `personas.Wrong` for what can't be one."""
    if policy is None:
        return None
    try:
        read = json.loads(policy)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Refusal(422, "invalid")
    found = personas.parsed(read)
    if wrong := personas.faults(found, {}):
        raise personas.Wrong(wrong)
    return found


def _actor(caller: Caller) -> Actor:
    return Actor(f"api:{caller.id}")


def _number(began: str | None) -> int | None:
    return int(began.removeprefix("W/").strip('"')) if began else None


def _told(row: PolicyVersion) -> VersionTold:
    return VersionTold(number=row.number, note=row.note, who=row.who, created_at=row.created_at)


def _came(came: Tried) -> TriedTold:
    told = {name: getattr(came, name) for name in ("heard", "confidence", "language", "dialect", "answer", "sentences")}
    found = [PassageTold(**vars(one.passage), cited=one.cited) for one in came.passages]
    sound = b64encode(came.sound).decode() if came.sound else None
    usage = [schemas.Bill.model_validate(vars(one)) for one in came.bills]
    more = {"note": came.note, "sure": came.sure, "audio": sound, "seconds": came.seconds, "no_audio": came.no_sound}
    return TriedTold(**told, **more, passages=found, usage=usage)
