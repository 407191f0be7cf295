"""The step that teaches: three questions with their answers, or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.onboarding.showing import stepping
from errors import SawtakError
from tenants.facts import ENTRIES, new_key, save_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit

ROWS = 3
LONGEST_QUESTION, LONGEST_ANSWER = 300, 2000
HINTS = (
    ("What are your opening hours?", "We are open every day from 10 to 10."),
    ("Where are you?", "26 Road 9, Maadi, beside the bank."),
    ("Do you deliver?", "Yes, within Maadi for 30 pounds."),
)


async def page(visit: Visit) -> Response:
    """The form, and the way to bring a document."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Keep the questions that have an answer, in the business's language."""
    sent = {name: value.replace("\0", "") for name, value in (await visit.fields()).items()}
    errors = _wrong(visit, sent)
    pairs = [(sent.get(f"question{row}", ""), sent.get(f"answer{row}", "")) for row in range(ROWS)]
    if errors or not any(question for question, _ in pairs):
        return await _page(visit, sent, errors or {"question0": visit._("Write a question that customers ask.")})
    language = visit.policy.language
    wanted: dict[str, Any] = {
        new_key(ENTRIES): {language: {"question": question, "answer": answer, "alternatives": []}}
        for question, answer in pairs
        if question
    }
    try:
        async with visit.work() as session:
            await save_all(session, ENTRIES, wanted, {})
            for key, versions in wanted.items():
                visit.note(session, "knowledge.entries.save", key, after=versions)
    except SawtakError as error:
        return await _page(visit, sent, {"question0": error.detail})
    return visit.go("/start/channel", "Saved: it knows the answers already.")


def _wrong(visit: Visit, sent: Mapping[str, str]) -> dict[str, str]:
    wrong = {}
    for row in range(ROWS):
        question, answer = sent.get(f"question{row}", ""), sent.get(f"answer{row}", "")
        if question and not answer:
            wrong[f"answer{row}"] = visit._("Write what it shall answer.")
        if answer and not question:
            wrong[f"question{row}"] = visit._("Write a question that customers ask.")
        for name, value, most in (
            (f"question{row}", question, LONGEST_QUESTION),
            (f"answer{row}", answer, LONGEST_ANSWER),
        ):
            if len(value) > most:
                wrong[name] = visit._("This is too long.")
    return wrong


async def _page(visit: Visit, sent: Mapping[str, str] | None = None, errors: Any = None) -> Response:
    given: dict[str, Any] = {"typed": dict(sent or {}), "errors": errors or {}, "rows": range(ROWS), "hints": HINTS}
    longest = {"question": LONGEST_QUESTION, "answer": LONGEST_ANSWER}
    status = 422 if errors else 200
    more = await stepping(visit, "knowledge")
    return visit.page("onboarding/knowledge.html", status=status, longest=longest, **given, **more)
