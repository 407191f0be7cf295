"""A colleague takes a live conversation over from the bot, answers in writing, and hands it back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from core_pipeline.contracts.channel import CustomerMessage, Delivery
from core_pipeline.contracts.messages import ReplyKind
from tenants import directory
from tenants.models import AccessGrant, Person, Turn, TurnState
from tenants.people import signed_in
from tenants.people.roles import Role
from tests.browser.panel.rig import WIDTHS, Visitor
from tests.desk.counter import until
from tests.e2e.running import Town, environment, town

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

PATIENCE = 30_000
# How many seconds a player's sound has, and whether the page is no taller than the window: only parts of it scroll.
SOUNDS = "async (a) => { while (!(a.duration > 0)) await new Promise((r) => setTimeout(r, 50)); return a.duration; }"
FITS = "document.documentElement.scrollHeight <= innerHeight"


@dataclass(frozen=True)
class Told:
    """What is said in one language: by the customer, the bot, the colleague and the page."""

    customer: str
    first: tuple[str, str]
    reply: str
    thanks: str
    last: tuple[str, str]
    take: str
    mine: str
    answer: str
    voice: str
    listen: str
    send: str
    sent: str
    back: str


ARABIC = Told(
    customer="201000000001",
    first=("كم رسوم التوصيل؟", "رسوم التوصيل 30 جنيه، والتوصيل مجاني للطلبات فوق 500 جنيه."),
    reply="أهلا، معك سلمى من المطعم. التوصيل لك اليوم مجاني.",
    thanks="شكرا يا سلمى، وهل اللحم عندكم حلال؟",
    last=("متى تفتحون يوم الجمعة؟", "يوم الجمعة نفتح من الساعة 1 ظهرا حتى الساعة 1 صباحا."),
    take="تولَّ الرد",
    mine="أنت تردّ هنا والمساعد صامت.",
    answer="ردّك",
    voice="بصوت المساعد",
    listen="استمع أولا",
    send="أرسل",
    sent="أُرسلت",
    back="أعدها إلى المساعد",
)
ENGLISH = Told(
    customer="201000000002",
    first=("How much is the delivery fee?", "Delivery costs EGP 30 and is free for orders above EGP 500."),
    reply="Hello, this is Salma of the restaurant. Delivery is free for you today.",
    thanks="Thank you Salma. Is there parking?",
    last=("Is your meat halal?", "Yes, all our meat and chicken is halal, fresh and from Egyptian farms."),
    take="Take over",
    mine="You answer here, the bot keeps quiet.",
    answer="Your answer",
    voice="With the bot’s voice",
    listen="Listen first",
    send="Send",
    sent="Sent",
    back="Hand back to the bot",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """The running platform with the demo restaurant, which answers in writing, and Telegram's emulator."""
    var = tmp_path_factory.mktemp("inbox") / "var"
    env = {**environment(), "DRAIN_SECONDS": "0"}
    async with town("telegram", var, env, burst_seconds=0.0, reply="text", video="never") as running:
        yield running


@asynccontextmanager
async def agent(place: Town, browser: Browser, language: str, width: int) -> AsyncIterator[Visitor]:
    """A colleague's browser before the restaurant's panel; ends with an error when its console noted one."""
    tenant_id = await directory.id_of(place.floor.db, "demo")
    async with place.floor.db.platform() as session:
        person = Person(login=f"agent-{language}", name="Test agent")
        session.add(person)
        await session.flush()
        session.add(AccessGrant(person_id=person.id, tenant_id=tenant_id, role=Role.AGENT))
        given = {"sawtak": await signed_in.begin(session, person.id, whole=True), "sawtak-language": language}
    url = place.running.url
    context = await browser.new_context(base_url=url, viewport={"width": width, "height": WIDTHS[width]})
    await context.add_cookies([{"name": name, "value": one, "url": url} for name, one in given.items()])
    visitor = Visitor(context, await context.new_page())
    visitor.listen()
    try:
        yield visitor
        assert visitor.complaints == []
    finally:
        await context.close()


