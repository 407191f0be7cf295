"""The doors of what a business knows."""

from __future__ import annotations

from admin.frame.doors import Door, Nav
from admin.knowledge import documents, pages, questions, trying
from admin.knowledge.facts import Facts
from admin.knowledge.importing import Importing
from tenants.facts import ENTRIES, PRODUCTS
from tenants.people.roles import May

HERE = "/t/{tenant}/knowledge"
ONE = f"{HERE}/documents/{{document}}"

_DOCUMENTS = (
    Door("GET", HERE, May.SEE, documents.listed),
    Door("GET", f"{HERE}/documents", May.SEE, documents.rows),
    Door("POST", f"{HERE}/documents", May.EDIT, documents.uploaded),
    Door("POST", f"{HERE}/documents/link", May.EDIT, documents.linked),
    Door("GET", ONE, May.SEE, pages.shown),
    Door("POST", f"{ONE}/text", May.EDIT, pages.corrected),
    Door("POST", f"{ONE}/approve", May.EDIT, pages.approved),
    Door("POST", f"{ONE}/replace", May.EDIT, pages.replaced),
    Door("POST", f"{ONE}/refresh", May.EDIT, pages.refreshed),
    Door("POST", f"{ONE}/remove", May.EDIT, pages.removed),
)
_QUESTIONS = (
    Door("GET", f"{HERE}/questions", May.SEE, questions.listed),
    Door("GET", f"{HERE}/questions/{{question}}", May.EDIT, questions.asked),
    Door("POST", f"{HERE}/questions/{{question}}/answer", May.EDIT, questions.answered),
    Door("POST", f"{HERE}/questions/{{question}}/state", May.EDIT, questions.put),
)
DOORS = (
    *_DOCUMENTS,
    *Facts(ENTRIES).doors(HERE),
    *Facts(PRODUCTS).doors(HERE),
    *Importing(ENTRIES).doors(HERE),
    *Importing(PRODUCTS).doors(HERE),
    *_QUESTIONS,
    Door("GET", f"{HERE}/search", May.SEE, trying.tried),
)
NAV = (Nav(40, HERE, "Knowledge", "book", May.SEE),)
