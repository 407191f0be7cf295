"""Takes sound as it comes, raw or as a WAV file, and gives whole samples."""

from __future__ import annotations

import struct

_RIFF = b"RIFF"
_CHUNK = struct.Struct("<4sI")
_FORMAT = struct.Struct("<HHIIHH")
_PCM, _EXTENSIBLE = 1, 0xFFFE
_LARGEST_HEADER = 64 << 10


class Waves:
    """Mono 16-bit samples out of pieces of any length.

    A server that is asked for one of the two formats may give the other, so the first bytes decide. `sample_rate` is
    that of raw samples until a WAV header says another. Raises ValueError for a WAV file of another kind.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._kept = b""
        self._begun = False
        self._left: int | None = None

    def feed(self, piece: bytes) -> bytes:
        """Return the samples that are whole by now; empty while the header is incomplete."""
        self._kept += piece
        if not self._begun and not self._start():
            return b""
        whole = len(self._kept) - len(self._kept) % 2
        if self._left is not None:
            whole = min(whole, self._left)
            self._left -= whole
        given, self._kept = self._kept[:whole], self._kept[whole:]
        return given

    def _start(self) -> bool:
        """Pass over a header; False while more of it is needed."""
        if not _RIFF.startswith(self._kept[: len(_RIFF)]):
            self._begun = True
            return True
        at = 12
        while len(self._kept) >= at + _CHUNK.size:
            name, size = _CHUNK.unpack_from(self._kept, at)
            at += _CHUNK.size
            if name == b"data":
                self._kept, self._begun = self._kept[at:], True
                # A stream that doesn't know its end says 0 or the largest number.
                self._left = size if 0 < size < 0x7FFF_0000 else None
                return True
            if len(self._kept) < at + size:
                break
            if name == b"fmt ":
                self._read_format(at, size)
            at += size + size % 2
        if len(self._kept) > _LARGEST_HEADER:
            raise ValueError("no samples in the file")
        return False

    def _read_format(self, at: int, size: int) -> None:
        if size < _FORMAT.size:
            raise ValueError("a strange WAV file")
        kind, channels, rate, _, _, bits = _FORMAT.unpack_from(self._kept, at)
        if kind not in {_PCM, _EXTENSIBLE} or (channels, bits) != (1, 16) or not 8_000 <= rate <= 48_000:
            raise ValueError("neither mono nor 16 bits")
        self.sample_rate = rate
