"""Collects the keys that a caller presses until they mean something."""

from __future__ import annotations

PAUSE = 2.0
ENOUGH = "#"


class Keypad:
    """Sequences that are `known` are complete as soon as no longer one begins with them; others when nothing follows.

    No sequence has more than `most` keys. "#" ends any of them, and belongs to none unless it is known so.
    """

    def __init__(self, known: frozenset[str], most: int) -> None:
        self._known, self._most = known, most
        self._pressed = ""

    @property
    def waiting(self) -> bool:
        """Whether more keys may follow."""
        return bool(self._pressed)

    def press(self, digit: str) -> str | None:
        """Take one more key; return the sequence that it completes, if it does."""
        pressed = self._pressed + digit
        longer = any(known != pressed and known.startswith(pressed) for known in self._known)
        if digit == ENOUGH and self._pressed and not longer and pressed not in self._known:
            return self.take()
        self._pressed = pressed
        complete = (pressed in self._known and not longer) or len(pressed) >= self._most or pressed == ENOUGH
        return self.take() if complete and not (pressed == ENOUGH and longer) else None

    def take(self) -> str:
        """Return what was pressed and begin anew; empty when nothing was."""
        pressed, self._pressed = self._pressed, ""
        return pressed
