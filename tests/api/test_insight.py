"""A period in figures for other programs."""

from __future__ import annotations

from tests.api.town import Town
from tests.factories import make_account, make_conversation, make_message


async def test_a_period_is_told_in_figures_and_tables(town: Town) -> None:
    account = await make_account(town.db, town.tenant, channel="whatsapp")
    await make_message(town.db, await make_conversation(town.db, account))
    told = (await town.get("/insight")).json()
    assert (sum(day["incoming"] for day in told["days"]), told["conversations"], len(told["days"])) == (1, 1, 30)
    assert told["month"] == {"used": 0, "most": 0, "stop": False}
    table = await town.get("/insight/channels.csv")
    assert table.text == "\ufeffchannel,incoming,outgoing\r\nwhatsapp,1,0\r\n"


async def test_periods_that_are_none(small_town: Town) -> None:
    for query in ("from=2026-03-02&to=2026-03-01", "from=2020-01-01&to=2026-01-01", "from=yesterday"):
        assert (await small_town.get(f"/insight?{query}")).status_code == 422
    assert (await small_town.get("/insight/secrets.csv")).status_code == 422
