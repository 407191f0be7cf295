"""The steps that show: how far one is, voices to hear, faces to see, channels, and talking to the assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.connect.accounts import standing
from admin.onboarding.progress import ENOUGH, STEPS, progress
from avatars.catalogue import catalogue as faces
from core_pipeline.thinking import choosing
from errors import SawtakError
from tenants.trades import trades
from voices.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit

    Choose = Callable[..., Awaitable[Any]]
    Again = Callable[[Visit, str], Awaitable[Response]]


async def stepping(visit: Visit, current: str) -> dict[str, Any]:
    """What every step shows of the others."""
    async with visit.work(reads=True) as session:
        far = await progress(session)
    names = list(STEPS)
    after = names[names.index(current) + 1 :] if current in names else names
    return {
        "progress": far,
        "steps_list": [(f"{visit.here}/start/{name}", visit._(title)) for name, title in STEPS.items()],
        "step": names.index(current) if current in names else -1,
        "onward": f"{visit.here}/start/{after[0]}" if after else f"{visit.here}/start",
    }


async def overview(visit: Visit) -> Response:
    """All steps, and which are done."""
    return visit.page("onboarding/overview.html", titles=STEPS, enough=ENOUGH, **await stepping(visit, ""))


async def voices(visit: Visit, error: str = "") -> Response:
    """Voices of the business's language, each with a player."""
    language = visit.policy.language
    usable = {one.spec.name for one in await visit.rooms.engines.configurations(visit.the_tenant.id)}
    shown = [one for one in catalogue().values() if language in one.languages and one.engine in usable]
    given = {"voices": shown, "language": language, "chosen": visit.policy.voice.get(language, "")}
    return await _shelf(visit, "voice", error, given)


async def choose_voice(visit: Visit) -> Response:
    """Have this voice speak."""
    return await _taken(visit, choosing.choose_voice, voices, "/start/avatar")


async def avatars(visit: Visit, error: str = "") -> Response:
    """Faces, each with a short film."""
    given = {"faces": list(faces().values()), "chosen": visit.policy.avatar.get(visit.policy.language, "")}
    return await _shelf(visit, "avatar", error, given)


async def choose_avatar(visit: Visit) -> Response:
    """Show this face in films."""
    return await _taken(visit, choosing.choose_avatar, avatars, "/start/knowledge")


async def _shelf(visit: Visit, step: str, error: str, given: Mapping[str, Any]) -> Response:
    """A step in which one of many is chosen."""
    told = {**given, "alert": error, **await stepping(visit, step)}
    return visit.page(f"onboarding/{step}.html", status=422 if error else 200, **told)


async def _taken(visit: Visit, choose: Choose, again: Again, onward: str) -> Response:
    """Take what was chosen for the business's language and go on; what is not on the shelf is asked for again."""
    choice = (await visit.fields()).get("choice", "").replace("\0", "")
    try:
        async with visit.work() as session:
            await choose(session, visit.actor, visit.policy.language, choice)
    except SawtakError:
        return await again(visit, visit._("Choose one of the list."))
    return visit.go(onward, "Saved.")


async def channels(visit: Visit) -> Response:
    """Channels, each with the way to connect it."""
    there = [one for one in await standing(visit) if not one["spec"].own]
    return visit.page("onboarding/channel.html", channels=there, wizard=True, **await stepping(visit, "channel"))


async def talk(visit: Visit) -> Response:
    """The assistant itself, to talk to; the token is good for a quarter of an hour."""
    policy, rooms = visit.policy, visit.rooms
    template = trades().get((visit.the_tenant.facts or {}).get("trade", ""))
    return visit.page(
        "onboarding/talk.html",
        token=rooms.talk_token(visit.the_tenant.id),
        spoken=policy.language,
        tries=template.tries["ar" if policy.language == "ar" else "en"][:ENOUGH_TRIES] if template else [],
        built=(rooms.widget / "voice-mic.js").is_file(),
        **await stepping(visit, "talk"),
    )


ENOUGH_TRIES = 3
