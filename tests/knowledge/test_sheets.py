"""Facts out to a spreadsheet and back: nothing is lost, nothing is run, and no file is too wild."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_pipeline.knowledge.sheets import importing, table
from core_pipeline.knowledge.sheets.fields import clean, columns, draft_of, record_of, ways_of
from errors import Impossible
from tenants import facts
from tenants.facts import ENTRIES, PRODUCTS, Asked, Fact
from tests.conftest import Floor
from tests.factories import make_tenant

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(clean)
NEEDED = WORDS.filter(bool)
FORMULAS = st.sampled_from(["=1+1", "+20", "-5", "@cmd", "'=x", "''+y", "'quoted", "＝A1"])
WAYS = st.lists(NEEDED, max_size=4).map(lambda ways: ways_of("\n".join(ways)))
ENTRY = st.fixed_dictionaries({"question": NEEDED | FORMULAS, "answer": NEEDED | FORMULAS, "alternatives": WAYS})
PRICE = st.none() | st.decimals(0, 10**9, places=2, allow_nan=False).map(lambda price: format(price, "f"))
SHARED = st.tuples(PRICE, st.sampled_from(["", "EGP", "SAR"]), st.booleans())


def versions(said: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A fact in one language or both."""
    both = st.fixed_dictionaries({}, optional={"ar": said, "en": said})
    return both.filter(bool)


@st.composite
def products(draw: st.DrawFn) -> dict[str, Any]:
    price, currency, available = draw(SHARED)
    shared = {"price": price, "currency": currency, "available": available}
    said = st.fixed_dictionaries({"name": NEEDED | FORMULAS, "description": WORDS | FORMULAS})
    return {language: {**text, **shared} for language, text in draw(versions(said)).items()}


def back(shape: facts.Shape, fact: Fact) -> dict[str, Any]:
    """The fact after it went through a file."""
    data = table.write(columns(shape), [record_of(shape, fact)])
    [line] = table.read(shape, data)
    draft = draft_of(shape, line.record)
    assert draft.faults == ()
    return {language: said for language, said in draft.versions.items() if said}


@QUICK
@given(versions(ENTRY))
def test_entries_come_back_as_they_went(said: dict[str, Any]) -> None:
    assert back(ENTRIES, Fact("k", said)) == said


@QUICK
@given(products())
def test_products_come_back_as_they_went(said: dict[str, Any]) -> None:
    assert back(PRODUCTS, Fact("k", said)) == said


@QUICK
@given(ENTRY)
def test_no_cell_is_a_formula(said: dict[str, Any]) -> None:
    data = table.write(columns(ENTRIES), [record_of(ENTRIES, Fact("k", {"ar": said}))])
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert [cell for row in rows for cell in row if cell[:1] in set("=+-@\t\r＝＋－＠")] == []


@QUICK
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"question_ar,answer_ar\n{text}".encode("utf-8", "replace"))
)
def test_wild_bytes_are_read_or_refused(data: bytes) -> None:
    for shape in (ENTRIES, PRODUCTS):
        with suppress(Impossible):
            for line in table.read(shape, data):
                draft = draft_of(shape, line.record)
                assert draft.faults or any(draft.versions.values())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1256"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_save_is_understood(encoding: str, separator: str) -> None:
    rows = [["اسم المنتج", "السعر", "متوفر"], ["شاي بالنعناع", "٢٥٫٥٠", "نعم"], ["قهوة سادة", "٣٠ جنيه", "لا"]]
    text = "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    drafts = [draft_of(PRODUCTS, line.record) for line in table.read(PRODUCTS, text.encode(encoding, "replace"))]
    if encoding == "cp1256":  # which has no Arabic digits
        text = text.replace("٢٥٫٥٠", "25.50").replace("٣٠", "30")
        drafts = [draft_of(PRODUCTS, line.record) for line in table.read(PRODUCTS, text.encode(encoding))]
    said = [draft.versions["ar"] or {} for draft in drafts]
    assert [(one["name"], one["price"], one["available"]) for one in said] == [
        ("شاي بالنعناع", "25.50", True),
        ("قهوة سادة", "30", False),
    ]
    assert said[1]["currency"] == "EGP"


def test_a_line_of_excel_that_names_the_separator_is_no_row() -> None:
    [line] = table.read(ENTRIES, b'sep=;\r\nquestion_en;answer_en\r\nWhen?;At "nine".\r\n')
    assert (line.number, line.record["question_en"]) == (3, "When?")


async def test_an_import_changes_what_it_says_and_deletes_nothing(database: Floor) -> None:
    tenant = await make_tenant(database.db)
    product = {"name": "شاي", "description": "بالنعناع", "price": "25", "currency": "EGP", "available": False}
    async with database.db.tenant(tenant.id) as session:
        await facts.save(session, PRODUCTS, "tea", {"ar": product, "en": {**product, "name": "Tea"}})
    data = "name,price\nشاي,30\nقهوة,20\n,5\nزنجبيل,غالي\n".encode()
    async with database.db.tenant(tenant.id) as session:
        plan = await importing.plan(session, PRODUCTS, table.read(PRODUCTS, data))
        assert [one.outcome for one in plan.lines] == ["changed", "new", "wrong", "wrong"]
        assert await importing.apply(session, PRODUCTS, plan) == {"added": 1, "changed": 1}
    async with database.db.tenant(tenant.id, reads=True) as session:
        tea = await facts.find(session, PRODUCTS, "tea")
        again = await importing.plan(session, PRODUCTS, table.read(PRODUCTS, data))
        everything = await facts.page(session, PRODUCTS, Asked())
    assert tea.versions["ar"] == {**product, "price": "30"}
    assert tea.versions["en"] == {**product, "name": "Tea", "price": "30"}
    assert again.counts == {"new": 0, "changed": 0, "same": 2, "wrong": 2}
    assert len(everything) == 2


async def test_two_lines_of_one_fact_are_put_together(sqlite_database: Floor) -> None:
    tenant = await make_tenant(sqlite_database.db)
    data = "key,language,question,answer\nh,ar,متى تفتحون؟,العاشرة\nh,en,When?,At ten.\n".encode()
    async with sqlite_database.db.tenant(tenant.id) as session:
        await importing.apply(session, ENTRIES, await importing.plan(session, ENTRIES, table.read(ENTRIES, data)))
    async with sqlite_database.db.tenant(tenant.id, reads=True) as session:
        fact = await facts.find(session, ENTRIES, "h")
    assert {language: said["answer"] for language, said in fact.versions.items()} == {"ar": "العاشرة", "en": "At ten."}


@pytest.mark.parametrize("found", ["50%", "a_b", "سؤال/جواب", "اسعار", "مُدرّسة"])
async def test_a_search_takes_every_sign_for_itself(sqlite_database: Floor, found: str) -> None:
    tenant = await make_tenant(sqlite_database.db)
    said = {"question": "أسعار 50% a_b سؤال/جواب مدرسه", "answer": "x", "alternatives": ["بديل"]}
    other = {"question": "500 axb سؤالجواب", "answer": "y", "alternatives": []}
    async with sqlite_database.db.tenant(tenant.id) as session:
        await facts.save_all(session, ENTRIES, {"a": {"ar": said}, "b": {"ar": other}}, {})
    async with sqlite_database.db.tenant(tenant.id, reads=True) as session:
        assert [one.key for one in await facts.page(session, ENTRIES, Asked(text=found))] == ["a"]
        assert [one.key for one in await facts.page(session, ENTRIES, Asked(text="بديل"))] == ["a"]
