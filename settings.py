"""The one typed settings class; the only module that reads the environment.

Read by app.py, cli.py and migrations/env.py, nobody else: rooms are handed what they need.
"""

import json
import os
import secrets
import socket
import sys
from base64 import b64encode
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

EMBEDDED = {
    "asr": "demo",
    "llm": "knowledge",
    "tts": "espeak",
    "speaker": "spectral",
    "video": "illustrated,photo",
    "upscale": "lanczos",
}
HEAVY_NEEDS = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "CUDA_", "NVIDIA_", "HF_H", "OMP_")


class Settings(BaseSettings):
    """What the operator may set, by environment variable or in `.env`; the defaults run on a laptop.

    `database_url` moves everything to Postgres ("postgresql+psycopg://…"); without it, SQLite files lie in `var`.
    `calls_at_once` is how many live calls one process takes; `turn_model` the file of a network that hears whether a
    caller has finished (none: a pause decides), `drain_seconds` how long running calls may go on once we shall stop.
    `vault_keys` is "id:base64 of 32 bytes", newest first, comma-separated; on a laptop one is made in `var/vault.key`.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    environment: Literal["local", "production"] = "local"
    var: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    database_url: str = ""
    blobs_url: str = ""
    vault_keys: SecretStr = SecretStr("")
    executor_id: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    body_limit: int = 4 * 1024 * 1024
    turns_at_once: int = Field(default=16, ge=1)
    engines_at_once: int = Field(default=2, ge=1)
    retry_attempts: int = Field(default=5, ge=1)
    retry_seconds: float = Field(default=1.0, gt=0)
    settle_seconds: float = Field(default=15.0, ge=0)
    engines: dict[str, str] = Field(default_factory=dict)
    inner: str = ""
    calls_at_once: int = Field(default=30, ge=0)
    turn_model: Path | None = None
    drain_seconds: float = Field(default=60.0, ge=0)
    heavy_gib: float = Field(default=16.0, gt=0)
    heavy_venv: Path | None = None

    @model_validator(mode="after")
    def _refuse_defaults_in_production(self) -> Self:
        if self.environment == "production":
            if not self.vault_keys.get_secret_value():
                msg = "ENVIRONMENT=production needs VAULT_KEYS (make one: cli.py doctor --new-vault-key)"
                raise ValueError(msg)
            if not self.public_url.startswith("https://"):
                msg = "ENVIRONMENT=production needs PUBLIC_URL=https://… (vendors refuse plain http)"
                raise ValueError(msg)
        return self

    @property
    def on_sqlite(self) -> bool:
        """Whether everything lies in SQLite files under `var`."""
        return not self.database_url or self.database_url.startswith("sqlite")

    @property
    def main_url(self) -> str:
        """Where tenants, conversations and turns lie."""
        return self.database_url or f"sqlite+aiosqlite:///{self.var.resolve()}/sawtak.db"

    @property
    def inbox_url(self) -> str:
        """Where the inbox lies: a file of its own on SQLite, so that acknowledging never waits for other writers."""
        return f"sqlite+aiosqlite:///{self.var.resolve()}/inbox.db" if self.on_sqlite else self.database_url

    @property
    def turns_url(self) -> str:
        """Where the workflow engine keeps its checkpoints (a synchronous SQLAlchemy URL)."""
        return f"sqlite:///{self.var.resolve()}/turns.db" if self.on_sqlite else self.database_url

    @property
    def executor(self) -> str:
        """The workflow engine's name of this process; on Postgres each process has its own."""
        return self.executor_id or ("one" if self.on_sqlite else f"{socket.gethostname()}-{os.getpid()}")

    @property
    def blob_store(self) -> str:
        """Where media lies: a local folder, or "s3://bucket/prefix"."""
        return self.blobs_url or f"file://{self.var.resolve()}/blobs"

    @property
    def address(self) -> str:
        """The address that vendors call; local when none is set."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @cached_property
    def vault_text(self) -> SecretStr:
        """The vault's keys; makes `var/vault.key` (owner-only) on first use where none are set."""
        if self.vault_keys.get_secret_value():
            return self.vault_keys
        file = self.var / "vault.key"
        if not file.exists():
            self.var.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(new_vault_key())
        return SecretStr(file.read_text().strip())

    @property
    def inner_hosts(self) -> frozenset[str]:
        """The host:port pairs inside our network that what tenants set up may reach all the same."""
        return frozenset(one.strip() for one in self.inner.split(",") if one.strip())

    @property
    def heavy_bytes(self) -> int:
        """The memory that heavy engines share: of the GPU where they use one, else of the machine."""
        return int(self.heavy_gib * (1 << 30))

    @property
    def heavy_python(self) -> Path:
        """What runs heavy engines: an environment with their packages (`make engines`), where there is one."""
        venv = self.heavy_venv or Path(".venv-engines")
        return venv / "bin" / "python" if (venv / "bin" / "python").exists() else Path(sys.executable)

    @property
    def heavy_environment(self) -> dict[str, str]:
        """What the processes of heavy engines get to see of our environment: no secret of ours is among it."""
        return {name: value for name, value in os.environ.items() if name.startswith(HEAVY_NEEDS)}

    @property
    def chains(self) -> dict[str, str]:
        """The engines by kind, best first; a kind that is not set has the embedded one."""
        return EMBEDDED | self.engines

    def of_channel(self, name: str) -> dict[str, str]:
        """Every setting that carries the channel's name as prefix: WHATSAPP_API_URL → {"api_url": …}."""
        return self._under(name)

    def of_engine(self, kind: str, name: str) -> dict[str, Any]:
        """Every setting with kind and name as prefix: LLM_OLLAMA_MODEL → {"model": …}; maps and lists are JSON."""
        return {key: _parsed(value) for key, value in self._under(f"{kind}_{name}").items()}

    def _under(self, name: str) -> dict[str, str]:
        prefix = f"{name.upper()}_"
        known = {**dotenv_values(".env"), **os.environ}
        return {key[len(prefix) :].lower(): value for key, value in known.items() if key.startswith(prefix) and value}


def _parsed(value: str) -> Any:
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def new_vault_key() -> str:
    """A fresh vault key as the setting wants it."""
    return f"{secrets.token_hex(2)}:{b64encode(secrets.token_bytes(32)).decode()}"
