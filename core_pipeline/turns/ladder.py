"""In which form we answer: what the tenant wants, as far as the network carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core_pipeline.contracts.messages import Kind, ReplyKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core_pipeline.contracts.channel import Limits
    from tenants.policy import Policy

# What a customer can say to us with a voice.
AUDIBLE = {Kind.VOICE, Kind.AUDIO, Kind.VIDEO_NOTE}
# Where a message's text is the customer's own words, and not a place's coordinates or a visiting card.
WORDED = AUDIBLE | {Kind.TEXT, Kind.CHOICE, Kind.IMAGE, Kind.VIDEO, Kind.DOCUMENT, Kind.CALL}
# Who spoke to us, in a note or in a call, is answered aloud where answers mirror the question.
CALLED = {Kind.CALL, Kind.MISSED_CALL}
SPOKEN = AUDIBLE | CALLED


def wants_video(
    policy: Policy,
    limits: Limits,
    *,
    asked: bool,
    first: bool,
    wished: str | None = None,
    wish: str | None = None,
) -> bool:
    """Whether an answer is to be a video; `asked` says that the customer asks for one, `first` that it is our first.

    Who wished to read, or to hear, gets a video only by asking. The `wish` that came with this very message goes
    before everything, but for what the network can't carry.
    """
    if ReplyKind.VIDEO not in limits.degrade or not limits.videos:
        return False
    if wish is not None:
        return wish == ReplyKind.VIDEO
    if policy.video == "never":
        return False
    return asked or (wished is None and (policy.video == "always" or (policy.video == "first" and first)))


def form_of(kinds: Iterable[str], policy: Policy, limits: Limits, wished: str | None = None) -> ReplyKind:
    """The form of an answer that is no video; the network's poorest when it can't carry what is wanted.

    What the customer wished for ("voice" or "text") goes before what the tenant set; a "video" that can't be had is
    heard instead.
    """
    mirrored = ReplyKind.VOICE if SPOKEN & set(kinds) else ReplyKind.TEXT
    wanted = mirrored if policy.reply == "mirror" else ReplyKind(policy.reply)
    if wished is not None and wished in set(ReplyKind):
        wanted = ReplyKind.VOICE if wished == ReplyKind.VIDEO else ReplyKind(wished)
    return wanted if wanted in limits.degrade else limits.degrade[-1]
