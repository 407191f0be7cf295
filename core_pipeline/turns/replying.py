"""The ladder down which an answer goes until it is sent: video, voice, text."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

from core_pipeline.contracts.messages import ReplyKind
from core_pipeline.thinking.handing import TAKEN


class DeadLetterError(Exception):
    """A stage failed for good; the turn ends here and can be taken up again from this step."""

    def __init__(self, step: str, cause: str, *, impossible: bool = False) -> None:
        super().__init__(f"{step}: {cause}")
        self.step = step
        self.cause = cause
        self.impossible = impossible


class TakenOverError(Exception):
    """A colleague has taken over; the bot says no more."""


class Run(Protocol):
    """Runs one step of the turn until it works; `DeadLetterError` when it can't, or the tries are used up."""

    def __call__(self, name: str, *args: Any, attempts: int | None = None) -> Awaitable[Any]:
        """Run it."""


_FILM_ATTEMPTS = 2


@dataclass
class Replying:
    """Sends one answer: `plan` is what stage "answer" decided, `bills` are what the turn took so far."""

    run: Run
    plan: dict[str, Any]
    bills: list[dict[str, Any]]

    async def reply(self) -> tuple[str | None, str | None]:
        """Go down the ladder until something is sent; tell which, and why not the richer one."""
        note: str | None = self.plan["note"]
        if not self.plan["text"] and not self.plan.get("only"):
            return None, note
        try:
            kind, problems = await self._ladder()
            return kind.value, await self._send_also() or "; ".join(problems) or note
        except TakenOverError:
            return None, TAKEN

    async def _ladder(self) -> tuple[ReplyKind, list[str]]:
        problems: list[str] = []
        ways = {ReplyKind.VIDEO: self._by_video, ReplyKind.VOICE: self._by_voice}
        steps = {ReplyKind.VIDEO: [ReplyKind.VIDEO, ReplyKind.VOICE], ReplyKind.VOICE: [ReplyKind.VOICE]}
        for kind in steps.get(ReplyKind(self.plan["form"]), []):
            problem = await ways[kind]()
            if problem is None:
                return kind, problems
            problems.append(problem)
        if self.plan.get("only"):
            raise DeadLetterError("send_voice", "; ".join(problems), impossible=True)
        await self._do("send_text", self.plan["text"])
        return ReplyKind.TEXT, problems

    async def _by_video(self) -> str | None:
        """Draw and send; the reason when the customer has to listen instead."""
        try:
            film = await self._do("film", self.plan, False, attempts=_FILM_ATTEMPTS)
            if "pending" in film:
                await self._do("send_soon", self.plan["language"])
                film = await self._do("film", self.plan, True, attempts=_FILM_ATTEMPTS)
        except DeadLetterError as dead:
            return f"video failed: {dead.cause}"
        try:
            await self._do("send_video", self.plan["text"], film)
        except DeadLetterError as dead:
            if dead.impossible:
                return f"video refused: {dead.cause}"
            raise
        if film["rest"]:
            await self._do("send_text", film["rest"], "rest")
        return None

    async def _by_voice(self) -> str | None:
        """Speak and send; the reason when the customer has to read instead."""
        spoken = self.plan["spoken"]
        if spoken is None:
            try:
                spoken = await self._do("speak", self.plan["text"], self.plan["language"])
            except DeadLetterError as dead:
                return f"voice failed: {dead.cause}"
        if "problem" in spoken:
            return f"voice failed: {spoken['problem']}"
        if not spoken["fits"]:
            return "voice too large for this network"
        try:
            await self._do("send_voice", self.plan["text"], spoken)
        except DeadLetterError as dead:
            if dead.impossible:
                return f"voice refused: {dead.cause}"
            raise
        return None

    async def _send_also(self) -> str | None:
        """Send the cards; the customer has their answer, so one that can't be sent is only noted."""
        try:
            for number, text in enumerate(self.plan["also"]):
                await self._do("send_text", text, f"also{number}")
        except DeadLetterError as dead:
            return f"card not sent: {dead.cause}"
        return None

    async def _do(self, name: str, *args: Any, attempts: int | None = None) -> Any:
        outcome = await self.run(name, *args, attempts=attempts)
        self.bills += outcome["bills"]
        if outcome.get("taken"):
            raise TakenOverError
        return outcome
