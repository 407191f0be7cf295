"""A foreign tenant with a row in every table, and what of it a function may be called with."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import FunctionType
from typing import Any

from core_pipeline.actions.waiting import Pending
from core_pipeline.answers import Given, Question
from core_pipeline.calls.dialogue import Dialogue, Round
from core_pipeline.calls.host import Line, Minutes, Outcome
from core_pipeline.calls.register import NewCall
from core_pipeline.contracts.calls import CallNews, CallState
from core_pipeline.contracts.engines import Passage
from core_pipeline.contracts.messages import Identity, Inbound, Kind, Receipt, Reply, ReplyKind, Sender, Status
from core_pipeline.desk.rows import Filters
from core_pipeline.erasing.rows import Traces
from core_pipeline.history.memory import Memory
from core_pipeline.history.orders import PLACE
from core_pipeline.history.threads import Arriving
from core_pipeline.insight.period import Period
from core_pipeline.notices.claims import Claim
from tenants import models
from tenants.actions import ActionDraft
from tenants.agents import Agent
from tenants.audit import Actor, Wanted
from tenants.choices import Choices
from tenants.documents import Quota
from tenants.facts import ENTRIES, Asked
from tenants.policy import Policy
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_account, make_conversation, make_message, make_tenant

MARK = "FOREIGN-MARK"
NOW = datetime.now(UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Doing = FunctionType


async def furnished(floor: Floor) -> dict[str, Any]:
    """A tenant with a row in every table, each with the mark in it, and their ids by parameter name."""
    tenant = await make_tenant(floor.db, name_en=MARK)
    account = await make_account(floor.db, tenant, title=MARK)
    conversation = await make_conversation(floor.db, account, summary=MARK, pending={"mark": MARK})
    message = await make_message(floor.db, conversation, text=MARK, turn_id="turn-a", key="key-a")
    own: dict[str, Any] = {"tenant_id": tenant.id}
    rows: dict[str, Any] = {
        "turn": models.Turn(id="turn-a", conversation_id=conversation.id, answer=MARK, **own),
        "document": models.Document(title=MARK, url=f"https://{MARK}.example", mime="text/plain", sha256=MARK, **own),
        "entry": models.Entry(fact=MARK, language="en", question=MARK, answer=MARK, **own),
        "question": models.OpenQuestion(language="ar", question=MARK, plain=MARK, turn_id="turn-a", **own),
        "product": models.Product(fact=MARK, language="en", name=MARK, **own),
        "action": models.Action(name="order_status", description=MARK, url="https://a.example", **own),
        "answer": models.CachedAnswer(
            key="cached-a", circumstances="c", question=MARK, language="en", answer=MARK, blob=MARK, **own
        ),
        "voice": models.ClonedVoice(name=MARK, language="ar", state=models.VoiceState.READY, sample=MARK, **own),
        "engine": models.EngineAccount(kind="llm", name=MARK, **own),
        "call": models.Call(
            conversation_id=conversation.id,
            account_id=account.id,
            provider_id=MARK,
            state="running",
            process="p",
            **own,
        ),
        "key": models.ApiKey(name=MARK, prefix=MARK, digest=MARK, scopes=["talk"], **own),
        "repeat": models.Idempotency(key="key-a", digest=MARK, answer={"a": MARK}, **own),
        "label": models.Label(name=MARK, **own),
        "subscription": models.Subscription(url=MARK, events=["turn.dead"], sealed=MARK, **own),
        "audit": models.AuditEntry(who=MARK, action=MARK, after={"mark": MARK}, **own),
        "pronunciation": models.Pronunciation(language="ar", written=MARK, spoken=MARK, **own),
        "avatar": models.OwnAvatar(
            slug="a", name_ar=MARK, name_en=MARK, kind="photo", state=models.AvatarState.READY, **own
        ),
    }
    async with floor.db.platform() as session:
        for row in rows.values():
            session.add(row)
            await session.flush()
        session.add(models.PolicyVersion(number=77, policy={"persona": {"en": MARK}}, note=MARK, **own))
        chunk = models.Chunk(document_id=rows["document"].id, position=0, text=MARK, **own)
        notice = models.Notice(
            subscription_id=rows["subscription"].id, key="k", event="turn.dead", payload={"a": MARK}, **own
        )
        render = models.Render(voice_id=rows["voice"].id, blob=MARK, **own)
        films = [
            models.Film(id=f"film-{key}", avatar_id=rows["avatar"].id, key=key, blob=MARK, used_at=LONG_AGO, **own)
            for key in ("key-a", None)
        ]
        session.add_all([chunk, notice, render, *films])
    ids = {f"{name}_id": row.id for name, row in rows.items()}
    return {
        **ids,
        "tenant_id": tenant.id,
        "agency_id": tenant.agency_id,
        "conversation_id": conversation.id,
        "conversation_ids": [conversation.id],
        "contact_id": conversation.contact_id,
        "account_id": account.id,
        "own": message.id,
        "from_id": message.id,
        "until": message.id,
        "key": "key-a",
        "chunk_id": chunk.id,
        "film_id": films[0].id,
        "notice_id": notice.id,
        "call": rows["call"],
        "claim": Claim(notice, notice.next_at),
        "message": message,
        "conversation": conversation,
        "order": message,
        "order_id": message.id,
        "ids": [conversation.id],
        "document": rows["document"],
        "besides": ids["document_id"],
    }


def value_for(name: str, foreign: Mapping[str, Any]) -> Any:
    """What to give a parameter: the foreign tenant's own wherever it names one of their rows."""
    plain = {
        "vault": Vault.generate(),
        "name": "order_status",
        "draft": ActionDraft(name="theirs", description="d", url="https://a.example"),
        "agent": Agent.model_validate({"sawtak": 1, "tenant": {"slug": "xy", "name_ar": "ا", "name_en": "A"}}),
        "reply": Reply(kind=ReplyKind.TEXT, key="key-a", address={}, text="mine"),
        "receipt": Receipt(account="x", message_id="out-a", status=Status.READ, at=NOW, key="key-a"),
        "question": Question(foreign["tenant_id"], MARK, "en", "c"),
        "answer": "mine",
        "given": Given("mine", ("e1",)),
        "pending": waiting(foreign),
        "passages": (Passage(foreign["chunk_id"], "", "", "en", 1.0),),
        "identities": [("paper", "a-customer")],
        "facts": {"name": "mine"},
        "state": models.TurnState.ANSWERED,
        **dict.fromkeys(("at", "since", "before", "delivered_before", "dead_before"), NOW),
        **dict.fromkeys(("window", "at_least", "limit", "most"), 5),
        **dict.fromkeys(("language", "circumstances", "fact", "text", "base", "blob", "provider_id", "status"), "en"),
        **dict.fromkeys(("summary", "heard", "note", "reply_kind", "failed_step", "cause", "reason"), "mine"),
        **dict.fromkeys(("stages", "pages", "citations"), ()),
        **dict.fromkeys(("silence", "alike"), 1.0),
        "quota": Quota(),
        "shape": ENTRIES,
        "asked": Asked(),
        "keys": [MARK],
        "ids": [foreign["entry_id"], foreign["chunk_id"]],
        "available": False,
        "waiting": False,
        "kind": "llm",
        "new": NewCall(foreign["conversation_id"], foreign["account_id"], "mine"),
        "news": CallNews(account="a", provider_id=MARK, state=CallState.ENDED),
        "token": "mine",
        "process": "p",
        "longest": 1.0,
        "dialogue": dialogue(foreign),
        "each": Round(1, "en", "mine"),
        "through": True,
        "minutes": Minutes(1, lines=[Line("mine", "en", heard=True)]),
        "outcome": Outcome("caller", 1.0, 8000),
        "recording": "mine",
        "url": "https://a.example",
        "event": "turn.dead",
        "events": ["turn.dead"],
        "payload": {},
        "without": (),
        "pause": timedelta(seconds=1),
        "scopes": ("talk",),
        "digest": "mine",
        "made": {"a": "mine"},
        "arriving": Arriving(foreign["account_id"], Sender(identities=(Identity(kind="k", value="v"),)), "c", {}),
        "windows": {"web": 0.0},
        "policy": Policy(),
        "changes": {"tone": "warm"},
        "number": 77,
        "by": Actor("mine"),
        **dict.fromkeys(("written", "spoken"), "mine"),
        "filters": Filters(),
        "period": Period.latest(30, "Africa/Cairo", NOW),
        "found": Traces(),
        "questions": [MARK],
        **dict.fromkeys(("me", "agent_id"), "mine"),
        "inbox_id": 1,
        "zone": "Africa/Cairo",
        "messages": 1,
        "stop": True,
        "choices": Choices(),
        "figures": {},
        "started": NOW,
        "inbound": order_for(foreign),
        "actor": Actor("mine"),
        "wanted": Wanted(tenant_id=foreign["tenant_id"]),
        **dict.fromkeys(("slug", "name_ar", "name_en"), "mine"),
        "words": {"name_en": "mine"},
        "logo": "mine",
        "domain": "mine.example",
        "active": False,
    }
    given = {**plain, **foreign}
    assert name in given, f"say what a foreign {name} is, so that this function is tried, too"
    return given[name]


