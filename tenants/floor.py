"""What every room stands on: the database, the vault and the accounts that need both."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import NeedsOwner
from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.schema import up_to_date
from tenants.vault import Vault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pydantic import SecretStr


@dataclass(frozen=True)
class Floor:
    """The open data of this installation."""

    db: Database
    vault: Vault
    book: AccountBook


@asynccontextmanager
async def open_floor(main_url: str, inbox_url: str, vault_text: SecretStr) -> AsyncIterator[Floor]:
    """Open the data; `NeedsOwner` when migrations have not run."""
    if not up_to_date(main_url, inbox_url):
        raise NeedsOwner("schema-old", "run `cli.py migrate` first (`make run` does)")
    db = Database(main_url)
    try:
        vault = Vault.from_text(vault_text.get_secret_value())
        yield Floor(db, vault, AccountBook(db, vault))
    finally:
        await db.close()
