"""What we keep: one class per table. Every table with a `tenant_id` is scoped by `tenants.db`."""

from tenants.models.avatars import AvatarState, Film, OwnAvatar
from tenants.models.base import BigId, UtcTime, new_id, now, time_column
from tenants.models.calls import ApiKey, Call, Idempotency, Notice, NoticeState, Subscription
from tenants.models.desk import ConversationLabel, ConversationNote, Label, OpenQuestion, Pronunciation
from tenants.models.floor import Action, Agency, ChannelAccount, EngineAccount, Tenant
from tenants.models.inbox import InboxBase, InboxRow
from tenants.models.knowledge import CachedAnswer, Chunk, Document, DocumentState, Entry, Product
from tenants.models.people import (
    AccessGrant,
    Attempt,
    AuditEntry,
    HouseKey,
    HouseRepeat,
    Invite,
    Person,
    PolicyVersion,
    ServerProcess,
    SignIn,
    SystemSetting,
)
from tenants.models.talk import Contact, ContactIdentity, Conversation, Direction, Message, Turn, TurnStage, TurnState
from tenants.models.voices import ClonedVoice, Render, VoiceState

__all__ = [
    "AccessGrant",
    "Action",
    "Agency",
    "ApiKey",
    "Attempt",
    "AuditEntry",
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
    "ConversationLabel",
    "ConversationNote",
    "Direction",
    "Document",
    "DocumentState",
    "EngineAccount",
    "Entry",
    "Film",
    "HouseKey",
    "HouseRepeat",
    "Idempotency",
    "InboxBase",
    "InboxRow",
    "Invite",
    "Label",
    "Message",
    "Notice",
    "NoticeState",
    "OpenQuestion",
    "OwnAvatar",
    "Person",
    "PolicyVersion",
    "Product",
    "Pronunciation",
    "Render",
    "ServerProcess",
    "SignIn",
    "Subscription",
    "SystemSetting",
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
