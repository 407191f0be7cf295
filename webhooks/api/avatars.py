"""Avatars: those on the shelf, and a tenant's own: drawings, and pictures of people who consented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, File, Form, Path, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from avatars.catalogue import OWN, catalogue
from core_pipeline.atelier import Workroom
from core_pipeline.cloning.attempt import SENTENCE_LASTS
from core_pipeline.engines.landmarks.proposing import proposed
from core_pipeline.portraits.craft import Points
from core_pipeline.telling import told
from tenants import avatars
from tenants.models import OwnAvatar
from webhooks.api import library, schemas
from webhooks.api.access import Caller, allowed
from webhooks.api.problems import Refusal, language_of
from webhooks.api.pronunciations import actor_of
from webhooks.api.repeats import RepeatKey, digest_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Painter = Annotated[Caller, Depends(allowed("avatars"))]
AvatarId = Annotated[str, Path(pattern=schemas.ID)]
BY, ZIP = "api", "application/zip"


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
        app.add_api_route("/avatars/{avatar_id}/landmarks", self.put, methods=["PUT"], response_model=one)
        app.add_api_route("/avatars/{avatar_id}/colours", self.dressed, methods=["PUT"], response_model=one)
        packed: Any = {200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}}
        path = "/avatars/{avatar_id}/pack"
        app.add_api_route(path, self.handed_out, methods=["GET"], responses=packed, response_class=Response)
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
                row = await gallery.take_in(tenant_id, packed, by=BY, actor=actor_of(caller))
            else:
                names, by = (name_ar or "", name_en or ""), actor_of(caller)
                row = await gallery.photo(tenant_id, *names, seen, by=BY, actor=by)
            return _own(row, language_of(request)).model_dump(mode="json")

        digest = digest_of("avatar", pack=packed, picture=seen, name_ar=name_ar, name_en=name_en)
        return JSONResponse(await self.desk.once(caller, key, digest, made), 201)

    async def placed(
        self, request: Request, caller: Painter, avatar_id: AvatarId, points: library.Points
    ) -> library.OwnAvatar:
        """Say where the eyes and the mouth of a person's picture are; `problems` must be empty to go on."""
        spots = proposed(points.left_eye, points.right_eye, points.mouth)
        return await self._placed(request, caller, avatar_id, spots)

    async def put(
        self, request: Request, caller: Painter, avatar_id: AvatarId, points: library.TwelvePoints
    ) -> library.OwnAvatar:
        """Say where each of the twelve points of a person's face is; `problems` must be empty to go on."""
        return await self._placed(request, caller, avatar_id, points.points)

    async def _placed(self, request: Request, caller: Caller, avatar_id: str, spots: Points) -> library.OwnAvatar:
        await self.desk.needs.gallery.place(caller.tenant_id, avatar_id, spots, actor_of(caller))
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            return _own(await avatars.get(session, avatar_id), language_of(request))

    async def sentence(self, caller: Painter, avatar_id: AvatarId, asked: library.PersonConsenting) -> library.Sentence:
        """Ask for the sentence that the person shown must read aloud."""
        who = (asked.person, asked.scope, asked.language)
        drawn = await self._room.face_sentence(caller.tenant_id, avatar_id, *who, actor_of(caller))
        return library.Sentence(id=avatar_id, sentence=drawn.sentence, seconds=int(SENTENCE_LASTS.total_seconds()))

    async def consent(
        self, caller: Painter, avatar_id: AvatarId, recording: Annotated[UploadFile, File()]
    ) -> library.Ready:
        """Hear the person shown read the sentence aloud; from then on the avatar may be shown."""
        data = await recording.read()
        async with self.desk.metered(caller, "consent") as order:
            outcome = await self._room.face_consent(caller.tenant_id, avatar_id, data, order, actor_of(caller))
        if outcome.code is not None:
            raise Refusal(422, outcome.code)
        return library.Ready(id=avatar_id, choice=f"{OWN}{avatar_id}", state="ready")

    async def deleted(self, caller: Painter, avatar_id: AvatarId) -> Response:
        """Stop showing an avatar at once and delete its files and films; the record of a consent stays."""
        await self.desk.needs.gallery.delete(caller.tenant_id, avatar_id, actor_of(caller))
        return Response(status_code=204)

    async def dressed(
        self, request: Request, caller: Painter, avatar_id: AvatarId, worn: library.Colours
    ) -> library.OwnAvatar:
        """Give an avatar of yours colours of its own; what is not named is as it was drawn."""
        colours = worn.model_dump(exclude_none=True)
        row = await self.desk.needs.gallery.dress(caller.tenant_id, avatar_id, colours, actor=actor_of(caller))
        return _own(row, language_of(request))

    async def handed_out(self, caller: Painter, avatar_id: AvatarId) -> Response:
        """The avatar as a zip file, which can be brought in again anywhere."""
        data = await self.desk.needs.gallery.hand_out(caller.tenant_id, avatar_id)
        return Response(data, media_type=ZIP)

    @property
    def _room(self) -> Workroom:
        needs = self.desk.needs
        return Workroom(needs.db, needs.blobs, needs.sandbox, needs.engines, needs.gate)


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
