"""Keeps the faces that were shown last ready to move: a film's next stretch shows the same one."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from core_pipeline.contracts.faces import Face, Shape, View
from core_pipeline.engines.video.photo.framing import Stage, staged
from core_pipeline.engines.video.photo.portrait import portrait
from core_pipeline.engines.video.photo.puppet import Puppet

KEPT = 3


class Cast:
    """Puppets by picture, points, view and shape; threads may share it."""

    def __init__(self) -> None:
        self._ready: OrderedDict[tuple[str, View, Shape], Puppet] = OrderedDict()
        self._lock = Lock()

    def puppet(self, face: Face, view: View, shape: Shape) -> Puppet:
        """Return the face ready to move. Raises `Impossible` for one that can't be shown so."""
        shown = portrait(face)
        key = (shown.key, view, shape)
        with self._lock:
            if key in self._ready:
                self._ready.move_to_end(key)
                return self._ready[key]
        manifest = shown.manifest
        stage: Stage = staged(shown.picture, manifest.points, getattr(manifest.views, view), shape)
        made = Puppet(stage)
        with self._lock:
            self._ready[key] = made
            while len(self._ready) > KEPT:
                self._ready.popitem(last=False)
        return made
