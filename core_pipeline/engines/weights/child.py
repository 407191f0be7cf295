"""The process that downloads: `python -m core_pipeline.engines.weights.child '{"model": …}'`.

It writes one JSON object per line: {"total": bytes}, then {"done": true}; or {"owner": …} or {"later": …} with what
went wrong.
"""

from __future__ import annotations

import errno
import fnmatch
import json
import sys
from typing import Any

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import disable_progress_bars


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Download what is ordered; returns the last line to write."""
    try:
        _download(order)
    except Exception as error:  # noqa: BLE001 - the hub library's network errors are not its own; each gets a sentence
        return _failure(error, order["model"])
    return {"done": True}


def _failure(error: Exception, model: str) -> dict[str, str]:
    if isinstance(error, GatedRepoError):
        return {"owner": f"{model} is gated: accept its terms on the hub and set HF_TOKEN"}
    if isinstance(error, RepositoryNotFoundError):
        return {"owner": f"{model} is not on the hub, or private: correct `model`, or set HF_TOKEN"}
    if isinstance(error, HfHubHTTPError):
        return {"later": f"the hub answered {error.response.status_code}"}
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return {"owner": "the disk is full: make room in `var`"}
    return {"later": f"the download failed ({type(error).__name__})"}


def _download(order: dict[str, Any]) -> None:
    disable_progress_bars()
    info = HfApi(endpoint=order["hub"]).model_info(order["model"], files_metadata=True)
    files = {one.rfilename: one.size or 0 for one in info.siblings or []}
    wanted = [name for name in files if any(fnmatch.fnmatch(name, pattern) for pattern in order["patterns"])]
    _write({"total": sum(files[name] for name in wanted)})
    snapshot_download(
        order["model"],
        revision=info.sha,
        local_dir=order["folder"],
        allow_patterns=wanted,
        endpoint=order["hub"],
        max_workers=2,
    )


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _write(main(json.loads(sys.argv[1])))