def dialogue(foreign: Mapping[str, Any]) -> Dialogue:
    """A call of the foreign tenant as it would be led."""
    ids = (foreign["call_id"], foreign["tenant_id"], foreign["conversation_id"], foreign["account_id"])
    return Dialogue(*ids, Policy(), {"ar": "mine", "en": "mine"}, "en", Memory())


def order_for(foreign: Mapping[str, Any]) -> Inbound:
    """A colleague's order for a conversation of the foreign tenant's."""
    sender = Sender(identities=(Identity(kind="k", value="v"),))
    where = {"chat": "c", "address": {PLACE: foreign["conversation_id"]}}
    return Inbound(account="a", provider_id="p", sender=sender, sent_at=NOW, kind=Kind.SCRIPT, by="mine", **where)


def waiting(foreign: Mapping[str, Any]) -> Pending:
    """An action of the foreign tenant that waits for a yes."""
    return Pending(
        action_id=foreign["action_id"],
        name="order_status",
        call_id="1",
        arguments={},
        what=MARK,
        question=MARK,
        language="en",
        asked_at=NOW,
        turn=foreign["turn_id"],
    )


def special(function: Doing, foreign: Mapping[str, Any]) -> dict[str, Any]:
    """What functions take that a name alone does not tell: rows that would be the foreign tenant's."""
    own: dict[str, Any] = {"tenant_id": foreign["tenant_id"]}
    document = models.Document(title="t", mime="text/plain", sha256="other", **own)
    cached = models.CachedAnswer(
        id=foreign["answer_id"], key="k", circumstances="c", question="q", language="en", answer="a", **own
    )
    said = {"question": "mine", "answer": "mine", "alternatives": []}
    known: dict[str, dict[str, Any]] = {
        "tenants.answers.add": {"answer": cached},
        "core_pipeline.answers.given.used": {"answer": cached},
        "tenants.documents.add": {"document": document},
        "tenants.facts.save": {"wanted": {"en": said}, "fact": "en"},
        "tenants.facts.save_all": {"wanted": {"en": {"en": said}}, "shown": {}},
        "tenants.facts.find": {"fact": MARK},
        "tenants.facts.remove": {"fact": MARK},
        "tenants.open_questions.record": {"question": "q", "plain": MARK},
        "tenants.open_questions.put": {"state": "dismissed"},
        "tenants.open_questions.page": {"state": "open"},
        "tenants.open_questions.close": {"ids": [foreign["question_id"]]},
        "tenants.knowledge.add": {"question": "q"},
        "tenants.knowledge.replace": {"question": "q"},
        "tenants.avatars.add": {"avatar": models.OwnAvatar(slug="b", name_ar="n", name_en="n", kind="photo", **own)},
        "tenants.films.keep": {"film": models.Film(avatar_id=foreign["avatar_id"], key="k", blob="b", **own)},
        "tenants.personas.save": {"facts": {"phone": "mine"}},
        "tenants.customers.search": {"words": MARK},
        "core_pipeline.insight.standing.shares": {"until": NOW},
        "tenants.voices.add": {"draft": models.ClonedVoice(name="n", language="ar", **own)},
    }
    return known.get(f"{function.__module__}.{function.__qualname__}", {})


def arguments(function: Doing, foreign: Mapping[str, Any]) -> dict[str, Any]:
    """A foreign value for every parameter that must be given; of the optional ones, for those that name a row."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    wanted = [one for one in parameters if one.default is inspect.Parameter.empty or one.name in foreign]
    wanted = [one for one in wanted if one.kind is not inspect.Parameter.VAR_KEYWORD]
    known = special(function, foreign)
    return {one.name: known[one.name] if one.name in known else value_for(one.name, foreign) for one in wanted}
