"""Choosing who speaks and who is shown for a tenant: only what may be used, kept as a version of its persona."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from avatars import catalogue as faces
from errors import Impossible
from tenants import avatars, personas, voices
from voices import catalogue as shelf

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from tenants.audit import Actor

LANGUAGES = ("ar", "en")


async def choose_voice(session: AsyncSession, actor: Actor, language: str, choice: str) -> None:
    """Have this voice speak the language from now on ("": the engines' own).

    Raises `Impossible` or `NeedsOwner` for one that is not there, can't speak it, or may not speak.
    """
    _known(language)
    if shelf.is_clone(choice):
        await voices.speaking(session, choice.removeprefix(shelf.CLONE))
    elif choice:
        shelf.resolve(shelf.find(choice).slug, language)
    chosen = (await personas.current(session)).policy.voice
    await personas.change(session, actor, {"voice": _with(chosen, language, choice)})


async def choose_avatar(session: AsyncSession, actor: Actor, language: str, choice: str) -> None:
    """Show this avatar in films in the language from now on ("": the shelf's first); raises as `choose_voice`."""
    _known(language)
    if faces.is_own(choice):
        await avatars.shown(session, choice.removeprefix(faces.OWN))
    elif choice:
        faces.find(choice)
    chosen = (await personas.current(session)).policy.avatar
    await personas.change(session, actor, {"avatar": _with(chosen, language, choice)})


async def choose_colours(session: AsyncSession, actor: Actor, colours: Mapping[str, str]) -> None:
    """Dress every avatar so ("clothes", "background": "#rrggbb"; what is not named is the avatar's own again)."""
    await personas.change(session, actor, {"avatar_colours": dict(colours)})


async def let_go(session: AsyncSession, actor: Actor, choice: str) -> None:
    """Choose the usual voice or avatar wherever this one of the tenant's own is chosen, because it is going."""
    policy = (await personas.current(session)).policy
    changes = {}
    for name, chosen in (("voice", policy.voice), ("avatar", policy.avatar)):
        if choice in chosen.values():
            changes[name] = {language: one for language, one in chosen.items() if one != choice}
    if changes:
        await personas.change(session, actor, changes)


def _with(chosen: Mapping[str, str], language: str, choice: str) -> dict[str, str]:
    return {
        **{other: one for other, one in chosen.items() if other != language},
        **({language: choice} if choice else {}),
    }


def _known(language: str) -> None:
    if language not in LANGUAGES:
        raise Impossible("language", f"the language is one of: {', '.join(LANGUAGES)}")
