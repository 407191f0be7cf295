"""What can be told: the names of events, which tenants' systems rely on, and what each means."""

from __future__ import annotations

EVENTS = {
    "message.received": {"en": "A customer wrote or spoke", "ar": "عميل كتب أو تكلم"},
    "message.sent": {"en": "A message of ours is with the network", "ar": "رسالة منا وصلت إلى الشبكة"},
    "turn.answered": {"en": "The bot has answered", "ar": "أجاب المساعد"},
    "turn.dead": {"en": "An answer failed for good", "ar": "فشلت إجابة نهائيا"},
    "handoff.requested": {"en": "A customer wants a person", "ar": "عميل يطلب موظفا"},
    "call.started": {"en": "A call began", "ar": "بدأت مكالمة"},
    "call.ended": {"en": "A call is over", "ar": "انتهت مكالمة"},
    "call.missed": {"en": "A call was not taken", "ar": "مكالمة لم يُرد عليها"},
    "voicemail.received": {"en": "A caller left a message", "ar": "متصل ترك رسالة"},
}
