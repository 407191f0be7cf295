"""Deciding what to say to a caller: the first that has something to say about their words says it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core_pipeline.actions.doing import Place
from core_pipeline.answers import NOTE, Given, Question, find, question_of
from core_pipeline.arabic.sentences import Sentences
from core_pipeline.arabic.wishes import Command, command, preferences
from core_pipeline.calls import keeping
from core_pipeline.calls.dialogue import ours
from core_pipeline.calls.host import End, Say, Transfer
from core_pipeline.calls.menu import BYE, LANGUAGE, PERSON, REPEAT
from core_pipeline.calls.parting import leaves
from core_pipeline.calls.relayed import relayed
from core_pipeline.calls.shelter import ShelteredActions, ShelteredShelf, ShelteredWits
from core_pipeline.contracts.specs import Priority
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.flowing import flowing
from core_pipeline.history import memory
from core_pipeline.knowledge import unknown
from core_pipeline.thinking import handing
from core_pipeline.thinking.matter import Mind
from core_pipeline.thinking.mood import mood_of
from core_pipeline.thinking.think import think
from core_pipeline.thinking.variables import fixed
from tenants.models import Conversation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from core_pipeline.calls.dialogue import Dialogue, Round
    from core_pipeline.calls.host import Step
    from core_pipeline.calls.lobby import Lobby
    from core_pipeline.calls.shelter import Shelter
    from core_pipeline.thinking.think import Thought
    from tenants.models import CachedAnswer


class Heeding:
    """Finds what to say and do in one call; what it says is noted on the round that it says it in."""

    def __init__(self, lobby: Lobby, dialogue: Dialogue, shelter: Shelter) -> None:
        self._lobby, self._dialogue, self._shelter = lobby, dialogue, shelter
        mind = lobby.mind
        self._mind = Mind(ShelteredWits(mind.engines, shelter), ShelteredShelf(mind.shelf, shelter))
        self._settling: asyncio.Task[str | None] | None = None

    async def spoken(self, now: Round) -> AsyncIterator[Step]:
        """Stream what to say and do about the words of this round."""
        await self._notice(now)
        for step in await self._outcome(now) or []:
            yield step
        steps = await self._settled(now) or await self._obeyed(now)
        if steps is None and handing.wanted(self._dialogue.policy, now.heard):
            steps = await self._put_through(now)
        if steps is None and leaves(now.heard):
            steps = self._bidden_goodbye(now)
        if steps is not None:
            for step in steps:
                yield step
            return
        async with flowing(self._found(now)) as found:
            async for step in found:
                yield step

    async def pressed(self, now: Round, digits: str) -> AsyncIterator[Step]:
        """Stream what to say and do about keys: what the menu says they do, else they are an answer to us."""
        deed = self._dialogue.policy.calls.menu.get(digits, "")
        steps: list[Step] | None = None
        if deed == PERSON:
            steps = await self._put_through(now)
        elif deed == BYE:
            steps = self._bidden_goodbye(now)
        elif deed == REPEAT:
            steps = self._again(now)
        elif deed.startswith(LANGUAGE):
            steps = self._switched(now, deed.removeprefix(LANGUAGE))
        else:
            asked = deed or digits.strip("*#")
            now.heard = asked or digits
            steps = None if asked else self._ready(now, "not_heard")
        if steps is not None:
            for step in steps:
                yield step
            return
        async with flowing(self.spoken(now)) as found:
            async for step in found:
                yield step

    async def _notice(self, now: Round) -> None:
        """Heed what the caller asks for outright, and keep it where the tenant wants such things kept."""
        dialogue = self._dialogue
        wishes = {name: it for name, it in preferences(now.heard).items() if dialogue.before.facts.get(name) != it}
        if (language := preferences(now.heard).get("language")) and fixed(dialogue.policy) is None:
            dialogue.language = dialogue.pinned = now.language = language
        if wishes and dialogue.policy.remember:
            dialogue.know(wishes)
            await self._shelter.keep(self._remember(wishes))

    async def _remember(self, facts: dict[str, str]) -> None:
        async with self._lobby.db.tenant(self._dialogue.tenant_id) as session:
            await memory.remember(session, self._dialogue.conversation_id, facts)

    async def _settled(self, now: Round) -> list[Step] | None:
        """What came of an action that waited for the caller's yes; None when they said something else."""
        if self._lobby.actions is None or not await self._shelter.keep(self._pending()):
            return None
        await self._dialogue.written(now)
        self._settling = self._shelter.begin(self._settle(now))
        return await self._outcome(now)

    async def _outcome(self, now: Round) -> list[Step] | None:
        """What came of it; who speaks into it is told before anything else is answered."""
        if self._settling is None:
            return None
        await asyncio.wait([self._settling])
        settled, self._settling = self._settling.result, None
        words = settled()
        if words is None:
            return None
        now.note = "action"
        return self._say(now, words)

    async def _settle(self, now: Round) -> str | None:
        doing = self._doing(now)
        settled = await doing.settle(now.heard) if doing else None
        return settled.words if settled else None

    async def _pending(self) -> bool:
        async with self._lobby.db.tenant(self._dialogue.tenant_id, reads=True) as session:
            return (await session.get_one(Conversation, self._dialogue.conversation_id)).pending is not None

    async def _obeyed(self, now: Round) -> list[Step] | None:
        """What a word to the bot itself brings: to begin anew, or to forget the caller as well."""
        wanted = command(now.heard)
        if wanted is None:
            return None
        forget = wanted is Command.FORGET
        await self._shelter.keep(self._forget(customer=forget))
        self._dialogue.forget({} if forget else self._dialogue.before.facts)
        now.note = wanted.value
        return self._ready(now, "forgotten" if forget else "reset")

    async def _forget(self, *, customer: bool) -> None:
        async with self._lobby.db.tenant(self._dialogue.tenant_id) as session:
            await keeping.begin_anew(session, self._dialogue.call_id)
            if customer:
                await memory.forget_customer(session, self._dialogue.conversation_id)

    async def _put_through(self, now: Round) -> list[Step]:
        """Connect the caller to a person, or note that one is to call back where nobody is to be disturbed."""
        policy, number = self._dialogue.policy, self._dialogue.person
        asked = bool(number) or handing.people_now(policy)
        now.note = handing.HANDED if asked else handing.CLOSED
        if asked:
            await self._shelter.keep(self._note_person(reached=bool(number)))
        if number:
            return [*self._ready(now, "transferring"), Transfer(number)]
        return self._say(now, *handing.told(policy, now.language, asked="no_person"))

    async def _note_person(self, *, reached: bool) -> None:
        async with self._lobby.db.tenant(self._dialogue.tenant_id) as session:
            await (keeping.transferring if reached else keeping.handed)(session, self._dialogue.call_id)

    def _bidden_goodbye(self, now: Round) -> list[Step]:
        now.note = "goodbye"
        return [*self._ready(now, "goodbye"), End("goodbye")]

    def _again(self, now: Round) -> list[Step]:
        """What we said last, once more; the greeting before anything was said."""
        now.note = "repeat"
        before = next((one for one in reversed(self._dialogue.rounds) if one is not now and one.said), None)
        if before is None:
            return self._ready(now, "greeting")
        now.language = before.language
        return self._say(now, *before.said)

    def _switched(self, now: Round, language: str) -> list[Step]:
        known = ours(language)
        if known is None:
            return self._ready(now, "not_heard")
        self._dialogue.language = self._dialogue.pinned = now.language = known
        return self._ready(now, "greeting")

    async def _found(self, now: Round) -> AsyncIterator[Step]:
        """The answer that was given before, else a new one, which is kept for the next who asks."""
        now.asked, now.again = await self._shelter.keep(self._asked_before(now))
        if now.again is not None:
            now.note, now.answer, now.citations = NOTE, now.again.answer, list(now.again.citations)
            for step in self._say(now, *_sentences(now.again.answer)):
                yield step
            return
        async with flowing(self._thought(now)) as thought:
            async for step in thought:
                yield step

    async def _asked_before(self, now: Round) -> tuple[Question | None, CachedAnswer | None]:
        dialogue = self._dialogue
        circumstances = f"{dialogue.circumstances}.{self._lobby.making}.text"
        talking = bool(dialogue.memory(now).history)
        asked = question_of(dialogue.tenant_id, now.heard, now.language, circumstances, talking=talking)
        if asked is None or not dialogue.policy.cache:
            return None, None
        with now.ledger.timed("recall"):
            async with self._lobby.db.tenant(dialogue.tenant_id, reads=True) as session:
                return asked, await find(session, asked, dialogue.policy.cache_likeness)

    async def _thought(self, now: Round) -> AsyncIterator[Step]:
        """Think, and give each sentence as soon as it is complete; who stops listening stops the thinking."""
        order = For(now.ledger, self._dialogue.tenant_id, Priority.CALL)

        async def thinking(tell: Callable[[str], None]) -> None:
            def say(sentence: str) -> None:
                now.said.append(sentence)
                tell(sentence)

            self._note(now, await think(self._mind, self._dialogue.matter(now), order, self._doing(now), say))

        async with flowing(relayed(thinking)) as sentences:
            async for sentence in sentences:
                yield Say(sentence, now.language, mood_of(sentence))
        after = {handing.HANDED: self._after_handing_over, unknown.NOTE: self._after_too_many}
        for step in await after[now.note](now) if now.note in after else []:
            yield step

    def _note(self, now: Round, thought: Thought) -> None:
        now.answer, now.citations, now.cards = thought.text, thought.citations, thought.also
        now.note = handing.HANDED if thought.handed else None if thought.sure else unknown.NOTE
        facts = self._dialogue.before.facts
        now.given = Given(thought.text, tuple(thought.citations), thought.sure, thought.acted, facts)

    async def _after_handing_over(self, now: Round) -> list[Step]:
        """Somebody who asked the engine for a person is put through at once where that can be."""
        return await self._put_through(now) if self._dialogue.person else []

    async def _after_too_many(self, now: Round) -> list[Step]:
        """Somebody whom we could not answer again and again is put through; the question stays one we didn't know."""
        if not self._dialogue.policy.handoff.after_unknown:
            return []
        await self._dialogue.written(now)
        if not await self._shelter.keep(self._too_often(now)):
            return []
        steps = await self._put_through(now)
        now.note = unknown.NOTE
        return steps

    async def _too_often(self, now: Round) -> bool:
        dialogue, turn_id = self._dialogue, self._dialogue.turn_id(now)
        async with self._lobby.db.tenant(dialogue.tenant_id, reads=True) as session:
            place = dialogue.conversation_id, turn_id, now.began
            return await handing.once_too_often(session, dialogue.policy, *place)

    def _doing(self, now: Round) -> ShelteredActions | None:
        if self._lobby.actions is None:
            return None
        dialogue = self._dialogue
        place = Place(dialogue.tenant_id, dialogue.conversation_id, dialogue.turn_id(now), now.language)
        return ShelteredActions(self._lobby.actions, place, self._shelter)

    def _ready(self, now: Round, name: str) -> list[Step]:
        return self._say(now, self._dialogue.words(name, now.language))

    def _say(self, now: Round, *sentences: str) -> list[Step]:
        now.said += sentences
        return [Say(sentence, now.language, mood_of(sentence)) for sentence in sentences]


def _sentences(text: str) -> Iterable[str]:
    cut = Sentences()
    return [*cut.feed(f"{text} "), *cut.flush()]
