"""A business's own avatars: brought in, dressed, handed out, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from admin.avatars import shelf
from admin.avatars.points import placing, points_of
from admin.voices.sending import by_script, done, file_of, order, reading_now, scopes, words_of, workroom
from avatars.catalogue import OWN
from avatars.sheet import PORTRAIT
from core_pipeline.cloning.attempt import attempts_left
from core_pipeline.cloning.consent import LONGEST_NAME, SCOPES
from core_pipeline.portraits.faults import explain
from core_pipeline.telling import told
from core_pipeline.thinking import choosing
from errors import Impossible, SawtakError
from tenants import avatars
from tenants.models import AvatarState
from tenants.people.roles import May

if TYPE_CHECKING:
    from admin.frame.visit import Visit


async def begin(visit: Visit, status: int = 200, **more: Any) -> Response:
    """The page on which an avatar is brought in."""
    given: dict[str, Any] = {"fields": {}, "wrong": "", "wrong_pack": ""}
    return visit.page("avatars/begin.html", status=status, **{**given, **more})


async def packed(visit: Visit) -> Response:
    """Keep an avatar out of a zip file: a drawn one is ready at once, a photograph begins as a draft."""
    try:
        data, who = await file_of(visit, "pack"), visit.actor
        row = await visit.rooms.gallery.take_in(visit.the_tenant.id, data, by=who.who, actor=who)
    except SawtakError as error:
        return await _refused(visit, error, "wrong_pack")
    said = "The avatar is ready." if row.state == AvatarState.READY else "Now place the points of the face."
    return done(visit, f"/avatars/own/{row.id}", said)


async def photographed(visit: Visit) -> Response:
    """Keep a picture of a person as a draft."""
    fields = await visit.fields()
    ar, en = (fields.get(name, "").replace("\0", "") for name in ("name_ar", "name_en"))
    try:
        data, who = await file_of(visit, "picture"), visit.actor
        row = await visit.rooms.gallery.photo(visit.the_tenant.id, ar, en, data, by=who.who, actor=who)
    except SawtakError as error:
        return await _refused(visit, error, "wrong", fields)
    return done(visit, f"/avatars/own/{row.id}", "Now place the points of the face.")


async def avatar(visit: Visit, status: int = 200, **more: Any) -> Response:
    """One avatar of the business's own, at the step where it is."""
    async with visit.work(reads=True) as session:
        row = await avatars.get(session, visit.path("avatar"))
    good = bool(row.manifest) and not row.checks.get("problems")
    given = {
        "avatar": row,
        "name": row.name_ar if visit.language == "ar" else row.name_en,
        "choice": f"{OWN}{row.id}",
        "step": 3 if row.state == AvatarState.READY else 2 if good else 1,
        "placed": good,
        "problems": [told(str(code), 422, visit.language) for code in row.checks.get("problems", [])],
        **(reading_now(row.checks, row.sentence) if row.state == AvatarState.DRAFT else {"sentence": ""}),
        "left": attempts_left(row.checks),
        "scopes": scopes(visit),
        "fields": {"person": row.person, "scope": row.scope or SCOPES[0], "language": row.language},
        "wrong": [],
        "refused": "",
        "chosen": visit.policy.avatar,
        "longest": LONGEST_NAME,
        "place": await placing(visit, row) if PORTRAIT in row.files and visit.may(May.EDIT) else None,
    }
    return visit.page("avatars/avatar.html", status=status, **{**given, **more})


async def portrait(visit: Visit) -> Response:
    """The picture whose points are placed; our own copy, without anything that the file held besides."""
    async with visit.work(reads=True) as session:
        row = await avatars.get(session, visit.path("avatar"))
    if PORTRAIT not in row.files:
        raise Impossible("avatar-state", "there is no picture any more")
    data = await visit.rooms.blobs.get(visit.the_tenant.id, row.files[PORTRAIT])
    return Response(data, media_type="image/png", headers={"Cache-Control": shelf.FORGET})


