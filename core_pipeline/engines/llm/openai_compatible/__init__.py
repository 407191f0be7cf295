"""A language model behind any server that speaks OpenAI's chat protocol: Groq, Gemini, vLLM, llama.cpp, LM Studio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from core_pipeline.contracts.engines import Llm
from core_pipeline.contracts.specs import Bench, EngineSpec
from core_pipeline.contracts.titles import titled
from core_pipeline.engines.titles import Address, ApiKey, Context, Model, Patience, Temperature, Thinking


class OpenAiLlmConfig(BaseModel):
    """Which server and model; prices are in US dollars for a million tokens, `context` counts tokens.

    `seconds` is how long the server may be silent. `base_url` ends before "/chat/completions".
    `thinking` is how many tokens a model that thinks first may think.
    """

    model_config = ConfigDict(extra="forbid")

    base_url: Address = "https://api.openai.com/v1"
    api_key: ApiKey = SecretStr("")
    model: Model = "gpt-4o-mini"
    temperature: Temperature = Field(default=0.2, ge=0.0, le=2.0)
    thinking: Thinking = Field(default=0, ge=0)
    context: Context = Field(default=16384, ge=2048)
    seconds: Patience = Field(default=60.0, gt=0)
    usd_per_million_read: Annotated[
        float,
        titled("Price of a million tokens read, in US dollars", "سعر مليون رمز مقروء بالدولار الأمريكي", rare=True),
    ] = Field(default=0.0, ge=0.0)
    usd_per_million_written: Annotated[
        float,
        titled("Price of a million tokens written, in US dollars", "سعر مليون رمز مكتوب بالدولار الأمريكي", rare=True),
    ] = Field(default=0.0, ge=0.0)


async def _open(config: OpenAiLlmConfig, bench: Bench) -> Llm:
    from core_pipeline.engines.llm.openai_compatible.engine import OpenAiLlm  # noqa: PLC0415 - opened lazily like all

    return OpenAiLlm(config, bench)


async def _probe(config: OpenAiLlmConfig, bench: Bench) -> None:
    from core_pipeline.engines.llm.openai_compatible.engine import probe  # noqa: PLC0415 - opened lazily like all

    await probe(config, bench)


@asynccontextmanager
async def _rehearsal(folder: Path) -> AsyncIterator[OpenAiLlmConfig]:  # noqa: ARG001 - it keeps no files
    from core_pipeline.engines.emulation.openai_chat import KEY, OpenAiEmulator  # noqa: PLC0415 - for tests, `simulate`

    emulator = OpenAiEmulator()
    async with emulator.served() as address:
        yield OpenAiLlmConfig(base_url=address, api_key=SecretStr(KEY), model=emulator.model.name)


SPEC: EngineSpec[Llm] = EngineSpec(
    kind="llm",
    name="openai_compatible",
    title={"ar": "نموذج لغوي عبر خدمة متوافقة مع OpenAI", "en": "A language model of an OpenAI-compatible service"},
    languages=frozenset({"ar", "en"}),
    config=OpenAiLlmConfig,
    unit="token",
    generates=True,
    open=_open,
    # A dollar for a million tokens is a millionth of a dollar for one. The engine itself reckons both prices.
    price=lambda config: config.usd_per_million_read,
    hosted=True,
    probe=_probe,
    rehearsal=_rehearsal,
)
