"""What stands in the panel when its pages are walked through: one of everything that an address may name.

A subject with pages of its own rows adds a function here, and the rows' names in addresses to what it gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tenants.models import Agency
from tests import factories
from tests.panel.house import Panel

_NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")
QUESTION = "هل عندكم توصيل إلى المعادي يوم الجمعة؟"
ANSWER = "نعم، نوصل إلى المعادي كل يوم من الواحدة ظهرًا حتى منتصف الليل."


@dataclass(frozen=True)
class Furnished:
    """`names` are what parts of addresses stand for; those of one address only are under its own path."""

    names: Mapping[str, str]
    of: Mapping[str, Mapping[str, str]]

    def fill(self, path: str) -> str:
        """A door's path with something real in the place of every name; `KeyError` where nothing was furnished."""
        known = {**self.names, **self.of.get(path, {})}
        return _NAMED.sub(lambda found: known[found[1]], path)


async def furnish(panel: Panel) -> Furnished:
    """Put one of everything into the demo tenant."""
    names = {"tenant": panel.tenant.slug, "agency": await _agency(panel)}
    names |= await _conversation(panel)
    return Furnished(names, {})


async def _agency(panel: Panel) -> str:
    async with panel.db.platform(reads=True) as session:
        return (await session.get_one(Agency, panel.tenant.agency_id)).slug


async def _conversation(panel: Panel) -> dict[str, str]:
    """A customer who asked and was answered."""
    account = await factories.make_account(panel.db, panel.tenant, title="مطعم اللؤلؤة")
    contact = await factories.make_contact(panel.db, panel.tenant, name="منى عبد الله")
    thread = await factories.make_conversation(panel.db, account, contact_id=contact.id)
    await factories.make_message(panel.db, thread, text=QUESTION)
    await factories.make_message(panel.db, thread, direction="out", text=ANSWER)
    return {"conversation": thread.id}
