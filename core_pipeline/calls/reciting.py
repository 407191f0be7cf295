"""Ready words outside of any call: prepared before the first caller needs them, and for vendors who fetch them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from core_pipeline.calls.lobby import share_of
from core_pipeline.calls.shelter import Shelter
from core_pipeline.calls.tenant_voice import TenantVoice
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.media.pcm import join, resample
from core_pipeline.thinking.variables import policy_of
from core_pipeline.thinking.words import phrase
from errors import Impossible, SawtakError
from tenants.models import Tenant

if TYPE_CHECKING:
    from core_pipeline.calls.lobby import Lobby
    from core_pipeline.contracts.engines import Pcm
    from tenants.policy import Policy

log = logging.getLogger(__name__)

RATE = 8000
# What is said in most calls; other ready words are spoken when they are first needed.
OFTEN = ("greeting", "moment", "not_heard", "still_there", "trouble", "goodbye", "transferring", "no_person")


async def warm(lobby: Lobby, tenant_id: str) -> None:
    """Speak the tenant's most used ready words, so that the first caller does not wait for them; only logs trouble."""
    try:
        voice, policy = await _voice_of(lobby, tenant_id)
        for name in OFTEN:
            async for _ in voice.recite(phrase(policy, name, policy.language), policy.language, Ledger()):
                pass
    except (SawtakError, SQLAlchemyError, OSError) as error:
        log.warning("ready words of tenant %s could not be prepared: %s", tenant_id, error)


async def recite(lobby: Lobby, tenant_id: str, words: str, language: str) -> Pcm:
    """Ready words of a tenant as sound for the telephone, 8000 Hz; at once when they were said before.

    Raises `Impossible("no-words")` when there is nothing to hear.
    """
    voice, _ = await _voice_of(lobby, tenant_id)
    parts = [part.pcm async for part in voice.recite(words, language, Ledger())]
    if not parts:
        raise Impossible("no-words", "there is nothing in these words that can be spoken")
    return await asyncio.to_thread(lambda: resample(join(parts), RATE))


async def _voice_of(lobby: Lobby, tenant_id: str) -> tuple[TenantVoice, Policy]:
    async with lobby.db.tenant(tenant_id, reads=True) as session:
        tenant = await session.get(Tenant, tenant_id)
    if tenant is None:
        raise Impossible("tenant-missing", "there is no such tenant")
    policy, share = policy_of(tenant), await share_of(lobby, tenant_id)
    return TenantVoice(lobby, share, policy, Shelter(), urgent=False), policy
