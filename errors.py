"""Every error that crosses a room says what to do next.

SawtakError
├── Forged       not who they claim to be: refuse, record nothing, never retry
├── Retryable    may work later: try again after `after` seconds
├── NeedsOwner   the tenant (or operator) must act first: stop, show it in the panel
└── Impossible   will never work with this input: tell the customer kindly, never retry
"""

from __future__ import annotations


class SawtakError(Exception):
    """Carry a machine-readable `code` and a sentence for the log that holds no customer text and no secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Forged(SawtakError):
    """The request does not prove that it comes from whom it claims."""


class Retryable(SawtakError):
    """The same call may succeed after `after` seconds; `landed` is True when it may already have taken effect."""

    def __init__(self, code: str, detail: str = "", *, after: float = 0.0, landed: bool = False) -> None:
        super().__init__(code, detail)
        self.after = after
        self.landed = landed


class NeedsOwner(SawtakError):
    """Nothing will work until the tenant or the operator changes something (token, permission, payment, setting)."""


class Impossible(SawtakError):
    """This input can never be handled: broken media, too long, blocked recipient."""
