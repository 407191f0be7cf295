"""A ctypes binding of espeak-ng (GPL): one engine per process, not thread safe, imported by the child process only."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from pathlib import Path

import espeakng_loader

_SYNCHRONOUS = 2
_PHONEME_EVENTS, _IPA, _DONT_EXIT = 0x1, 0x2, 0x8000
_UTF8, _END_PAUSE = 0x1, 0x1000
_POSITION_CHARACTER = 1
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_END, _EVENT_PHONEME = 0, 1, 5, 7
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class _Id(ctypes.Union):
    _fields_ = [
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    ]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Manner:
    """How to speak: words per minute, and pitch, range and volume on espeak's scale (50, 50 and 100 are normal)."""

    rate: int = 160
    pitch: int = 50
    range: int = 50
    volume: int = 100


@dataclass(frozen=True)
class Mark:
    """A word or phoneme that starts at `sample`; `position` counts characters of the text from 0."""

    text: str
    sample: int
    position: int


@dataclass
class Utterance:
    """Signed 16-bit mono samples with the words and phonemes (IPA) in them."""

    sample_rate: int
    pcm: bytearray = field(default_factory=bytearray)
    words: list[Mark] = field(default_factory=list)
    phonemes: list[Mark] = field(default_factory=list)

    @property
    def samples(self) -> int:
        """Length in samples."""
        return len(self.pcm) // 2


def variants() -> frozenset[str]:
    """Name every variant of a voice that the packaged data offers."""
    return frozenset(file.name for file in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir())


class Espeak:
    """The one espeak-ng of this process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._declare()
        options = _PHONEME_EVENTS | _IPA | _DONT_EXIT
        data = espeakng_loader.get_data_path().encode()
        self._sample_rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, options)
        if self._sample_rate <= 0:
            raise RuntimeError(f"espeak-ng did not start ({self._sample_rate})")
        self._current = Utterance(self._sample_rate)
        self._callback = _Callback(self._collect)  # kept alive: the library stores only the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, manner: Manner, *, pause: bool = True) -> Utterance:
        """Speak the text; with `pause` it ends like a sentence. Raises ValueError when the voice is unknown."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError("unknown voice")
        self._current = Utterance(self._sample_rate)
        for parameter, value in (
            (_RATE, manner.rate),
            (_PITCH, manner.pitch),
            (_RANGE, manner.range),
            (_VOLUME, manner.volume),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        flags = _UTF8 | (_END_PAUSE if pause else 0)
        status = self._library.espeak_Synth(data, len(data) + 1, 0, _POSITION_CHARACTER, 0, flags, None, None)
        if status:
            raise RuntimeError(f"espeak-ng did not speak ({status})")
        self._library.espeak_Synchronize()
        return self._current

    def phonemes(self, text: str, voice: str) -> str:
        """Return how the text would be said, in IPA with stress marks."""
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError("unknown voice")
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA).decode())
        return " ".join(clauses)

    def _declare(self) -> None:
        library = self._library
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.POINTER(ctypes.c_uint),
            ctypes.c_void_p,
        ]
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int]

    def _collect(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if count > 0:
            self._current.pcm += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type != _EVENT_END_OF_LIST:
            self._note(events[index])
            index += 1
        return 0

    def _note(self, event: _Event) -> None:
        position = event.text_position - 1
        if event.type == _EVENT_WORD:
            self._current.words.append(Mark("", event.sample, position))
        elif event.type == _EVENT_PHONEME:
            name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "replace")
            self._current.phonemes.append(Mark(name, event.sample, position))
