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
FACES = {"musetalk", "echomimic"}
FILM = ("core_pipeline/media/__init__.py", "core_pipeline/media/film/__init__.py", "core_pipeline/media/film/reel.py")
AVATARS = ("avatars/__init__.py", "avatars/manifest.py")
PICTURES = """
import deploy.workers.portrait, core_pipeline.media.film.reel, core_pipeline.engines.worker.scenes
"""
HEAVY = {"torch", "onnxruntime", "av", "sqlalchemy", "fastapi", "espeakng_loader", "piper", "dbos"}


def test_the_worker_needs_the_contracts_the_errors_and_few_packages(tmp_path: Path) -> None:
    loaded = set(json.loads(run_in(tmp_path, IMPORT, *COPIED, WORKER)))
    assert {"core_pipeline", "errors", "starlette", "uvicorn", "httpx", "pydantic", "numpy"} <= loaded
    assert not loaded & HEAVY


def run_in(folder: Path, code: str, *names: str) -> str:
    """What the code says where there is nothing of ours but these files and folders."""
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workers_with_faces_need_a_reel_and_the_manifests_of_avatars_besides(tmp_path: Path) -> None:
    run_in(tmp_path, PICTURES, *COPIED, WORKER, *FILM, *AVATARS, "deploy/workers/portrait.py")


def test_every_image_holds_just_that() -> None:
    images = sorted((ROOT / "deploy/workers").glob("*/Dockerfile"))
    assert len(images) == 6
    for image in images:
        lines = image.read_text(encoding="utf-8").splitlines()
        copied = {line.split()[1] for line in lines if line.startswith("COPY") and "deploy/" not in line}
        faces = image.parent.name in FACES
        assert copied == {*COPIED, WORKER, *((*FILM, *AVATARS) if faces else ())}
        assert ("COPY deploy/workers/portrait.py deploy/workers/" in lines) == faces
        for part in ("requirements.txt", "worker.py", "README.md"):
            assert (image.parent / part).is_file()
        pins = (image.parent / "requirements.txt").read_text(encoding="utf-8").splitlines()
        assert len(pins) > 30
        assert all("==" in pin for pin in pins)
