"""What the emulated Graph API tells about the number itself, its token and its account, to whoever sets them up."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request

from channels.whatsapp.emulator_errors import GraphError
from channels.wild import table

ACCOUNT, APP = "200000000000001", "300000000000001"


@dataclass
class Standing:
    """How the number stands with the vendor; tests change it. `webhook` is the number's own, `expires_at` in epoch."""

    webhook: str = ""
    name_status: str = "APPROVED"
    quality: str = "GREEN"
    status: str = "CONNECTED"
    tier: str = "TIER_1K"
    expires_at: int = 0
    scopes: list[str] = field(default_factory=lambda: ["whatsapp_business_management", "whatsapp_business_messaging"])
    subscribed: bool = True
    tells_of_token: bool = True


class AccountDesk:
    """GET of the number, its account's apps and its token; `admit` turns away who has no business there."""

    def __init__(self, number: str, token: str, secret: str, admit: Callable[[str, Request, str], None]) -> None:
        self._number, self._admit = number, admit
        self._proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self.standing = Standing()

    def add_to(self, app: FastAPI, root: str) -> None:
        """Add the routes; before those that take anything for a media id."""
        app.add_api_route(f"{root}/debug_token", self.debug, methods=["GET"])
        app.add_api_route(f"{root}/{self._number}", self.number, methods=["GET"])
        app.add_api_route(f"{root}/{ACCOUNT}/subscribed_apps", self.apps, methods=["GET"])
        app.add_api_route(f"{root}/{ACCOUNT}/subscribed_apps", self.subscribe, methods=["POST"])

    async def debug(self, request: Request) -> dict[str, Any]:
        """GET /debug_token: what a token is good for."""
        self._enter("debug_token", request)
        if not self.standing.tells_of_token:
            raise GraphError(400, 100, "You must provide an app access token, or an owner's or developer's")
        scopes = self.standing.scopes
        granted = [{"scope": scope, "target_ids": [ACCOUNT]} for scope in scopes]
        known = {"app_id": APP, "type": "SYSTEM_USER", "application": "Demo", "granular_scopes": granted}
        return {"data": {**known, "is_valid": True, "expires_at": self.standing.expires_at, "scopes": scopes}}

    async def number(self, request: Request) -> dict[str, Any]:
        """GET /{number}: the fields that were asked for, and always its id."""
        self._enter("number", request)
        standing = self.standing
        known: dict[str, Any] = {
            "display_phone_number": "+20 100 000 0000",
            "verified_name": "Demo",
            "name_status": standing.name_status,
            "quality_rating": standing.quality,
            "status": standing.status,
            "messaging_limit_tier": standing.tier,
        }
        if standing.webhook:
            known["webhook_configuration"] = {"phone_number": standing.webhook}
        wanted = request.query_params.get("fields", "display_phone_number").split(",")
        return {"id": self._number, **{name: value for name, value in known.items() if name in wanted}}

    async def apps(self, request: Request) -> dict[str, Any]:
        """GET /{account}/subscribed_apps."""
        self._enter("apps", request)
        app = {"id": APP, "name": "Demo", "link": "https://app.example"}
        return {"data": [{"whatsapp_business_api_data": app}] if self.standing.subscribed else []}

    async def subscribe(self, request: Request) -> dict[str, bool]:
        """POST /{account}/subscribed_apps."""
        self._enter("subscribe", request)
        self.standing.subscribed = True
        return {"success": True}

    def hooked(self, configuration: Any) -> None:
        """The number has been given another webhook."""
        self.standing.webhook = str(table(configuration).get("override_callback_uri") or "")

    def _enter(self, call: str, request: Request) -> None:
        self._admit(call, request, self._number)
        proof = request.query_params.get("appsecret_proof")
        if proof is not None and not hmac.compare_digest(proof, self._proof):
            raise GraphError(400, 100, "Invalid appsecret_proof provided in the API argument")
