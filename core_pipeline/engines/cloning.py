"""What an engine that knows only its own voices says when it is asked for somebody else's."""

from __future__ import annotations

from core_pipeline.contracts.engines import Saying
from core_pipeline.engines.catalogue import discover
from errors import Impossible


def refuse_clone(saying: Saying, engine: str) -> None:
    """Raise Impossible "cannot-clone", which names the engines that can, for a saying in a voice by example."""
    if saying.clone is None:
        return
    can = sorted(spec.name for (kind, _), spec in discover().items() if kind == "tts" and spec.clones)
    raise Impossible("cannot-clone", f"{engine} has voices of its own only; these clone: {', '.join(can) or 'none'}")
