"""The catalogue of avatars: seen moving, dressed in the business's colours, and chosen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from admin.voices.sending import workroom
from avatars.catalogue import DEFAULT, OWN, catalogue, is_own, resolve
from core_pipeline.thinking import choosing
from errors import Impossible
from tenants import avatars
from tenants.models import AvatarState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from admin.frame.visit import Visit
    from tenants.models import OwnAvatar

PARTS = ("clothes", "background")
GENDER_NAMES = {"woman": "Woman", "man": "Man", "none": "Character"}
AGE_NAMES = {"young": "Young", "adult": "Adult", "old": "Elderly"}
_COLOUR = re.compile(r"#[0-9a-f]{6}")
# A tenant's own may be taken back at any time: no browser keeps them.
PREVIEWS = "previews"
KEEP, FORGET = "private, max-age=86400", "no-store"


async def shown(visit: Visit, status: int = 200, **more: Any) -> Response:
    """The page of avatars."""
    async with visit.work(reads=True) as session:
        own = await avatars.listing(session)
    policy = visit.policy
    colours = {str(name): value for name, value in policy.avatar_colours.items()}
    usual = resolve(policy.avatar.get(policy.language) or DEFAULT)
    face = f"{OWN}{usual.own_id}" if usual.own_id else usual.slug or DEFAULT
    given = {
        "shelf": list(catalogue().values()),
        "own": own,
        "names": _names(visit, own),
        "chosen": policy.avatar,
        "colours": colours,
        "worn": {**_own_colours(face), **colours},
        "face": face,
        "genders": GENDER_NAMES,
        "ages": AGE_NAMES,
        "usual": DEFAULT,
    }
    return visit.page("avatars/avatars.html", status=status, **{**given, **more})


async def film(visit: Visit) -> Response:
    """A short film of an avatar in the colours that the address names, else in the business's."""
    choice, colours = _asked(visit)
    data = await workroom(visit).moving(visit.the_tenant.id, choice, colours, visit.rooms.var / PREVIEWS)
    return Response(data, media_type="video/mp4", headers=_kept(choice))


async def still(visit: Visit) -> Response:
    """A picture of an avatar in these colours."""
    choice, colours = _asked(visit)
    picture = await workroom(visit).still(visit.the_tenant.id, choice, colours, visit.rooms.var / PREVIEWS)
    return Response(picture, media_type="image/jpeg", headers=_kept(choice))


async def chosen(visit: Visit) -> Response:
    """Show an avatar in films in a language from now on."""
    fields = await visit.fields()
    async with visit.work() as session:
        await choosing.choose_avatar(session, visit.actor, fields.get("language", ""), fields.get("choice", ""))
    return visit.go("/avatars", "Saved. The next film shows this avatar.")


async def coloured(visit: Visit) -> Response:
    """Dress every avatar in the business's colours, or in its own again."""
    fields = await visit.fields()
    given = {} if fields.get("usual") else {name: fields[name].lower() for name in PARTS if fields.get(name)}
    wrong = {name: visit._("Write the colour like #1f6570.") for name, one in given.items() if not _is(one)}
    if wrong:
        return await shown(visit, 422, errors=wrong, worn=given)
    async with visit.work() as session:
        await choosing.choose_colours(session, visit.actor, given)
    return visit.go("/avatars", "Saved. The next film has these colours.")


def _asked(visit: Visit) -> tuple[str, dict[str, str]]:
    """Which avatar, in which colours: those of the address, else the business's."""
    choice, asked = visit.path("choice"), visit.request.query_params
    if not is_own(choice) and choice not in catalogue():
        raise Impossible("no-such-avatar", "choose one of the list")
    colours = {name: asked[name] for name in PARTS if _is(asked.get(name, ""))}
    return choice, colours or {str(name): value for name, value in visit.policy.avatar_colours.items()}


def _is(colour: str) -> bool:
    return bool(_COLOUR.fullmatch(colour))


def _kept(choice: str) -> dict[str, str]:
    return {"Cache-Control": FORGET if is_own(choice) else KEEP}


def _names(visit: Visit, own: Sequence[OwnAvatar]) -> Mapping[str, str]:
    """Every avatar that may be shown, by its choice."""
    drawn = {slug: one.manifest.name["ar" if visit.language == "ar" else "en"] for slug, one in catalogue().items()}
    mine = {
        f"{OWN}{one.id}": one.name_ar if visit.language == "ar" else one.name_en
        for one in own
        if one.state == AvatarState.READY
    }
    return {**mine, **drawn}


def _own_colours(face: str) -> dict[str, str]:
    """The colours in which an avatar of the shelf was drawn."""
    one = catalogue().get(face)
    return (
        {str(name): value for name, value in one.manifest.colours.items()} if one else dict.fromkeys(PARTS, "#808080")
    )
