"""Customers are found and erased by the API as in the panel."""

from __future__ import annotations

from tenants.models import ContactIdentity, new_id
from tests.api.town import Town
from tests.factories import make_account, make_contact, make_conversation, make_message, make_tenant


async def test_a_customer_is_found_and_erased(town: Town) -> None:
    contact = await make_contact(town.db, town.tenant, name="Mona")
    async with town.db.platform() as session:
        session.add(
            ContactIdentity(tenant_id=town.tenant.id, contact_id=contact.id, kind="phone", value="201000000077")
        )
    account = await make_account(town.db, town.tenant)
    await make_message(town.db, await make_conversation(town.db, account, contact_id=contact.id))
    [found] = (await town.get("/customers?words=0077")).json()["customers"]
    assert (found["id"], found["name"], found["known_as"]) == (contact.id, "Mona", ["201000000077"])
    gone = await town.http.delete(f"/api/v1/customers/{contact.id}", headers=town.bearer())
    assert gone.json() == {"conversations": 1, "messages": 1, "files": 0}
    assert (await town.get("/customers?words=0077")).json() == {"customers": []}
    again = await town.http.delete(f"/api/v1/customers/{contact.id}", headers=town.bearer())
    assert (again.status_code, again.json()["code"]) == (404, "missing")


async def test_anothers_customer_is_nobody(small_town: Town) -> None:
    theirs = await make_contact(small_town.db, await make_tenant(small_town.db), name="Mona")
    for customer in (theirs.id, new_id()):
        gone = await small_town.http.delete(f"/api/v1/customers/{customer}", headers=small_town.bearer())
        assert gone.status_code == 404
    assert (await small_town.get("/customers?words=m")).status_code == 422
