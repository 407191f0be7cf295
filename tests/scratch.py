"""Where tests lay their files: in memory, where there is enough of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's own name of it
ENOUGH = 4 << 30


def in_memory() -> None:
    """Let this process and its children make temporary files in memory, unless somebody chose a place.

    A disk is slow at making and dropping thousands of databases, and what lies in them is of no worth.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH:  # noqa: TID251 - as below
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)  # noqa: TID251 - children are to inherit it
