"""What a field of a configuration is called, in both languages: its form is drawn from that."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def titled(en: str, ar: str, hint_en: str = "", hint_ar: str = "", *, rare: bool = False) -> Any:
    """Stands in `Annotated` beside the field's type; a `rare` field can mostly stay as it is."""
    more: dict[str, Any] = {"title_ar": ar, "hint_ar": hint_ar, "rare": rare}
    return Field(title=en, description=hint_en or None, json_schema_extra=more)
