"""Named voices of a worker that speaks by example only: the operator's samples, and what is asked for among them."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core_pipeline.contracts.engines import Clone, Pcm, Saying
from errors import NeedsOwner


class Named(BaseModel):
    """A voice of the operator's: a mono 16-bit wav file, and what is said in it."""

    model_config = ConfigDict(extra="forbid")

    sample: Path
    text: str = ""

    def clone(self, name: str) -> Clone:
        """Return it as an example; `NeedsOwner` when there is no such file."""
        try:
            with wave.open(str(self.sample), "rb") as file:
                if file.getnchannels() != 1 or file.getsampwidth() != 2:
                    raise NeedsOwner("voice-sample", f"the sample of voice {name} must be mono and 16-bit")
                return Clone(f"named:{name}", Pcm(file.readframes(file.getnframes()), file.getframerate()), self.text)
        except (OSError, EOFError, wave.Error) as error:
            raise NeedsOwner("voice-sample", f"the sample of voice {name} is no wav file that can be read") from error


def example_for(saying: Saying, named: Mapping[str, Clone], default: str) -> Clone | None:
    """Return whose voice to speak in: the saying's clone, else the voice it names, else the default one, else None."""
    if saying.clone:
        return saying.clone
    name = saying.voice or default
    if name and name not in named:
        raise NeedsOwner(
            "unknown-voice", f"there is no voice {name!r}; there are: {', '.join(sorted(named)) or 'none'}"
        )
    return named.get(name)
