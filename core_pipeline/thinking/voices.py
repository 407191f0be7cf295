"""The voice that a tenant chose, as the engines take it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from core_pipeline.cloning.use import clone_of
from core_pipeline.engines.wrap.voiced import Voice
from errors import Impossible, NeedsOwner
from voices.catalogue import CLONE, find, is_clone, resolve

if TYPE_CHECKING:
    from core_pipeline.engines.router import Engines
    from tenants.blobs import Blobs
    from tenants.db import Database
    from tenants.policy import Policy

log = logging.getLogger(__name__)

# A bare name of a voice was always the embedded engine's.
EMBEDDED = "espeak"


async def voice_of(db: Database, blobs: Blobs, tenant_id: str, policy: Policy, language: str) -> Voice | None:
    """The tenant's voice for this language; None where the engines' own must do, which is logged.

    A voice that was revoked, or that can't speak the language, is not used from that moment on.
    """
    try:
        chosen = resolve(policy.voice.get(language), language)
        if chosen.clone_id is not None:
            return Voice(clone=await clone_of(db, blobs, tenant_id, chosen.clone_id))
    except NeedsOwner as error:
        log.warning("tenant %s: the engines' own voice speaks %s: %s", tenant_id, language, error)
        return None
    return Voice(chosen.engine or EMBEDDED, chosen.voice) if chosen.voice else None


async def voice_named(
    db: Database, blobs: Blobs, engines: Engines, tenant_id: str, choice: str, language: str
) -> Voice:
    """The voice of that choice (a slug of the shelf, "clone:ID") and no other; `Impossible` where it can't be had."""
    try:
        if is_clone(choice):
            voice = Voice(clone=await clone_of(db, blobs, tenant_id, choice.removeprefix(CLONE)))
        else:
            found = resolve(find(choice).slug, language)
            voice = Voice(found.engine, found.voice)
        await engines.check_voice(voice, language, tenant_id)
    except NeedsOwner as error:
        raise Impossible(error.code, error.detail) from error
    return voice
