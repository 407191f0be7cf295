"""Tenants that know something: rows written as the platform writes them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from sqlalchemy import Update, delete, update
from sqlmodel import SQLModel, col

from core_pipeline.knowledge.entries import Extract
from tenants.db import Database
from tenants.models import Chunk, Document, DocumentState, Entry, Product, Tenant
from tests.factories import make_tenant


async def keep(db: Database, tenant_id: str, *rows: SQLModel) -> None:
    """Write rows and raise the knowledge's version."""
    async with db.tenant(tenant_id) as session:
        session.add_all(rows)
        await session.flush()
        await session.execute(raised(tenant_id))


async def drop(db: Database, tenant_id: str, table: type[Chunk | Entry | Product], *ids: str) -> None:
    """Delete rows and raise the knowledge's version."""
    async with db.tenant(tenant_id) as session:
        await session.execute(delete(table).where(col(table.id).in_(ids)))
        await session.execute(raised(tenant_id))


async def reword(db: Database, tenant_id: str, chunk_id: str, text: str) -> None:
    """Give a chunk another text and raise the knowledge's version."""
    async with db.tenant(tenant_id) as session:
        await session.execute(update(Chunk).where(col(Chunk.id) == chunk_id).values(text=text))
        await session.execute(raised(tenant_id))


def raised(tenant_id: str) -> Update:
    """The statement that raises the version."""
    own = update(Tenant).where(col(Tenant.id) == tenant_id)
    return own.values(knowledge_version=col(Tenant.knowledge_version) + 1)


async def learn(db: Database, tenant_id: str, extracts: Iterable[Extract], prefix: str = "") -> None:
    """Write a document for each title among the extracts, with its chunks."""
    documents: dict[str, Document] = {}
    chunks = []
    for place, extract in enumerate(extracts):
        document = documents.get(extract.title)
        if document is None:
            document = documents[extract.title] = Document(
                tenant_id=tenant_id,
                title=extract.title,
                mime="text/plain",
                sha256=uuid4().hex,
                state=DocumentState.READY,
            )
        chunks.append(
            Chunk(
                id=f"{prefix}{extract.id}",
                tenant_id=tenant_id,
                document_id=document.id,
                position=place,
                page=extract.page,
                heading=extract.heading,
                text=extract.text,
                language=extract.language,
            )
        )
    await keep(db, tenant_id, *documents.values())
    await keep(db, tenant_id, *chunks)


async def open_business(db: Database, extracts: Iterable[Extract] = (), prefix: str = "") -> str:
    """A tenant with these pieces of documents; its id."""
    tenant = await make_tenant(db)
    await learn(db, tenant.id, extracts, prefix)
    return tenant.id
