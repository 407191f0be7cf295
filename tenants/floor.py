"""The ground that everything stands on."""

from dataclasses import dataclass

from tenants.accounts import AccountBook
from tenants.db import Database
from tenants.vault import Vault


@dataclass(frozen=True)
class Floor:
    """What every command needs: the data and the secrets, no running work."""

    db: Database
    vault: Vault
    book: AccountBook
