"""The way out to addresses that a stranger or a tenant chose: none of them leads into our own network."""

from core_pipeline.guard.addresses import public
from core_pipeline.guard.client import GuardedClient, guarded_client
from core_pipeline.guard.fetching import Answered, Fetched, exchange, fetch
from core_pipeline.guard.rules import PORTS, Rules

__all__ = ["PORTS", "Answered", "Fetched", "GuardedClient", "Rules", "exchange", "fetch", "guarded_client", "public"]
