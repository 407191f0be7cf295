"""An agent goes out as one YAML file and comes in again, without secrets and with clear words on what is wrong."""

from __future__ import annotations

import pytest
import yaml

from errors import Impossible
from tenants.actions import ActionDraft, save
from tenants.agents import exported, imported, parsed
from tenants.engines import EngineBook
from tenants.knowledge import entries
from tenants.models import EngineAccount, Tenant
from tenants.vault import Vault
from tests.conftest import Floor
from tests.factories import make_entry, make_tenant

SECRET = "sk-very-secret"


async def a_tenant_with_everything(floor: Floor, vault: Vault) -> Tenant:
    tenant = await make_tenant(floor.db, policy={"persona": {"ar": "بائع لطيف"}, "reply": "mirror"})
    await make_entry(
        floor.db, tenant, fact="hours", language="ar", question="متى تفتحون؟", answer="في التاسعة: كل يوم."
    )
    async with floor.db.tenant(tenant.id) as session:
        draft = ActionDraft(
            name="order_status", description="Look up", url="https://shop.example/o", secrets={"X-Key": SECRET}
        )
        await save(session, vault, draft)
    book = EngineBook(floor.db, vault)
    await book.keep(tenant.id, "llm", "openai_compatible", {"base_url": "https://llm.example/v1"}, {"api_key": SECRET})
    return tenant


async def test_out_and_in_again_is_the_same_agent(database: Floor) -> None:
    vault = Vault.generate()
    first, second = await a_tenant_with_everything(database, vault), await make_tenant(database.db)
    async with database.db.tenant(first.id, reads=True) as session:
        text = await exported(session, first.id)
    assert SECRET not in text
    assert "v1." not in text
    assert "متى تفتحون؟" in text
    async with database.db.tenant(second.id) as session:
        done = await imported(session, vault, second.id, parsed(text))
    assert (done.entries, done.removed) == (1, 0)
    assert done.secrets_missing == ["action order_status: X-Key", "llm engine openai_compatible: api_key"]
    async with database.db.tenant(second.id, reads=True) as session:
        again = yaml.safe_load(await exported(session, second.id))
    wanted = yaml.safe_load(text)
    assert again["entries"] == wanted["entries"]
    assert again["policy"] == wanted["policy"]
    assert again["actions"][0]["active"] is False


async def test_an_import_into_the_same_tenant_keeps_its_secrets(database: Floor) -> None:
    vault = Vault.generate()
    tenant = await a_tenant_with_everything(database, vault)
    async with database.db.tenant(tenant.id, reads=True) as session:
        text = await exported(session, tenant.id)
    async with database.db.tenant(tenant.id) as session:
        done = await imported(session, vault, tenant.id, parsed(text))
    assert done.secrets_missing == []
    own = await EngineBook(database.db, vault).of(tenant.id)
    assert own.configs["llm", "openai_compatible"]["api_key"].get_secret_value() == SECRET


async def test_a_secret_does_not_follow_to_another_address(database: Floor) -> None:
    vault = Vault.generate()
    tenant = await a_tenant_with_everything(database, vault)
    async with database.db.tenant(tenant.id, reads=True) as session:
        text = (await exported(session, tenant.id)).replace("shop.example", "evil.example").replace("llm.ex", "evil.ex")
    async with database.db.tenant(tenant.id) as session:
        done = await imported(session, vault, tenant.id, parsed(text))
    assert len(done.secrets_missing) == 2
    async with database.db.tenant(tenant.id, reads=True) as session:
        rows = (await session.scalars(EngineAccount.__table__.select())).all()  # type: ignore[attr-defined]  # the table of a model
        assert rows


async def test_replacing_removes_what_the_file_lacks_and_nothing_of_others(database: Floor) -> None:
    vault = Vault.generate()
    tenant, other = await make_tenant(database.db), await make_tenant(database.db)
    for one in (tenant, other):
        await make_entry(database.db, one, fact="old")
    file = {"sawtak": 1, "tenant": {"slug": "any", "name_ar": "ا", "name_en": "A"}}
    file["entries"] = [{"fact": "new", "language": "en", "question": "Q?", "answer": "A."}]
    async with database.db.tenant(tenant.id) as session:
        done = await imported(session, vault, tenant.id, parsed(yaml.safe_dump(file)), replace=True)
    assert (done.entries, done.removed) == (1, 1)
    for one, facts in ((tenant, ["new"]), (other, ["old"])):
        async with database.db.tenant(one.id, reads=True) as session:
            assert [row.fact for row in await entries(session)] == facts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "line 1 is no YAML|line 2 is no YAML"),
        ("sawtak: 2", "sawtak"),
        ("just words", "file"),
        ("sawtak: 1\ntenant: {slug: x1, name_ar: ا, name_en: A}\npolicy: {reply: song}", r"policy\.reply"),
        (
            "sawtak: 1\ntenant: {slug: x1, name_ar: ا, name_en: A}\nentries: [{fact: a, language: fr}]",
            r"entries\.0\.lan",
        ),
        ("!!python/object/apply:os.system ['id']", "no YAML"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(Impossible, match=says):
        parsed(text)