@dataclass(frozen=True)
class Customer:
    """Somebody who writes to the restaurant in Telegram."""

    place: Town
    name: str

    async def says(self, text: str) -> Turn:
        """Write this; returns once the platform is through with it."""
        update = await self.place.emulator.customer_says(CustomerMessage(self.name, text=text))

        async def through() -> Turn | None:
            async with self.place.floor.db.platform(reads=True) as session:
                turn = await session.get(Turn, f"{self.place.account_id}:{update}")
            return turn if turn is not None and turn.state != TurnState.RUNNING else None

        return await until(through, PATIENCE / 1000)

    def got(self) -> list[Delivery]:
        """What has reached them."""
        return [one for one in self.place.emulator.deliveries if one.customer == self.name]

    async def hears(self, *texts: str) -> None:
        """Wait until these texts, and nothing else, have reached them."""

        async def there() -> bool | None:
            return True if len(self.got()) >= len(texts) else None

        await until(there, PATIENCE / 1000)
        assert [(one.kind, one.text) for one in self.got()] == [(ReplyKind.TEXT, text) for text in texts]
        assert [fault for one in self.got() for fault in one.faults] == []


async def sees(page: Page, side: str, text: str) -> None:
    """Wait until the open conversation shows this text on this side, once."""
    await expect(page.locator(f"[data-entries] .entry.{side}").filter(has_text=text)).to_have_count(1, timeout=PATIENCE)


async def finds_it_live(page: Page, customer: Customer, told: Told) -> None:
    """The open list shows who writes; the conversation is opened from there."""
    question, answer = told.first
    rows = page.locator("[data-rows] li")
    before = await rows.count()
    await customer.says(question)
    await customer.hears(answer)
    await expect(rows).to_have_count(before + 1, timeout=PATIENCE)
    await expect(rows.first.locator(".gist")).to_contain_text(answer, timeout=PATIENCE)
    await rows.first.locator("a").click()
    await sees(page, "customer", question)
    await sees(page, "bot", answer)


async def takes_over_and_replies(page: Page, customer: Customer, told: Told) -> None:
    await page.get_by_role("button", name=told.take, exact=True).click()
    await expect(page.locator(".thread-foot")).to_contain_text(told.mine)
    await page.get_by_label(told.answer, exact=True).fill(told.reply)
    await hears_it_first(page, told)
    await page.get_by_role("button", name=told.send, exact=True).click()
    await customer.hears(told.first[1], told.reply)
    await sees(page, "colleague", told.reply)
    ticks = page.locator(".entry.colleague .ticks")
    await expect(ticks).to_have_text(told.sent, timeout=PATIENCE)
    await expect(ticks.locator("use")).to_have_attribute("href", re.compile(r"#check$"))


async def hears_it_first(page: Page, told: Told) -> None:
    """The bot's voice says what is typed, and the customer gets none of it; then it goes out as text after all."""
    voice, heard = page.get_by_label(told.voice, exact=True), page.locator("[data-rehearsal]")
    await voice.check()
    await page.get_by_role("button", name=told.listen, exact=True).click()
    await expect(heard).to_be_visible(timeout=PATIENCE)
    assert await heard.locator("audio").evaluate(SOUNDS) > 1
    assert await page.evaluate(FITS)
    await voice.uncheck()


async def the_bot_keeps_quiet(page: Page, customer: Customer, told: Told) -> None:
    turn = await customer.says(told.thanks)
    assert (turn.note, turn.answer) == ("taken-over", "")
    await sees(page, "customer", told.thanks)
    await customer.hears(told.first[1], told.reply)


async def hands_back(page: Page, customer: Customer, told: Told) -> None:
    question, answer = told.last
    await page.get_by_role("button", name=told.back, exact=True).click()
    await expect(page.get_by_role("button", name=told.take, exact=True)).to_be_visible()
    await customer.says(question)
    await customer.hears(told.first[1], told.reply, answer)
    await sees(page, "customer", question)
    await sees(page, "bot", answer)


@pytest.mark.parametrize(("language", "width", "told"), [("ar", 390, ARABIC), ("en", 1280, ENGLISH)], ids=["ar", "en"])
async def test_a_colleague_takes_over_and_hands_back(
    place: Town, browser: Browser, language: str, width: int, told: Told
) -> None:
    customer = Customer(place, told.customer)
    async with agent(place, browser, language, width) as visitor:
        page = visitor.page
        await visitor.open("/t/demo/inbox")
        await finds_it_live(page, customer, told)
        await takes_over_and_replies(page, customer, told)
        assert await visitor.wrong() == []
        await the_bot_keeps_quiet(page, customer, told)
        await hands_back(page, customer, told)
        assert await visitor.wrong() == []
