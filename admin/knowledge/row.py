"""A fact as a row of the page: as it is kept, as it was typed, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from admin.knowledge.saying import fault
from core_pipeline.knowledge.sheets.fields import LONGEST, columns, record_of
from tenants.facts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from admin.frame.visit import Visit
    from core_pipeline.knowledge.sheets.fields import Fault
    from tenants.facts import Fact, Shape


@dataclass(frozen=True)
class Row:
    """One fact to show: `record` holds its fields, `mark` what its editor has seen of it.

    `theirs` is what somebody else wrote meanwhile. `place` names it within the page.
    """

    key: str
    record: Mapping[str, str]
    mark: str = ""
    missing: tuple[str, ...] = ()
    document_id: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    theirs: Mapping[str, str] | None = None

    @property
    def place(self) -> str:
        """A name for it that may stand in an address and in a page."""
        return f"f{sha256(self.key.encode()).hexdigest()[:12]}"


def row_of(shape: Shape, fact: Fact) -> Row:
    """The fact as it is kept."""
    return Row(fact.key, record_of(shape, fact), fact.mark, fact.missing, fact.document_id)


def empty_row(shape: Shape, **given: str) -> Row:
    """A row to be filled in."""
    start = {"available": "yes"} if "available" in shape.shared else {}
    return Row("", {**dict.fromkeys(columns(shape), ""), **start, **given})


def typed_row(
    visit: Visit, shape: Shape, fields: Mapping[str, str], faults: tuple[Fault, ...] = (), fact: Fact | None = None
) -> Row:
    """The row as somebody typed it, with what is wrong; `fact` is what stands there by now, where that differs."""
    record = {name: fields.get(name, "") for name in columns(shape)}
    said = {one.field: fault(visit, one) for one in reversed(faults)}
    missing = tuple(language for language in LANGUAGES if not any(record[f"{name}_{language}"] for name in shape.said))
    mark = fields.get("shown", "")
    theirs = None
    if fact is not None:
        mark, theirs = fact.mark, record_of(shape, fact)
    return Row(record["key"], record, mark, missing, fact.document_id if fact else None, said, theirs)


def longest() -> Mapping[str, int]:
    """How many letters each field may have."""
    return LONGEST
