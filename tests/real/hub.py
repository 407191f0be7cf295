"""An emulator of the hub's protocol as far as its own library needs it to download a model."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from core_pipeline.engines.emulation.faults import Faults
from core_pipeline.engines.emulation.server import serving

_COMMIT = "0123456789abcdef0123456789abcdef01234567"


class EmulatedHub:
    """Has one public model, "owner/model", whose files are those of a folder; any other is not found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults = Faults()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve while the block lasts; gives the hub's address."""
        model = "/api/models/owner/model"
        routes = [
            Route(model, self._info),
            Route(f"{model}/revision/{{revision}}", self._info),
            Route(f"{model}/tree/{{revision}}", self._tree),
            Route("/owner/model/resolve/{revision}/{name:path}", self._file),
            Route("/{other:path}", _unknown),
        ]
        async with serving(self.faults.around(Starlette(routes=routes))) as url:
            yield url

    async def _info(self, request: Request) -> Response:
        files = [{"rfilename": path.name, "size": path.stat().st_size, "blobId": _oid(path)} for path in self._files()]
        head = {"_id": "1", "id": "owner/model", "modelId": "owner/model", "sha": _COMMIT, "private": False}
        return JSONResponse({**head, "tags": [], "downloads": 0, "likes": 0, "siblings": files})

    async def _tree(self, request: Request) -> Response:
        return JSONResponse([self._entry(path) for path in self._files()])

    async def _file(self, request: Request) -> Response:
        path = self.folder / request.path_params["name"]
        if not path.is_file():
            return _missing("EntryNotFound")
        headers = {"x-repo-commit": _COMMIT, "etag": f'"{_oid(path)}"', "accept-ranges": "bytes"}
        return FileResponse(path, headers=headers)

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_file())

    @staticmethod
    def _entry(path: Path) -> dict[str, Any]:
        return {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": _oid(path)}


def _oid(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


async def _unknown(request: Request) -> Response:
    return _missing("RepoNotFound")


def _missing(code: str) -> Response:
    return JSONResponse({"error": code}, 404, headers={"x-error-code": code})
