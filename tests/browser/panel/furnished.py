"""What stands in the panel when its pages are walked through: one of everything that an address may name.

A subject with rows of its own adds a function here, which gives what stands in its addresses' names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from tenants import personas
from tenants.audit import Actor
from tenants.models import (
    Action,
    Agency,
    AvatarState,
    ClonedVoice,
    Document,
    DocumentState,
    Entry,
    HouseKey,
    Invite,
    Label,
    OpenQuestion,
    OwnAvatar,
    Product,
    Turn,
    TurnStage,
    TurnState,
    now,
)
from tests import factories
from tests.panel.house import Panel

# Sounds, films, tables, news and parts of pages: no pages, and tested where they belong.
NO_PAGES = re.compile(
    r"\.csv$|brand\.css$|/(csv|table|sound|pack|portrait|status|checks|logo)$"
    r"|/(heard|film|still)/|/inbox/(stream|people|why|file/.*|wave/.*|call/.*)$"
)
_NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")
QUESTION = "هل عندكم توصيل إلى المعادي يوم الجمعة؟"
ANSWER = "نعم، نوصل إلى المعادي كل يوم من الواحدة ظهرًا حتى منتصف الليل."
PEAKS = [abs(40 - (n * 17) % 83) + n % 13 for n in range(48)]
TOKEN = "a-link-that-is-still-good"


@dataclass(frozen=True)
class Furnished:
    """`names` are what stands in addresses; `asked` is what is asked for behind the question mark, by the path."""

    names: Mapping[str, str]
    asked: Mapping[str, str]

    def fill(self, path: str) -> str:
        """A door's path with something real in the place of every name; `KeyError` where nothing was furnished."""
        filled = _NAMED.sub(lambda found: self.names[found[1]], path)
        return f"{filled}?{self.asked[path]}" if path in self.asked else filled


async def furnish(panel: Panel) -> Furnished:
    """Put one of everything into the demo tenant."""
    names = {"tenant": panel.tenant.slug, "agency": await _agency(panel), "token": await _invite(panel)}
    names |= {"channel": "telegram", "kind": "tts", "name": "google", "trade": "restaurant"}
    names |= await _talk(panel)
    names |= await _knowledge(panel)
    names |= await _looks(panel)
    names |= await _persona(panel)
    return Furnished(names, await _facts(panel))


async def keep(panel: Panel, *rows: Any) -> None:
    """Keep these rows."""
    async with panel.db.platform() as session:
        session.add_all(rows)


async def _agency(panel: Panel) -> str:
    """The agency, with a key of its own beside one of the platform's."""
    given: dict[str, Any] = {"prefix": "ak_example", "made_by": "منى عبد الله"}
    used: dict[str, Any] = {"name": "CRM", "agency_id": panel.tenant.agency_id, "used_at": now()}
    await keep(panel, HouseKey(digest="1", **used, **given), HouseKey(name="Monitoring", digest="2", **given))
    async with panel.db.platform(reads=True) as session:
        return (await session.get_one(Agency, panel.tenant.agency_id)).slug


async def _invite(panel: Panel) -> str:
    good = now() + timedelta(days=1)
    digest = sha256(TOKEN.encode()).hexdigest()
    await keep(panel, Invite(digest=digest, role="editor", tenant_id=panel.tenant.id, expires_at=good))
    return TOKEN


async def _talk(panel: Panel) -> dict[str, str]:
    """Two customers: one who spoke and was answered, one who waits for a person."""
    tenant_id = panel.tenant.id
    account = await factories.make_account(panel.db, panel.tenant, title="مطعم اللؤلؤة")
    contact = await factories.make_contact(panel.db, panel.tenant, name="منى عبد الله", language="ar")
    thread = await factories.make_conversation(
        panel.db, account, contact_id=contact.id, last_text=ANSWER, last_kind="voice", last_in_at=now(), unread=1
    )
    turn = Turn(id="turn-1", tenant_id=tenant_id, conversation_id=thread.id, state=TurnState.ANSWERED, answer=ANSWER)
    await keep(panel, turn, Label(tenant_id=tenant_id, name="شكوى", colour="red"))
    stages = (("transcribe", 900.0), ("answer", 1400.0), ("speak", 800.0))
    await keep(panel, *(TurnStage(tenant_id=tenant_id, turn_id=turn.id, name=name, ms=ms) for name, ms in stages))
    spoken = {"kind": "voice", "seconds": 6.0, "peaks": PEAKS, "turn_id": turn.id, "language": "ar"}
    asked = await factories.make_message(panel.db, thread, text=QUESTION, **spoken)
    await factories.make_message(panel.db, thread, text=ANSWER, direction="out", status="read", **spoken)
    other = await factories.make_contact(panel.db, panel.tenant, name="Omar Said", language="en")
    waiting = await factories.make_conversation(
        panel.db,
        account,
        contact_id=other.id,
        handed_at=now(),
        last_text="I want to talk to a person",
        last_in_at=now(),
    )
    await factories.make_message(panel.db, waiting, text="I want to talk to a person")
    return {"conversation": thread.id, "account": account.id, "message": str(asked.id)}


async def _knowledge(panel: Panel) -> dict[str, str]:
    question = OpenQuestion(tenant_id=panel.tenant.id, language="ar", question=QUESTION, plain=QUESTION, asked=4)
    document = Document(
        tenant_id=panel.tenant.id,
        title="قائمة الطعام.pdf",
        mime="application/pdf",
        sha256="0" * 64,
        size=120_000,
        state=DocumentState.READY,
        progress=1.0,
        pages=["كشري ٣٥ جنيهًا\nفول ٢٠ جنيهًا"],
    )
    await keep(panel, question, document)
    return {"question": question.id, "document": document.id}


async def _facts(panel: Panel) -> dict[str, str]:
    """A question and a product that can be edited."""
    whose = panel.tenant.id
    entry = Entry(tenant_id=whose, language="ar", fact="delivery-friday", question=QUESTION, answer=ANSWER)
    product = Product(tenant_id=whose, language="ar", fact="koshary", name="كشري", price="35", currency="EGP")
    await keep(panel, entry, product)
    base = "/t/{tenant}/knowledge"
    return {f"{base}/entries/edit": f"key={entry.fact}", f"{base}/products/edit": f"key={product.fact}"}


async def _looks(panel: Panel) -> dict[str, str]:
    """A voice and an avatar of the tenant's own, both still without consent."""
    tenant_id = panel.tenant.id
    voice = ClonedVoice(tenant_id=tenant_id, name="صوت منى", language="ar", quality={}, sentence="")
    avatar = OwnAvatar(
        tenant_id=tenant_id, slug="mona", name_ar="منى", name_en="Mona", kind="photo", state=AvatarState.DRAFT
    )
    await keep(panel, voice, avatar)
    return {"voice": voice.id, "avatar": avatar.id}


async def _persona(panel: Panel) -> dict[str, str]:
    """Something that the bot can do, and a version to look back at."""
    action = Action(
        tenant_id=panel.tenant.id,
        name="order_status",
        description="Where an order is",
        url="https://shop.example/orders/{number}",
        parameters={"type": "object", "properties": {"number": {"type": "string"}}},
    )
    await keep(panel, action)
    async with panel.db.tenant(panel.tenant.id) as session:
        number = (await personas.change(session, Actor("Test"), {"reply": "mirror"}, "As they wrote")).number
    return {"action": action.id, "number": str(number)}
