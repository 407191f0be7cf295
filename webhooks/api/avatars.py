"""Avatars: those on the shelf, and a tenant's own: drawings, and pictures of people who consented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, Path, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from avatars.catalogue import OWN, catalogue
from core_pipeline.cloning.attempt import SENTENCE_LASTS
from core_pipeline.engines.landmarks.proposing import proposed
from core_pipeline.portraits.permission import Permission
from core_pipeline.telling import told
from tenants import avatars
from tenants.models import OwnAvatar
from webhooks.api import library, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.problems import Refusal, language_of
from webhooks.api.repeats import RepeatKey, digest_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Painter = Annotated[Caller, Depends(allowed("avatars"))]
AvatarId = Annotated[str, Path(pattern=schemas.ID)]
BY = "api"


@dataclass(frozen=True)
class Avatars:
    """The routes that need the scope "avatars"."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        one, ready = library.OwnAvatar, library.Ready
        app.add_api_route("/avatars", self.listed, methods=["GET"], response_model=library.Avatars)
        app.add_api_route("/avatars", self.brought, methods=["POST"], response_model=one, status_code=201)
        app.add_api_route("/avatars/{avatar_id}/points", self.placed, methods=["PUT"], response_model=one)
        path = "/avatars/{avatar_id}/sentence"
        app.add_api_route(path, self.sentence, methods=["POST"], response_model=library.Sentence)
        app.add_api_route("/avatars/{avatar_id}/consent", self.consent, methods=["POST"], response_model=ready)
        app.add_api_route("/avatars/{avatar_id}", self.deleted, methods=["DELETE"], status_code=204)

    async def listed(self, request: Request, caller: Painter) -> library.Avatars:
        """List the avatars on the shelf, and your own."""
        shelf = [
            library.StockAvatar(
                choice=one.slug,
                name=dict(one.manifest.name),
                gender=one.manifest.gender,
                age=one.manifest.age,
                licence=one.manifest.licence,
            )
            for one in catalogue().values()
        ]
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await avatars.listing(session)
        return library.Avatars(shelf=shelf, own=[_own(row, language_of(request)) for row in rows])

    async def brought(
        self,
        request: Request,
        caller: Painter,
        pack: Annotated[UploadFile | None, File(description="A zip file of avatar.toml and art.svg.")] = None,
        picture: Annotated[UploadFile | None, File(description="A picture of a person, with both names.")] = None,
        name_ar: Annotated[schemas.Name | None, Form()] = None,
        name_en: Annotated[schemas.Name | None, Form()] = None,
        key: RepeatKey = None,
    ) -> JSONResponse:
        """Bring an avatar: a drawn one is ready at once, a person's picture needs its points and consent first."""
        packed = await pack.read() if pack else b""
        seen = await picture.read() if picture else b""
        if bool(packed) == bool(seen) or (seen and not (name_ar and name_en)):
            raise Refusal(422, "pack-or-picture")

        async def made() -> dict[str, Any]:
            gallery, tenant_id = self.desk.needs.gallery, caller.tenant_id
            if packed:
                row = await gallery.take_in(tenant_id, packed, by=BY)
            else:
                row = await gallery.photo(tenant_id, name_ar or "", name_en or "", seen, by=BY)
            return _own(row, language_of(request)).model_dump(mode="json")

        digest = digest_of("avatar", pack=packed, picture=seen, name_ar=name_ar, name_en=name_en)
        return JSONResponse(await self.desk.once(caller, key, digest, made), 201)

    async def placed(
        self, request: Request, caller: Painter, avatar_id: AvatarId, points: library.Points
    ) -> library.OwnAvatar:
        """Say where the eyes and the mouth of a person's picture are; `problems` must be empty to go on."""
        spots = proposed(points.left_eye, points.right_eye, points.mouth)
        await self.desk.needs.gallery.place(caller.tenant_id, avatar_id, spots)
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return _own(await avatars.get(session, avatar_id), language_of(request))

    async def sentence(self, caller: Painter, avatar_id: AvatarId, asked: library.PersonConsenting) -> library.Sentence:
        """Ask for the sentence that the person shown must read aloud."""
        tenant, _ = await self.desk.tenant(caller.tenant_id)
        business = tenant.name_ar if asked.language == "ar" else tenant.name_en
        who = (asked.person, asked.scope, asked.language)
        drawn = await self._permission.ask(caller.tenant_id, avatar_id, business, *who)
        return library.Sentence(id=avatar_id, sentence=drawn.sentence, seconds=int(SENTENCE_LASTS.total_seconds()))

    async def consent(
        self, caller: Painter, avatar_id: AvatarId, recording: Annotated[UploadFile, File()]
    ) -> library.Ready:
        """Hear the person shown read the sentence aloud; from then on the avatar may be shown."""
        needs, data = self.desk.needs, await recording.read()
        async with needs.db.tenant(caller.tenant_id, reads=True) as session:
            language = (await avatars.get(session, avatar_id)).language or "ar"
        async with self.desk.metered(caller, "consent") as order, needs.gate.hold(caller.tenant_id):
            asr, speaker = await needs.engines.asr(language, order), await needs.engines.speaker()
            outcome = await self._permission.hear(caller.tenant_id, avatar_id, data, asr, speaker)
        if outcome.code is not None:
            raise Refusal(422, outcome.code)
        return library.Ready(id=avatar_id, choice=f"{OWN}{avatar_id}", state="ready")

    async def deleted(self, caller: Painter, avatar_id: AvatarId) -> Response:
        """Stop showing an avatar at once and delete its files and films; the record of a consent stays."""
        await self.desk.needs.gallery.delete(caller.tenant_id, avatar_id)
        return Response(status_code=204)

    @property
    def _permission(self) -> Permission:
        return Permission(self.desk.needs.db, self.desk.needs.blobs, self.desk.needs.sandbox)


def _own(row: OwnAvatar, language: str) -> library.OwnAvatar:
    wrong = [str(code) for code in row.checks.get("problems", [])]
    return library.OwnAvatar(
        id=row.id,
        choice=f"{OWN}{row.id}",
        name={"ar": row.name_ar, "en": row.name_en},
        kind=row.kind,
        state=str(row.state),
        problems=[schemas.Fault(where=code, what=told(code, 422, language)) for code in wrong],
    )
