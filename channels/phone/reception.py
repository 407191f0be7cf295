"""A websocket becomes a call: proved before it is accepted, named soon after, or closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from channels.phone.frames import MESSAGE_BYTES, Start, opened, start
from errors import Forged

if TYPE_CHECKING:
    from channels.phone.signature import Seal
    from core_pipeline.contracts.calls import Socket, Switchboard, Ticket

NAME_SECONDS = 5.0

_POLICY = 1008
_BEFORE_START = 20


async def receive(socket: Socket, board: Switchboard, seal: Seal, account_sid: str) -> tuple[Ticket, Start]:
    """Return the call that this socket carries; raises `Forged`, before `accept` for who proves nothing.

    Who is silent for `NAME_SECONDS`, or says something else, finds the socket closed.
    """
    seal.prove_handshake(socket.request)
    await socket.accept()
    try:
        begun = await _begun(socket)
        _check(begun, account_sid)
        return await board.redeem(begun.token, begun.call_sid), begun
    except BaseException:
        await socket.close(_POLICY)
        raise


async def _begun(socket: Socket) -> Start:
    try:
        async with asyncio.timeout(NAME_SECONDS):
            for _ in range(_BEFORE_START):
                message = await socket.receive()
                if message is None or len(message) > MESSAGE_BYTES:
                    break
                if begun := start(opened(message)):
                    return begun
    except TimeoutError:
        raise Forged("stream-silent", "the stream did not say in time which call it carries") from None
    raise Forged("stream-nameless", "the stream did not say which call it carries")


def _check(begun: Start, account_sid: str) -> None:
    if begun.account_sid != account_sid:
        raise Forged("stream-account", "the stream is another account's")
    if not begun.known_format:
        raise Forged("stream-format", "only µ-law at 8 kHz, mono, is understood")
    if not (begun.token and begun.call_sid):
        raise Forged("stream-token", "the stream brings no token")
