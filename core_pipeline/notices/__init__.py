"""What happens here is told to the tenants' own systems, by signed HTTP."""

from core_pipeline.notices.courier import Courier
from core_pipeline.notices.events import EVENTS
from core_pipeline.notices.subscriptions import Subscribed, listing, subscribe, unsubscribe
from core_pipeline.notices.telling import dead, notify, purge, retry

__all__ = [
    "EVENTS",
    "Courier",
    "Subscribed",
    "dead",
    "listing",
    "notify",
    "purge",
    "retry",
    "subscribe",
    "unsubscribe",
]
