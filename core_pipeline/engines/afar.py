"""Looks after a heavy engine where its packages are: in the environment that will run it, not in ours.

`python -m core_pipeline.engines.afar probe|pull KIND NAME VAR` reads the configuration as JSON and writes JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core_pipeline.engines.worker.burial import buried
from errors import Impossible, NeedsOwner, Retryable, SawtakError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from core_pipeline.contracts.specs import Progress
    from core_pipeline.engines.opening import Configured

_ERRORS = {"Retryable": Retryable, "NeedsOwner": NeedsOwner, "Impossible": Impossible}
ROOT = Path(__file__).parents[2]


async def done_afar(
    work: str, engine: Configured, python: Path, var: Path, environment: Mapping[str, str]
) -> AsyncIterator[Progress]:
    """Probe or pull an engine with that Python, streaming its progress; raises what is wrong, as the engine would."""
    from core_pipeline.contracts.specs import Progress  # noqa: PLC0415 - the child needs none of it before it is asked

    command = ["-m", "core_pipeline.engines.afar", work, engine.spec.kind, engine.spec.name, str(var.resolve())]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        str(python),
        *command,
        cwd=ROOT,
        env=dict(environment),
        stdin=pipe,
        stdout=pipe,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - both are pipes
    child.stdin.write(engine.config.model_dump_json().encode())
    child.stdin.close()
    last: dict[str, Any] = {}
    try:
        async for line in child.stdout:
            last = json.loads(line) if line.startswith(b"{") else last
            if "what" in last:
                yield Progress(last["what"], last["done"], last["total"])
        await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await buried(child)
    if "kind" in last:
        raise _ERRORS.get(last["kind"], NeedsOwner)(last["code"], last["detail"])
    if "well" not in last:
        raise NeedsOwner("engines-environment", f"{python.parent.parent.name} can't run our code: run `make engines`")


async def _here(work: str, kind: str, name: str, var: Path, given: dict[str, Any]) -> None:
    import httpx  # noqa: PLC0415 - only the child needs these

    from core_pipeline.contracts.specs import Bench  # noqa: PLC0415 - as above
    from core_pipeline.engines.opening import configured, spec_of  # noqa: PLC0415 - as above

    engine = configured(spec_of(kind, name), given)
    async with httpx.AsyncClient() as http:
        bench = Bench(var, http)
        if work == "probe" and engine.spec.probe is not None:
            await engine.spec.probe(engine.config, bench)
        if work == "pull" and engine.spec.pull is not None:
            async for progress in engine.spec.pull(engine.config, bench):
                _tell(vars(progress))


def _tell(line: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(dict(line)) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do as the command line says; what is wrong is written as the last line."""
    work, kind, name, var = sys.argv[1:]
    try:
        asyncio.run(_here(work, kind, name, Path(var), json.load(sys.stdin)))
    except SawtakError as error:
        _tell({"kind": type(error).__name__, "code": error.code, "detail": error.detail})
    else:
        _tell({"well": True})


if __name__ == "__main__":
    main()
