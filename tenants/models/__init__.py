"""What we keep: one class per table. Every table with a `tenant_id` is scoped by `tenants.db`."""

from tenants.models.avatars import AvatarState, Film, OwnAvatar
from tenants.models.base import BigId, UtcTime, new_id, now, time_column
from tenants.models.calls import ApiKey, Call, Idempotency, Notice, NoticeState, Subscription
from tenants.models.floor import Action, Agency, ChannelAccount, EngineAccount, Tenant
from tenants.models.inbox import InboxBase, InboxRow
from tenants.models.knowledge import CachedAnswer, Chunk, Document, DocumentState, Entry, Product
from tenants.models.talk import Contact, ContactIdentity, Conversation, Direction, Message, Turn, TurnStage, TurnState
from tenants.models.voices import ClonedVoice, Render, VoiceState

__all__ = [
    "Action",
    "Agency",
    "ApiKey",
    "AvatarState",
    "BigId",
    "CachedAnswer",
    "Call",
    "ChannelAccount",
    "Chunk",
    "ClonedVoice",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "Direction",
    "Document",
    "DocumentState",
    "EngineAccount",
    "Entry",
    "Film",
    "Idempotency",
    "InboxBase",
    "InboxRow",
    "Message",
    "Notice",
    "NoticeState",
    "OwnAvatar",
    "Product",
    "Render",
    "Subscription",
    "Tenant",
    "Turn",
    "TurnStage",
    "TurnState",
    "UtcTime",
    "VoiceState",
    "new_id",
    "now",
    "time_column",
]
