"""What goes wrong, told as RFC 9457 wants it, in the caller's language, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, TypeAlias

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from core_pipeline.telling import LANGUAGES, general_words, status_of, told
from errors import Retryable, SawtakError

MIME = "application/problem+json"
# A code, or a field and the code of what is wrong with it.
Fault: TypeAlias = str | tuple[str, str]


class Refusal(HTTPException):
    """A request that is refused for what it is as a request, not for what it asks; `after` seconds it may come back."""

    def __init__(self, status: int, code: str, *, after: float | None = None, faults: Sequence[Fault] = ()) -> None:
        headers = {"Retry-After": str(ceil(after))} if after is not None else {}
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        super().__init__(status, code, headers or None)
        self.code = code
        self.faults = tuple(faults)


def language_of(request: Request) -> str:
    """The language in which the caller reads best: "ar" or "en"."""
    best, weight = "en", 0.0
    for part in request.headers.get("accept-language", "").replace(" ", "").lower().split(","):
        tag, _, q = part.partition(";q=")
        try:
            wanted = float(q or 1)
        except ValueError:
            continue
        if tag[:2] in LANGUAGES and wanted > weight:
            best, weight = tag[:2], wanted
    return best


def body_of(status: int, code: str, language: str, detail: str = "", faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """The problem as JSON; `faults` are more codes, each with its own sentence."""
    found: dict[str, Any] = {
        "type": f"urn:sawtak:problem:{code}",
        "title": general_words(status)[language],
        "status": status,
        "code": code,
        "detail": told(code, status, language, detail),
    }
    if faults:
        pairs = [(fault, fault) if isinstance(fault, str) else fault for fault in faults]
        found["errors"] = [{"where": where, "what": told(one, status, language)} for where, one in pairs]
    return found


def answer(
    request: Request, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The problem as a response."""
    said = {"Content-Language": language_of(request), "Vary": "Accept-Language", **(headers or {})}
    return JSONResponse(body, status, said, MIME)


def refused(request: Request, error: Exception) -> JSONResponse:
    """A response for any of our errors, and for those of the framework."""
    language = language_of(request)
    if isinstance(error, Refusal):
        body = body_of(error.status_code, error.code, language, faults=error.faults)
        return answer(request, error.status_code, body, error.headers)
    if isinstance(error, HTTPException):
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        return answer(request, error.status_code, body_of(error.status_code, code, language), error.headers)
    if isinstance(error, RequestValidationError):
        body = body_of(422, "invalid", language)
        body["errors"] = [{"where": _place(one), "what": str(one["msg"])} for one in error.errors()]
        return answer(request, 422, body)
    if isinstance(error, SawtakError):
        status = status_of(error)
        wait = {"Retry-After": str(max(1, ceil(error.after)))} if isinstance(error, Retryable) else {}
        login = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
        return answer(request, status, body_of(status, error.code, language, error.detail), {**wait, **login})
    return answer(request, 500, body_of(500, "broken", language))


def handle(app: FastAPI) -> None:
    """Have every error of this application answered as a problem."""

    async def handler(request: Request, error: Exception) -> JSONResponse:
        return refused(request, error)

    for kind in (SawtakError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, handler)


def _place(error: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in error.get("loc", ()))
