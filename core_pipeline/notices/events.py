"""What can be told: the names of events, which tenants' systems rely on."""

from __future__ import annotations

EVENTS = {
    "message.received": "A customer's message was recorded.",
    "message.sent": "A network has accepted a message of ours.",
    "turn.answered": "An answer is with the network, or nothing was to be said.",
    "turn.dead": "An answer failed for good; the customer got the words for that.",
    "handoff.requested": "A customer wants a person; the bot is silent in this conversation.",
    "call.started": "A call is being talked on.",
    "call.ended": "A call is over.",
    "call.missed": "A call was not talked on.",
    "voicemail.received": "A caller left a message instead of talking.",
}
