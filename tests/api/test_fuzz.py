"""The API says of itself what is true: strangers' requests of every kind get the answers that it describes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from starlette.applications import Starlette

from core_pipeline.media.sandbox import Sandbox
from tenants.db import Database
from tenants.models import Agency
from tenants.schema import migrate
from tests.api.test_calls import carrier
from tests.api.town import founded
from tests.conftest import Floor, sqlite_urls
from tests.factories import make_account
from webhooks.api.building import build
from webhooks.simulate import free_port

# The server's thread draws random numbers, too, which hypothesis takes for the strategies' own.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

CHECKED = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


TRIES = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


# Above a business most routes are a look or one small deed.
FEW = settings(TRIES, max_examples=4)


class Server(threading.Thread):
    """The API on a port, with a loop of its own: schemathesis is no coroutine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.folder, self.port = folder, free_port()
        self.ready, self.over = threading.Event(), threading.Event()
        self.key = self.house = self.agency = self.job_id = ""

    def run(self) -> None:
        """Serve until it is over."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        urls = sqlite_urls(self.folder)
        async with Database(urls[0]) as db, Sandbox() as sandbox:
            floor = Floor(db, *urls)
            async with founded(floor, self.folder, sandbox=sandbox) as town:
                self.key, self.house = town.key, await town.house_key()
                async with town.db.platform(reads=True) as session:
                    self.agency = (await session.get_one(Agency, town.tenant.agency_id)).slug
                await make_account(db, town.tenant, channel=carrier())
                begun = await town.post("/complete-flow", json={"text": "سؤال"})
                self.job_id = begun.json()["job_id"]
                app = Starlette(routes=build(town.needs))
                config = uvicorn.Config(app, port=self.port, log_config=None, access_log=False, lifespan="off")
                server = uvicorn.Server(config)
                serving = asyncio.create_task(server.serve())
                while not server.started:
                    await asyncio.sleep(0.01)
                self.ready.set()
                await asyncio.to_thread(self.over.wait)
                server.should_exit = True
                await serving


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    migrate(*sqlite_urls(folder))
    server = Server(folder)
    server.start()
    assert server.ready.wait(30)
    try:
        yield server
    finally:
        server.over.set()
        server.join(30)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("fuzz")) as running:
        yield running


def _above(operation: Any) -> bool:
    """Whether it asks for a key above a business."""
    return str(operation.path).startswith(("/agencies", "/platform"))


def _operations(server: Server, *, above: bool) -> Iterator[Any]:
    """What the description names above a business, or within one; one that it describes wrongly fails here."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/api/v1/openapi.json")
    found = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]  # a wrong one raises
    mine = [one for one in found if _above(one) is above]
    assert len(mine) > 20
    yield from mine


def _call(server: Server, case: Any) -> None:
    """Send the request with the key that it takes; nobody answers here, so it must not wait for that."""
    if case.operation.label == "POST /voice/query" and isinstance(case.body, dict):
        case.body["wait"] = 0
    key = server.house if _above(case.operation) else server.key
    case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKED, timeout=30)


@pytest.mark.parametrize("above", [False, True], ids=["within", "above"])
def test_no_request_breaks_it_and_no_answer_is_undescribed(server: Server, *, above: bool) -> None:
    for operation in _operations(server, above=above):

        @given(case=operation.as_strategy())
        @(FEW if _above(operation) else TRIES)
        def tries(case: Any) -> None:
            if case.operation.label == "GET /jobs/{job_id}":
                case.path_parameters["job_id"] = server.job_id
            if "agency" in (case.path_parameters or {}):
                case.path_parameters["agency"] = server.agency
            _call(server, case)

        tries()


@pytest.mark.parametrize("above", [False, True], ids=["within", "above"])
def test_wrong_requests_are_refused_as_described(server: Server, *, above: bool) -> None:
    for operation in _operations(server, above=above):

        @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
        @(FEW if _above(operation) else TRIES)
        def tries(case: Any) -> None:
            _call(server, case)

        with suppress(Unsatisfiable):
            tries()
