"""An engine's call reaches the tenant's system as the tenant wrote it, or says why not."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi.responses import JSONResponse, Response
from sqlalchemy import update
from sqlmodel import col

from core_pipeline.contracts.engines import Passage
from core_pipeline.guard import guarded_client
from tenants.models import Action, Chunk, Conversation, Document
from tests.actions.conftest import Counter
from tests.actions.shop import KEY
from tests.factories import make_tenant


async def test_the_engine_is_offered_the_tenants_actions_and_ours(counter: Counter) -> None:
    tools = await counter.actions.tools(counter.tenant.id)
    assert [tool.name for tool in tools] == ["book_table", "list_orders", "order_status", "handoff", "send_card"]
    assert "asked to confirm" in tools[0].description
    assert "confirm" not in tools[2].description
    foreign = await make_tenant(counter.db)
    assert [tool.name for tool in await counter.actions.tools(foreign.id)] == ["handoff", "send_card"]


async def test_a_question_is_answered_from_the_tenants_system(counter: Counter) -> None:
    outcome = await counter.run("order_status", {"number": "A-17"})
    assert "on its way" in outcome.result.content
    assert outcome.result.content.startswith("done (HTTP 200)")
    assert counter.shop.targets == ["GET /orders/A-17"]
    assert counter.shop.requests[0][2]["x-api-key"] == KEY


async def test_what_is_not_in_the_path_goes_into_the_query(counter: Counter) -> None:
    outcome = await counter.run("list_orders", {"status": "on its way"})
    assert "A-17" in outcome.result.content
    await counter.run("list_orders", {})
    assert counter.shop.targets == ["GET /orders?status=on+its+way", "GET /orders"]


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("order_status", {}, "number is missing"),
    ("order_status", {"number": 5}, "number must be of type string"),
    ("order_status", {"number": ""}, "must not be empty"),
    ("order_status", {"number": "../admin"}, "slashes"),
    ("order_status", {"number": ".."}, "dots only"),
    ("order_status", {"number": "x\\y"}, "slashes"),
    ("order_status", {"number": "A", "admin": True}, "may only hold: number"),
    ("order_status", {"number": "x" * 1001}, "too long"),
    ("order_status", {"number": "\ud800"}, "no JSON"),
    ("list_orders", {"status": "stolen"}, "must be one of: new, on its way"),
    ("book_table", {"people": 0, "date": "2030-12-31"}, "at least 1"),
    ("book_table", {"people": 4, "date": "tomorrow"}, "like 2030-12-31"),
    ("book_table", {"people": 4}, "date is missing"),
    ("steal", {}, "no such action"),
]


async def test_wrong_arguments_are_explained_and_nothing_is_called(counter: Counter) -> None:
    for name, arguments, says in WRONG:
        outcome = await counter.run(name, arguments)
        assert says in outcome.result.content
        assert outcome.result.content.startswith("failed")
        assert (counter.shop.requests, outcome.question) == ([], "")


async def test_a_strange_value_stays_one_step_of_the_path(counter: Counter) -> None:
    await counter.run("order_status", {"number": "A-17?x=1#y&%2e%2e;@host:80"})
    assert counter.shop.targets == ["GET /orders/A-17%3Fx%3D1%23y%26%252e%252e%3B%40host%3A80"]


ANSWERS: list[tuple[Response, str]] = [
    (JSONResponse({"message": "no such thing"}, 404), "refused (HTTP 404)"),
    (JSONResponse({}, 500), "not able to answer now"),
    (JSONResponse({}, 429), "not able to answer now"),
    (Response(status_code=302, headers={"Location": "http://169.254.169.254/"}), "refused (HTTP 302)"),
    (JSONResponse({"rows": ["x" * 90] * 200}), "… (cut)"),
    (Response(b"x" * 300_000, media_type="text/plain"), "… (cut)"),
    (Response(b"\x00\x01", media_type="image/png"), "(2 bytes of image/png)"),
    (Response(b"\xffplain\x00", media_type="text/plain"), "plain"),
    (Response(b"[" * 100_000, media_type="application/json"), "… (cut)"),
    (Response(status_code=204), "(nothing)"),
]


async def test_every_answer_becomes_text_of_bounded_length(counter: Counter) -> None:
    for answer, says in ANSWERS:
        counter.shop.answer = answer
        content = (await counter.run("order_status", {"number": "A-17"})).result.content
        assert says in content
        assert len(content) < 8100


async def test_a_system_that_is_slow_or_gone_is_a_failure_to_apologise_for(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    async with counter.db.platform() as session:
        await session.execute(
            update(Action).where(col(Action.name) == "order_status").values(url="http://127.0.0.1:1/{number}")
        )
    with caplog.at_level(logging.WARNING):
        outcome = await counter.run("order_status", {"number": "secret-number"})
    assert outcome.result.content.startswith("failed")
    assert "secret-number" not in caplog.text


async def test_the_guard_stands_between(counter: Counter) -> None:
    async with guarded_client() as strict:
        counter.actions._client = strict
        outcome = await counter.run("order_status", {"number": "A-17"})
    assert outcome.result.content.startswith("failed")
    assert counter.shop.requests == []


async def test_a_key_that_does_not_open_is_a_failure_and_no_call(counter: Counter) -> None:
    async with counter.db.platform() as session:
        await session.execute(update(Action).values(sealed={"X-Api-Key": "v1.k1.AAAA"}))
    outcome = await counter.run("order_status", {"number": "A-17"})
    assert "not set up rightly" in outcome.result.content
    assert counter.shop.requests == []


async def test_handing_over_is_noted_once(counter: Counter) -> None:
    outcome = await counter.run("handoff", {"reason": "upset"})
    assert outcome.handed
    counter.time = counter.time.replace(year=2099)
    await counter.run("handoff", {"reason": "still upset"})
    async with counter.db.tenant(counter.tenant.id, reads=True) as session:
        handed = (await session.get_one(Conversation, counter.conversation.id)).handed_at
    assert handed is not None
    assert handed.year != 2099


OTHER = Passage("e7", "Who?", "Us.", "en", 0.8)
PASSAGE = Passage("p1", "Where are you?", "In the main street, see https://maps.example/x.", "en", 0.9)


async def test_a_card_holds_what_the_passage_says_and_nothing_else(counter: Counter) -> None:
    outcome = await counter.run("send_card", {"passage": "p1"}, passages=(PASSAGE,))
    assert outcome.card is not None
    assert outcome.card.text == "Where are you?\nIn the main street, see https://maps.example/x."
    assert outcome.card == (await counter.run("send_card", {"passage": "p1"}, passages=(OTHER, PASSAGE))).card
    named = await counter.run("send_card", {"passage": "p1"}, passages=(OTHER,))
    assert named.card is not None
    assert named.card.text == "Who?\nUs."
    for arguments in ({"passage": "p2"}, {"url": "https://evil.example"}, {"passage": ["p1"]}):
        refused = await counter.run("send_card", arguments, passages=(PASSAGE,))
        assert (refused.card, refused.result.content) == (None, "failed: no passage has this id")


async def test_a_card_links_to_the_page_that_the_piece_was_taken_from(counter: Counter) -> None:
    tenant_id = counter.tenant.id
    async with counter.db.tenant(tenant_id) as session:
        page = Document(tenant_id=tenant_id, title="Menu", url="https://x.example/menu", mime="text/html", sha256="1")
        session.add(page)
        await session.flush()
        session.add(Chunk(id="ch1", tenant_id=tenant_id, document_id=page.id, position=0, text="Soup"))
    passage = Passage("ch1", "", "Soup and bread", "en", 0.9, extract="Soup", source="Menu, page 1")
    outcome = await counter.run("send_card", {"passage": "ch1"}, passages=(passage,))
    assert outcome.card is not None
    assert outcome.card.text == "Menu, page 1\nSoup\nhttps://x.example/menu"
    foreign = await make_tenant(counter.db)
    counter.tenant = foreign
    outcome = await counter.run("send_card", {"passage": "ch1"}, passages=(passage,))
    assert outcome.card is not None
    assert outcome.card.url == ""


async def test_a_foreign_tenant_reaches_no_action_and_no_conversation(counter: Counter) -> None:
    own = counter.tenant
    counter.tenant = await make_tenant(counter.db)
    assert "no such action" in (await counter.run("order_status", {"number": "A-17"})).result.content
    with pytest.raises(Exception, match="conversation-missing"):
        await counter.run("handoff", {"reason": "x"})
    with pytest.raises(Exception, match="conversation-missing"):
        await counter.hears("yes")
    counter.tenant = own
    assert counter.shop.requests == []


async def test_the_body_of_a_change_is_json(counter: Counter) -> None:
    await counter.asks()
    await counter.hears("yes")
    method, target, headers, body = counter.shop.requests[0]
    assert (method, target, headers["content-type"]) == ("POST", "/bookings", "application/json")
    assert json.loads(body) == {"people": 4, "date": "2030-12-31"}
