"""Puts the public API together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute, Mount

from core_pipeline.telling import told
from tenants.api_keys import Keyring
from tenants.house_keys import HouseKeyring
from tenants.idempotency import Repeats
from webhooks.api.access import Access
from webhooks.api.accounts import OwnAccounts, own_channel
from webhooks.api.avatars import Avatars
from webhooks.api.calls import Calls
from webhooks.api.connect import Connect
from webhooks.api.customers import Customers
from webhooks.api.desk import Desk
from webhooks.api.edge import Edge
from webhooks.api.house import House
from webhooks.api.inbox import Inbox
from webhooks.api.insight import Insight
from webhooks.api.jobs import Jobs
from webhooks.api.keys import Keys
from webhooks.api.knowledge import Knowledge
from webhooks.api.people import PeopleRoutes
from webhooks.api.persona import PersonaRoutes
from webhooks.api.problems import MIME, Refusal, handle
from webhooks.api.pronunciations import Pronunciations
from webhooks.api.schemas import Health, Problem, Question
from webhooks.api.stages import Stages
from webhooks.api.talking import Talking
from webhooks.api.voices import Voices
from webhooks.media import MediaDoor

if TYPE_CHECKING:
    from webhooks.api.needs import Needs

PATH = "/api/v1"
ABOUT = (
    "Talk to a business's assistant: by voice or in writing, at once or as a job; or use its stages one by one. "
    "See to what the business has; with keys of another kind, to agencies and to the installation."
)
# What any address may answer with besides its own.
USUAL = (400, 401, 403, 404, 409, 413, 422, 429, 503)


def build(needs: Needs, keyring: Keyring | None = None, access: Access | None = None) -> list[BaseRoute]:
    """The public API under /api/v1, and the media that it links to; with the `access` of other doors, rates are one."""
    if access is None:
        ring = keyring or Keyring(needs.db)
        access = Access(ring, needs.signer, needs.rates, needs.address, HouseKeyring(needs.db))
    accounts = OwnAccounts(needs.book, own_channel())
    desk = Desk(needs, access, accounts, Jobs(needs, accounts), Repeats(needs.db))
    media = MediaDoor(needs.links, needs.blobs)
    mount = Mount(PATH, app=Edge(application(desk), access, needs.sizes))
    # Also an address with a line break in it is ours to refuse.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return [*media.routes(), mount]


def application(desk: Desk) -> FastAPI:
    """The API's own application; its description is at /openapi.json, and no page loads anybody's scripts."""
    usual: Any = {status: _problem(status) for status in USUAL}
    app = FastAPI(title="Sawtak", version="1", description=ABOUT, docs_url=None, redoc_url=None, responses=usual)
    handle(app)
    for routes in (
        Talking(desk),
        Stages(desk),
        Voices(desk),
        Avatars(desk),
        Pronunciations(desk),
        Calls(desk, desk.needs.dial),
        Inbox(desk),
        Connect(desk),
        Insight(desk),
        Customers(desk, desk.needs.journal),
        Keys(desk),
        Knowledge(desk),
        PeopleRoutes(desk),
        PersonaRoutes(desk),
        House(desk),
    ):
        routes.add_to(app)
    app.add_api_route("/health", _health(desk.needs), methods=["GET"], response_model=Health)
    app.router.routes.extend(desk.needs.extra)
    # FastAPI asks the application for its description by this name.
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # documented by FastAPI
    return app


def _health(needs: Needs) -> Any:
    async def health() -> Health:
        """Tell whether we can serve; needs no key."""
        for check in needs.checks.values():
            try:
                await check()
            except Exception as error:
                raise Refusal(503, "not-ready", after=5.0) from error
        return Health(status="ready")

    return health


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": told("", status, "en"), "content": {MIME: {"schema": schema}}}


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with the schemas that no route names by its types."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=[{"url": PATH}],
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        for model in (Problem, Question):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(described.pop("$defs", {}))
            schemas[model.__name__] = described
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema
