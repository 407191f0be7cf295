"""What pages of voices and avatars share: taking files in, and answering forms and scripts alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile

from admin.frame.saying import said
from core_pipeline.atelier import Workroom
from core_pipeline.cloning.attempt import SENTENCE_LASTS, asked_in_time
from core_pipeline.engines.router import For
from core_pipeline.engines.wrap.meter import Ledger
from core_pipeline.telling import status_of
from errors import Impossible, SawtakError
from tenants.models import now

if TYPE_CHECKING:
    from starlette.responses import Response

    from admin.frame.visit import Visit

MOST_BYTES = 25 << 20
JSON = "application/json"


def workroom(visit: Visit) -> Workroom:
    """Where voices and avatars are made."""
    rooms = visit.rooms
    return Workroom(rooms.floor.db, rooms.blobs, rooms.sandbox, rooms.engines, rooms.gate)


def order(visit: Visit) -> For:
    """On whose behalf engines work for the panel."""
    return For(Ledger(), visit.the_tenant.id)


def by_script(visit: Visit) -> bool:
    """Whether a script of ours asks, which wants JSON."""
    return JSON in visit.request.headers.get("accept", "")


async def file_of(visit: Visit, name: str) -> bytes:
    """The bytes of a file that was sent; `Impossible` "file-missing" for none, "media-too-large" for a huge one."""
    if int(visit.request.headers.get("content-length") or 0) > MOST_BYTES:
        raise Impossible("media-too-large", f"at most {MOST_BYTES >> 20} MiB")
    sent = (await visit.form()).getlist(name)
    for one in sent:
        if isinstance(one, UploadFile) and (data := await one.read()):
            if len(data) > MOST_BYTES:
                raise Impossible("media-too-large", f"at most {MOST_BYTES >> 20} MiB")
            return data
    raise Impossible("file-missing", "choose a file or record first")


def done(visit: Visit, path: str, said: str = "") -> Response:
    """Go on to a page of the tenant: by redirect, or as {"go": address} for a script."""
    gone = visit.go(path, said)
    if not by_script(visit):
        return gone
    answer = visit.json({"go": f"{visit.here}{path}"})
    answer.raw_headers += [(name, value) for name, value in gone.raw_headers if name == b"set-cookie"]
    return answer


def words_of(visit: Visit, error: SawtakError) -> str:
    """What went wrong and what to do, in the visitor's language."""
    return said(visit, status_of(error), error.code, error.detail)


def scopes(visit: Visit) -> list[tuple[str, str]]:
    """What a consent may be for."""
    return [
        ("answers", visit._("Answering customers")),
        ("everything", visit._("Answering customers, announcements and videos")),
    ]


def reading_now(notes: dict[str, Any], sentence: str) -> dict[str, Any]:
    """The sentence that may be read now ("": none, or too long ago), and for how many seconds more."""
    asked = asked_in_time(notes, sentence, now()) if notes.get("asked") else None
    if asked is None:
        return {"sentence": "", "seconds": 0}
    gone = now() - datetime.fromisoformat(notes["asked"]["at"])
    return {"sentence": sentence, "seconds": max(1, int((SENTENCE_LASTS - gone).total_seconds()))}
