"""Customers by what is known of them, those who want to be forgotten, and the business's own archive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from core_pipeline.erasing import archive as archiving
from core_pipeline.erasing.customer import Erasing, Journal
from tenants import customers
from tenants.audit import Actor
from webhooks.api import schemas
from webhooks.api.access import Caller, allowed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk

Keeper = Annotated[Caller, Depends(allowed("people", secret=True))]
Owner = Annotated[Caller, Depends(allowed("admin", secret=True))]
CustomerId = Annotated[str, Path(pattern=schemas.ID)]
Words = Annotated[str, Query(min_length=customers.FEWEST_LETTERS, max_length=100, description="Of a name or number.")]


class CustomerTold(BaseModel):
    """A customer and the names by which networks know them."""

    id: str
    name: str | None
    known_as: list[str]
    conversations: int
    last_at: datetime | None
    created_at: datetime


class CustomersTold(BaseModel):
    """Customers found, at most fifty."""

    customers: list[CustomerTold]


class ErasedTold(BaseModel):
    """How much there was of a customer who is gone."""

    conversations: int
    messages: int
    files: int


@dataclass(frozen=True)
class Customers:
    """The routes that need the scope "people", the archive "admin"; without a `journal` nobody can be erased."""

    desk: Desk
    journal: Journal | None

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        app.add_api_route("/customers", self.found, methods=["GET"], response_model=CustomersTold)
        if self.journal is not None:
            app.add_api_route("/customers/{customer_id}", self.erase, methods=["DELETE"], response_model=ErasedTold)
        told = {"content": {"application/zip": {}}, "description": "The file."}
        whole: dict[int | str, dict[str, Any]] = {200: told}
        file: Any = {"response_class": StreamingResponse, "responses": whole}
        app.add_api_route("/archive", self.archive, methods=["GET"], **file)

    async def found(self, caller: Keeper, words: Words) -> CustomersTold:
        """Find customers by a part of their name or number."""
        async with self.desk.needs.db.tenant(caller.tenant_id, reads=True) as session:
            rows = await customers.search(session, words)
        told = [CustomerTold(**{**vars(one), "known_as": list(one.known_as)}) for one in rows]
        return CustomersTold(customers=told)

    async def archive(self, caller: Owner) -> StreamingResponse:
        """Give everything of the business in one ZIP file, without its secrets."""
        needs = self.desk.needs
        made = await archiving.archive(needs.db, needs.blobs, caller.tenant_id, Actor(f"api:{caller.id}"))
        return StreamingResponse(made.sent(), headers={"Content-Length": str(made.size)}, media_type="application/zip")

    async def erase(self, caller: Keeper, customer_id: CustomerId) -> ErasedTold:
        """Erase a customer: messages, recordings, calls, notes, and what the bot remembers. It can't be undone."""
        assert self.journal is not None  # noqa: S101 - the route is there only then
        needs = self.desk.needs
        erasing = Erasing(needs.db, needs.blobs, needs.inbox, self.journal)
        gone = await erasing.customer(caller.tenant_id, customer_id, Actor(f"api:{caller.id}"))
        return ErasedTold(**vars(gone))