async def placed(visit: Visit) -> Response:
    """Keep the points, and say what stands in the way of animating the picture by them."""
    avatar_id = visit.path("avatar")
    try:
        points = points_of(await visit.fields())
        verdict = await visit.rooms.gallery.place(visit.the_tenant.id, avatar_id, points, visit.actor)
    except Impossible as error:
        if by_script(visit):
            return visit.json({"error": words_of(visit, error)}, 422)
        return await avatar(visit, 422, refused=words_of(visit, error))
    said = "The points are kept. See what the picture still lacks." if verdict.problems else "The points are good."
    return done(visit, f"/avatars/own/{avatar_id}", said)


async def sentence(visit: Visit) -> Response:
    """Draw the sentence that the person shown reads."""
    fields, avatar_id = await visit.fields(), visit.path("avatar")
    person, scope, language = (fields.get(name, "").replace("\0", "") for name in ("person", "scope", "language"))
    try:
        await workroom(visit).face_sentence(visit.the_tenant.id, avatar_id, person, scope, language, visit.actor)
    except Impossible as error:
        if error.code.startswith("consent-"):
            return await avatar(visit, 422, errors={"person": words_of(visit, error)}, fields=fields)
        raise
    return done(visit, f"/avatars/own/{avatar_id}#read")


async def consent(visit: Visit) -> Response:
    """Hear the person shown read the sentence: the avatar is ready, or it is said what was wrong."""
    avatar_id, tenant_id = visit.path("avatar"), visit.the_tenant.id
    try:
        data = await file_of(visit, "recording")
        outcome = await workroom(visit).face_consent(tenant_id, avatar_id, data, order(visit), visit.actor)
    except SawtakError as error:
        return await _unheard(visit, words_of(visit, error))
    if outcome.code is not None:
        return await _unheard(visit, explain(outcome.code, visit.language))
    return done(visit, f"/avatars/own/{avatar_id}", "The avatar is ready. Watch it, then choose where it is shown.")


async def dressed(visit: Visit) -> Response:
    """Give the avatar a logo for its wall."""
    avatar_id = visit.path("avatar")
    try:
        logo = await file_of(visit, "logo")
        async with visit.work(reads=True) as session:
            colours = (await avatars.get(session, avatar_id)).colours
        await visit.rooms.gallery.dress(visit.the_tenant.id, avatar_id, colours, logo, visit.actor)
    except SawtakError as error:
        if by_script(visit):
            return visit.json({"error": words_of(visit, error)}, 422)
        return await avatar(visit, 422, refused=words_of(visit, error))
    return done(visit, f"/avatars/own/{avatar_id}", "Saved. The next film has these colours.")


async def handed_out(visit: Visit) -> Response:
    """The avatar as a zip file."""
    data = await visit.rooms.gallery.hand_out(visit.the_tenant.id, visit.path("avatar"))
    named = {"Content-Disposition": 'attachment; filename="avatar.zip"'}
    return Response(data, media_type="application/zip", headers=named)


async def revoked(visit: Visit) -> Response:
    """Show the avatar no more and delete its files and every film of it; the record of a consent stays."""
    avatar_id = visit.path("avatar")
    await visit.rooms.gallery.delete(visit.the_tenant.id, avatar_id, visit.actor)
    async with visit.work() as session:
        await choosing.let_go(session, visit.actor, f"{OWN}{avatar_id}")
    return visit.go("/avatars", "The avatar is gone, with its files and every film of it.")


async def _refused(visit: Visit, error: SawtakError, where: str, fields: dict[str, str] | None = None) -> Response:
    words = words_of(visit, error)
    if by_script(visit):
        return visit.json({"error": words}, 422)
    return await begin(visit, 422, fields=fields or {}, **{where: words})


async def _unheard(visit: Visit, wrong: str) -> Response:
    if not by_script(visit):
        return await avatar(visit, 422, wrong=[wrong])
    async with visit.work(reads=True) as session:
        left = attempts_left((await avatars.get(session, visit.path("avatar"))).checks)
    counted = visit._("Attempts left: {count}").format(count=left)
    return visit.json({"error": f"{wrong}\n{counted}"}, 422)
