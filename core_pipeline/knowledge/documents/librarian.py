"""Works through the documents that wait, in any number of processes; what one leaves unfinished, another takes up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from core_pipeline.knowledge.documents import claims
from core_pipeline.knowledge.documents.claims import ClaimLost
from core_pipeline.knowledge.documents.hand import Hand
from core_pipeline.knowledge.documents.keeping import contents_of, keep
from core_pipeline.knowledge.documents.reader import Reader
from core_pipeline.knowledge.documents.reading import MIMES, Reading
from errors import Impossible, NeedsOwner, Retryable
from tenants.blobs import Blobs
from tenants.db import Database
from tenants.documents import Quota, check
from tenants.models import Document, DocumentState, now

Progress = Callable[[float], Awaitable[None]]
Index = Callable[[str, str, Progress], Awaitable[None]]

LEASE_SECONDS = 60.0
POLL_SECONDS = 5.0
STARTED, READ, KEPT = 0.05, 0.4, 0.5
_BEATS_A_LEASE = 4
_PAGED = MIMES["pdf"]

_log = logging.getLogger(__name__)


class Librarian:
    """Reads, cuts and indexes documents one at a time.

    `index(tenant_id, document_id, progress)` makes the search hold exactly the rows that the document has now, also
    none, and may be called again at any time; `progress` takes its share done, 0..1. `lease` is in seconds.
    """

    def __init__(
        self,
        db: Database,
        blobs: Blobs,
        reader: Reader,
        index: Index,
        *,
        quota: Quota | None = None,
        lease: float = LEASE_SECONDS,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._reader = reader
        self._index = index
        self._quota = quota or Quota()
        self._lease = lease
        self._poll = poll
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Say that there may be work, so that it does not wait for the next look."""
        self._bell.set()

    async def run(self) -> None:
        """Work until cancelled; a document in hand is then left to the next worker."""
        while True:
            self._bell.clear()
            try:
                if await self.once():
                    continue
            except (Retryable, SQLAlchemyError) as trouble:
                _log.warning("documents wait: %s", type(trouble).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), self._poll)

    async def once(self) -> bool:
        """Work on one waiting document as far as it goes now; False when none waits."""
        async with self._db.platform(reads=True) as session:
            if not await claims.waiting(session, timedelta(seconds=self._lease)):
                return False
        async with self._db.platform() as session:
            claim = await claims.take(session, timedelta(seconds=self._lease))
        if claim is None:
            return False
        hand = Hand(self._db, claim)
        with contextlib.suppress(ClaimLost):
            async with hand.beating(self._lease / _BEATS_A_LEASE):
                await self._work(hand)
        return True

    async def _work(self, hand: Hand) -> None:
        """Bring the document to its end, or note why not: what is wrong with one must not stop the others."""
        try:
            if hand.claim.state != DocumentState.INDEXING:
                await self._read(hand)
            if hand.claim.state == DocumentState.INDEXING:
                await self._take_in(hand)
        except Retryable as trouble:
            later = now() + timedelta(seconds=trouble.after - self._lease)
            await hand.give_up(error=trouble.code, claimed_at=later)
        except (Impossible, NeedsOwner) as fault:
            await hand.give_up(state=DocumentState.FAILED, error=fault.code)
        except (ClaimLost, OperationalError, InterfaceError):
            raise  # with the database away nothing can be noted: the lease runs out, and it is taken up again
        except Exception as error:  # noqa: BLE001 - a fault of ours over one document
            _log.warning("document %s failed: %s", hand.claim.document_id, type(error).__name__)
            await hand.give_up(state=DocumentState.FAILED, error="document-failed")

    async def _read(self, hand: Hand) -> None:
        document = await hand.write(state=DocumentState.PARSING, progress=STARTED, error=None)
        data = await self._blobs.get(document.tenant_id, document.blob or "")
        reading = await self._reader.read(data, document.blob or "")
        async with self._db.tenant(document.tenant_id, reads=True) as session:
            await check(session, self._quota, pages=len(reading.pages), besides=document.id)
        values: dict[str, Any] = {
            "mime": MIMES[reading.kind],
            "pages": list(reading.pages),
            "mended": reading.mended,
            "progress": READ,
            "title": _title(document, reading),
        }
        if reading.mended:
            await hand.give_up(state=DocumentState.APPROVAL, **values)
        else:
            await hand.write(state=DocumentState.INDEXING, **values)

    async def _take_in(self, hand: Hand) -> None:
        document = await hand.write(progress=READ)
        contents = await asyncio.to_thread(contents_of, document.id, document.pages, paged=document.mime == _PAGED)
        async with hand.unit(progress=KEPT) as session:
            await check(session, self._quota, pieces=contents.rows, besides=document.id)
            await keep(session, document.id, contents)
        try:
            await self._index(document.tenant_id, document.id, partial(hand.progress, KEPT))
            await hand.give_up(state=DocumentState.READY, progress=1.0, error=None)
        except ClaimLost:
            # Replaced or removed meanwhile: what we have just put into the search may be what was to go.
            await self._index(document.tenant_id, document.id, _unheard)
            raise


def _title(document: Document, reading: Reading) -> str:
    """A page's own title is better than its address; a file keeps the name that it was given."""
    return reading.title if reading.title and document.url else document.title


async def _unheard(done: float) -> None:
    del done
