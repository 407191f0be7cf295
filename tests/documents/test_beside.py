"""What people write beside a document's rows, and the document read anew."""

from __future__ import annotations

from core_pipeline.knowledge.documents.keeping import Contents, keep
from core_pipeline.knowledge.documents.rows import Answered
from tenants import facts
from tenants.facts import ENTRIES
from tenants.models import Document
from tests.conftest import Floor
from tests.factories import make_tenant


async def test_a_translation_stays_until_the_document_says_it_itself(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    arabic, english = Answered("doc-1", "ar", "متى؟", "العاشرة"), Answered("doc-1", "en", "When?", "Ten.")
    async with database.db.tenant(tenant.id) as session:
        document = Document(tenant_id=tenant.id, title="t", mime="text/csv", sha256="a")
        session.add(document)
        await session.flush()
        await keep(session, document.id, Contents((), (arabic,), ()))
        mine = {"question": "When do you open?", "answer": "At ten o'clock.", "alternatives": []}
        await facts.save(session, ENTRIES, "doc-1", {"en": mine})
    for told, answer in (((arabic,), "At ten o'clock."), ((arabic, english), "Ten.")):
        async with database.db.tenant(tenant.id) as session:
            await keep(session, document.id, Contents((), told, ()))
        async with database.db.tenant(tenant.id, reads=True) as session:
            fact = await facts.find(session, ENTRIES, "doc-1")
        assert fact.document_id == document.id
        assert fact.versions["en"]["answer"] == answer
