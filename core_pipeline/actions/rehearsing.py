"""Calling a tenant's action once by hand, to see whether it is set up rightly: no engine asks, no customer hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from core_pipeline.actions.arguments import faults
from core_pipeline.actions.reading import for_customer, for_engine
from core_pipeline.actions.request import request_of
from core_pipeline.guard import GuardedClient, exchange
from errors import SawtakError
from tenants.actions import opened
from tenants.models import Action
from tenants.vault import Vault

READ = 256 * 1024
SHOWN = 4000


@dataclass(frozen=True)
class Rehearsed:
    """What came of a call: the status of the answer and its text, or the code of why there is none; milliseconds.

    `faults` are what is wrong with the arguments: then nothing was called.
    """

    status: int | None = None
    content: str = ""
    told: str = ""
    problem: str = ""
    detail: str = ""
    ms: float = 0.0
    faults: tuple[str, ...] = ()

    @property
    def worked(self) -> bool:
        """Whether their system answered that all is well."""
        return self.status is not None and self.status < 300


async def rehearse(client: GuardedClient, vault: Vault, action: Action, arguments: Mapping[str, Any]) -> Rehearsed:
    """Really call the tenant's system, as a customer's question would; how it ended is told, never raised."""
    if wrong := faults(action.parameters, arguments):
        return Rehearsed(faults=tuple(wrong))
    begun = perf_counter()
    try:
        request = request_of(client, action, arguments, opened(vault, action))
        answer = await exchange(client, request, limit=READ, timeout=action.timeout)
    except SawtakError as error:
        return Rehearsed(problem=error.code, detail=error.detail, ms=_ms(begun))
    return Rehearsed(answer.status, for_engine(answer)[:SHOWN], for_customer(answer), ms=_ms(begun))


def _ms(begun: float) -> float:
    return round((perf_counter() - begun) * 1000, 1)
