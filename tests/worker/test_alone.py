"""What a reference worker's image holds is enough, and stays small."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("errors.py", "core_pipeline/__init__.py", "core_pipeline/contracts", "core_pipeline/engines/__init__.py")
WORKER = "core_pipeline/engines/worker"
IMPORT = """
import json, sys
from importlib import import_module
from pathlib import Path
for file in Path("core_pipeline/engines/worker").glob("*.py"):
    import_module("core_pipeline.engines.worker." + file.stem)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))))
"""
HEAVY = {"torch", "onnxruntime", "av", "sqlalchemy", "fastapi", "espeakng_loader", "piper", "dbos"}


def test_the_worker_needs_the_contracts_the_errors_and_few_packages(tmp_path: Path) -> None:
    for name in (*COPIED, WORKER):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-P", "-c", IMPORT]
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert {"core_pipeline", "errors", "starlette", "uvicorn", "httpx", "pydantic", "numpy"} <= loaded
    assert not loaded & HEAVY


def test_every_image_holds_just_that() -> None:
    images = sorted((ROOT / "deploy/workers").glob("*/Dockerfile"))
    assert len(images) == 4
    for image in images:
        lines = image.read_text(encoding="utf-8").splitlines()
        copied = {line.split()[1] for line in lines if line.startswith("COPY") and "deploy/" not in line}
        assert copied == {*COPIED, WORKER}
        for part in ("requirements.txt", "worker.py", "README.md"):
            assert (image.parent / part).is_file()
        pins = (image.parent / "requirements.txt").read_text(encoding="utf-8").splitlines()
        assert len(pins) > 30
        assert all("==" in pin for pin in pins)
