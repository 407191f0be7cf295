"""The API above a tenant: what agencies and whoever runs the installation do, with keys of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webhooks.api.house.agencies import Agencies
from webhooks.api.house.installation import Installation
from webhooks.api.house.looks import Looks
from webhooks.api.house.places import Places

if TYPE_CHECKING:
    from fastapi import FastAPI

    from webhooks.api.desk import Desk


@dataclass(frozen=True)
class House:
    """The routes under /agencies and /platform, which need a key above a tenant."""

    desk: Desk

    def add_to(self, app: FastAPI) -> None:
        """Add the routes."""
        for routes in (Agencies(self.desk), Looks(self.desk), Places(self.desk), Installation(self.desk)):
            routes.add_to(app)
