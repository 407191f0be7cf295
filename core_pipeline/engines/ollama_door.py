"""The way to an Ollama server: the `ollama` package's client, sent through our own door to the network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.specs import Progress
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import ApiKey, Model, Patience
from core_pipeline.engines.vendor import translated
from core_pipeline.engines.wrap.flowing import flowing
from errors import Impossible, NeedsOwner, Retryable, SawtakError

if TYPE_CHECKING:
    from ollama import AsyncClient, ResponseError

    from core_pipeline.contracts.specs import Bench

VENDOR = "Ollama"
_CONNECT = 5.0
_WAIT = 5.0


class OllamaConfig(BaseModel):
    """Where the server is, and how long (seconds) it may be silent; `api_key` is for a server behind a gate."""

    model_config = ConfigDict(extra="forbid")

    host: Annotated[str, titled("Address of the server", "عنوان الخادم")] = "http://127.0.0.1:11434"
    model: Model
    api_key: ApiKey = SecretStr("")
    keep_alive: Annotated[str, titled("How long the model stays loaded", "مدة بقاء النموذج جاهزًا", rare=True)] = "30m"
    seconds: Patience = Field(default=120.0, gt=0)


class _Door(httpx.AsyncBaseTransport):
    """Sends the package's requests through the bench's client, so that whatever guards that one holds here, too.

    The package takes OLLAMA_API_KEY from the process's environment: no tenant's server may be sent the operator's key.
    """

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http, self._key = http, key

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.pop("authorization", None)
        if self._key:
            request.headers["authorization"] = f"Bearer {self._key}"
        return await self._http.send(request, stream=True, follow_redirects=False)


def client(config: OllamaConfig, bench: Bench, *, silence: float | None = None) -> AsyncClient:
    """Return the package's client for this server; closing it leaves the bench's client open."""
    from ollama import AsyncClient  # noqa: PLC0415 - opened lazily like all engines

    return AsyncClient(
        config.host,
        transport=_Door(bench.http, config.api_key.get_secret_value()),
        timeout=httpx.Timeout(silence or config.seconds, connect=_CONNECT),
        follow_redirects=False,
    )


async def shut(door: AsyncClient) -> None:
    """Close the package's client."""
    await door.close()  # type: ignore[no-untyped-call]  # the package does not type it


@contextmanager
def asking(model: str) -> Iterator[None]:
    """Turn whatever the package raises in the block into our errors."""
    from ollama import ResponseError  # noqa: PLC0415 - opened lazily like all engines

    try:
        with translated(VENDOR):
            yield
    except ConnectionError as error:
        raise Retryable("vendor-down", f"{VENDOR} can't be reached: is it running?", after=_WAIT) from error
    except ResponseError as error:
        raise _refused(error, model) from error
    except ValueError as error:
        raise Retryable("vendor-garbled", f"the answer of {VENDOR} makes no sense") from error


async def ready(config: OllamaConfig, bench: Bench) -> None:
    """Raise `NeedsOwner` with what to do where the server is down or lacks the model."""
    door = client(config, bench)
    try:
        with asking(config.model):
            names = {one.model or "" for one in (await door.list()).models}
    except Retryable as error:
        down = f"{VENDOR} does not answer at the address set: start it (`ollama serve`) or correct `host`"
        raise NeedsOwner("ollama-down", down) from error
    finally:
        await shut(door)
    if not {config.model, f"{config.model}:latest"} & names:
        raise _lacking(config.model)


async def pulled(config: OllamaConfig, bench: Bench) -> AsyncIterator[Progress]:
    """Let the server fetch the model; bytes count per layer."""
    door = client(config, bench, silence=600.0)
    try:
        with asking(config.model):
            async with flowing(await door.pull(config.model, stream=True)) as steps:
                async for step in steps:
                    yield Progress(step.status or "", step.completed or 0, step.total or 0)
    finally:
        await shut(door)


def _lacking(model: str) -> NeedsOwner:
    return NeedsOwner("ollama-model", f"{VENDOR} lacks {model}: run `cli.py doctor --pull` or `ollama pull {model}`")


def _refused(error: ResponseError, model: str) -> SawtakError:
    """What a refusal means; one inside a stream has no status. The server's words stay out of ours."""
    status, said = error.status_code, str(error.error).lower()
    if status == httpx.codes.NOT_FOUND or "not found" in said or "file does not exist" in said:
        return _lacking(model)
    if "system memory" in said:
        return NeedsOwner("ollama-memory", f"the machine has too little memory for {model}: choose a smaller model")
    if status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
        return Retryable("vendor-busy", f"{VENDOR} answered {status}", after=_WAIT)
    if httpx.codes.is_client_error(status) or httpx.codes.is_redirect(status):
        return _final(status)
    return Retryable("vendor-down", f"{VENDOR} failed while answering", after=_WAIT)


def _final(status: int) -> SawtakError:
    if httpx.codes.is_redirect(status):
        return NeedsOwner("vendor-lacks", f"{VENDOR} answered {status}: check `host`")
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return NeedsOwner("vendor-denied", f"{VENDOR} answered {status}: check `api_key`")
    return Impossible("vendor-refused", f"{VENDOR} answered {status}")
