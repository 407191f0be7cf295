"""The indexes of all tenants as tables on Postgres, walled off by row-level security like the rows they come from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from core_pipeline.knowledge.pieces import Kind, Piece, Section
from core_pipeline.knowledge.store import (
    ASKED_SHARE,
    Candidate,
    Found,
    Matrix,
    Outrun,
    State,
    Vector,
    Wanted,
    candidate,
    fuse,
    one_term_each,
    tally,
)
from core_pipeline.knowledge.vocabulary import Counts
from tenants.db import Database

# From here to the transaction's end it is the tenant's: the wall stands although the session is the platform's.
_ENTER = "SELECT set_config('sawtak.platform', '', true), set_config('sawtak.tenant', :tenant, true)"
_BEGIN = "INSERT INTO search_state VALUES (:tenant, -1, -1, 0, 0, '') ON CONFLICT DO NOTHING"
_STATE = "SELECT version, claimed, changes, landmark, placed FROM search_state WHERE tenant_id = :tenant"
_INSERT = """INSERT INTO search_piece (tenant_id, id, section, kind, fact, language, digest, asked, told, spelt)
 SELECT CAST(:tenant AS text), * FROM unnest({0})"""
_INDEX = """INSERT INTO search_index SELECT tenant_id, n, section,
 setweight(to_tsvector('simple', asked), 'A') || setweight(to_tsvector('simple', told), 'B')
 FROM search_piece WHERE tenant_id = :tenant AND id = ANY(:ids)"""
_COUNT = """INSERT INTO search_{0} SELECT CAST(:tenant AS text), * FROM unnest({1}, CAST(:pieces AS int[]))
 ON CONFLICT (tenant_id, {2}) DO UPDATE SET pieces = search_{0}.pieces + excluded.pieces"""
_PLACE = """INSERT INTO search_vector (tenant_id, n, section, place)
 SELECT tenant_id, n, section, {0} FROM search_piece WHERE tenant_id = :tenant AND id = :id
 ON CONFLICT (tenant_id, n) DO UPDATE SET place = excluded.place"""
_NEAREST = """SELECT n, -(place <#> CAST(:vector AS vector)) FROM search_vector
 WHERE tenant_id = :tenant AND section = :section ORDER BY place <#> CAST(:vector AS vector), n LIMIT :most"""
_BARE = """SELECT id, kind FROM search_piece WHERE tenant_id = :tenant AND n NOT IN
 (SELECT n FROM search_vector WHERE tenant_id = :tenant) ORDER BY n LIMIT :most"""
_TABLES = ("search_vector", "search_word", "search_term", "search_index", "search_piece", "search_state")


class PostgresStore:
    """Compares vectors by pgvector where the tables were made with it, else by numpy, keeping `memory` bytes."""

    def __init__(self, db: Database, *, memory: int = 512 * 1024 * 1024) -> None:
        self._db, self._memory = db, memory
        self._pgvector: bool | None = None
        self._matrices: OrderedDict[tuple[str, Section], tuple[int, Matrix]] = OrderedDict()

    async def state(self, tenant_id: str) -> State:
        """How far the tenant's index is."""
        async with self._unit(tenant_id, reads=True) as unit:
            row = await unit.first(_STATE)
        return State(*row[:4]) if row else State()

    async def digests(self, tenant_id: str) -> dict[str, str]:
        """The digest of each piece by its id."""
        async with self._unit(tenant_id, reads=True) as unit:
            rows = await unit.all("SELECT id, digest FROM search_piece WHERE tenant_id = :tenant")
        return {id_: digest for id_, digest in rows}  # noqa: C416 - rows are no pairs to a type checker

    async def claim(self, tenant_id: str, version: int) -> None:
        """Announce the version that is coming."""
        async with self._unit(tenant_id) as unit:
            await unit.run(_BEGIN)
            row = await unit.first(f"{_STATE} FOR UPDATE")
            if row.claimed > version:
                raise Outrun
            await unit.run("UPDATE search_state SET claimed = :version WHERE tenant_id = :tenant", version=version)

    async def write(self, tenant_id: str, version: int, gone: Sequence[str], new: Sequence[Piece]) -> None:
        """Take pieces out and put new ones in."""
        async with self._unit(tenant_id) as unit:
            await self._still_ours(unit, version)
            await _take_out(unit, [*gone, *(piece.id for piece in new)])
            await _put_in(unit, new)
            await unit.run("UPDATE search_state SET changes = changes + 1 WHERE tenant_id = :tenant")

    async def finish(self, tenant_id: str, version: int) -> None:
        """Note the version; the rows that were removed are the server's to vacuum, like those they came from."""
        async with self._unit(tenant_id) as unit:
            await self._still_ours(unit, version)
            done = "UPDATE search_state SET version = :version, changes = changes + 1 WHERE tenant_id = :tenant"
            await unit.run(done, version=version)

    async def counts(self, tenant_id: str, section: Section) -> Counts:
        """The vocabulary of a section."""
        where = "WHERE tenant_id = :tenant AND section = :section"
        async with self._unit(tenant_id, reads=True) as unit:
            pieces = await unit.first(f"SELECT count(*) FROM search_piece {where}", section=section)
            terms = await unit.all(f"SELECT term, pieces FROM search_term {where}", section=section)
            words = await unit.all(f"SELECT word, term, pieces FROM search_word {where}", section=section)
        return Counts(pieces[0], dict(map(tuple, terms)), one_term_each(map(tuple, words)))

    async def candidates(self, tenant_id: str, wanted: Wanted, vector: Vector | None, limit: int) -> Found:
        """Of each section the heaviest and the nearest pieces, fused by rank."""
        async with self._unit(tenant_id, reads=True) as unit:
            return {
                section: await self._nominated(unit, section, terms, vector, limit) for section, terms in wanted.items()
            }

    async def versions(self, tenant_id: str, facts: Sequence[str], language: str) -> dict[str, str]:
        """The id of each fact's version in a language."""
        asked = "SELECT fact, id FROM search_piece WHERE tenant_id = :tenant AND language = :language"
        async with self._unit(tenant_id, reads=True) as unit:
            rows = await unit.all(f"{asked} AND fact = ANY(:facts)", language=language, facts=[*facts])
        return dict(map(tuple, rows))

    async def bare(self, tenant_id: str, limit: int) -> list[tuple[str, Kind]]:
        """Some of the pieces without a vector."""
        async with self._unit(tenant_id, reads=True) as unit:
            return [(id_, Kind(kind)) for id_, kind in await unit.all(_BARE, most=limit)]

    async def settle(self, tenant_id: str, landmark: bytes) -> None:
        """Take another embedder's landmark."""
        async with self._unit(tenant_id) as unit:
            await unit.run(_BEGIN)
            await unit.first(f"{_STATE} FOR UPDATE")
            await unit.run("DELETE FROM search_vector WHERE tenant_id = :tenant")
            moved = "UPDATE search_state SET landmark = :landmark, placed = placed + 1 WHERE tenant_id = :tenant"
            await unit.run(moved, landmark=landmark)

    async def place(self, tenant_id: str, landmark: bytes, vectors: Mapping[str, bytes]) -> None:
        """Give pieces their vectors."""
        async with self._unit(tenant_id) as unit:
            row = await unit.first(f"{_STATE} FOR UPDATE")
            if row is None or row.landmark != landmark:
                raise Outrun
            native = await self._native(unit)
            rows = [{"id": id_, "place": _literal(place) if native else place} for id_, place in vectors.items()]
            await unit.many(_PLACE.format("CAST(:place AS vector)" if native else ":place"), rows)
            await unit.run("UPDATE search_state SET placed = placed + 1 WHERE tenant_id = :tenant")

    async def erase(self, tenant_id: str) -> None:
        """Delete the tenant's rows."""
        async with self._unit(tenant_id) as unit:
            await unit.first(f"{_STATE} FOR UPDATE")
            for table in _TABLES:
                await unit.run(f"DELETE FROM {table} WHERE tenant_id = :tenant")
        self._forget(tenant_id)

    async def close(self) -> None:
        """Free the vectors; the database is its owner's to close."""
        self._matrices.clear()

    def _forget(self, tenant_id: str) -> None:
        for section in Section:
            self._matrices.pop((tenant_id, section), None)

    async def _still_ours(self, unit: _Unit, version: int) -> None:
        row = await unit.first(f"{_STATE} FOR UPDATE")
        if row is None or row.claimed != version:
            raise Outrun

    async def _nominated(
        self, unit: _Unit, section: Section, terms: Mapping[str, int], vector: Vector | None, limit: int
    ) -> list[Candidate]:
        heavy = await _heaviest(unit, section, terms, limit)
        near = dict(await self._nearest(unit, section, vector, limit)) if vector is not None else {}
        ranks = fuse([heavy, list(near)], limit)
        asked = "SELECT n, id, kind, fact, language, asked, told FROM search_piece"
        rows = await unit.all(f"{asked} WHERE tenant_id = :tenant AND n = ANY(:numbers)", numbers=[*ranks])
        return [candidate(row, ranks, near) for row in rows]

    async def _nearest(self, unit: _Unit, section: Section, vector: Vector, limit: int) -> Sequence[tuple[int, float]]:
        if await self._native(unit):
            rows = await unit.all(_NEAREST, section=section, vector=_literal(vector.tobytes()), most=limit)
            return [(n, float(likeness)) for n, likeness in rows]
        return (await self._matrix(unit, section, len(vector))).nearest(vector, limit)

    async def _matrix(self, unit: _Unit, section: Section, dimension: int) -> Matrix:
        placed = (await unit.first(_STATE)).placed
        key = unit.tenant, section
        kept = self._matrices.get(key)
        if kept is None or kept[0] != placed:
            asked = "SELECT n, place FROM search_vector WHERE tenant_id = :tenant AND section = :section"
            rows = await unit.all(asked, section=section)
            kept = placed, Matrix([n for n, _ in rows], b"".join(place for _, place in rows), dimension)
            self._matrices[key] = kept
        self._matrices.move_to_end(key)
        while sum(matrix.size for _, matrix in self._matrices.values()) > self._memory:
            self._matrices.popitem(last=False)
        return kept[1]

    async def _native(self, unit: _Unit) -> bool:
        """Whether the vectors' column is pgvector's."""
        if self._pgvector is None:
            asked = "SELECT udt_name FROM information_schema.columns"
            row = await unit.first(f"{asked} WHERE table_name = 'search_vector' AND column_name = 'place'")
            self._pgvector = row[0] == "vector"
        return self._pgvector

    @asynccontextmanager
    async def _unit(self, tenant_id: str, *, reads: bool = False) -> AsyncIterator[_Unit]:
        async with self._db.platform(reads=reads) as session:
            await session.execute(text(_ENTER), {"tenant": tenant_id})
            yield _Unit(session, tenant_id)


class _Unit:
    """One transaction of one tenant: its id goes with every statement, and the server checks it on every row."""

    def __init__(self, session: AsyncSession, tenant: str) -> None:
        self._session = session
        self.tenant = tenant

    async def run(self, statement: str, **values: Any) -> None:
        await self._session.execute(text(statement), {"tenant": self.tenant, **values})

    async def many(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self._session.execute(text(statement), [{"tenant": self.tenant, **row} for row in rows])

    async def all(self, asked: str, **values: Any) -> Sequence[Any]:
        return (await self._session.execute(text(asked), {"tenant": self.tenant, **values})).all()

    async def first(self, asked: str, **values: Any) -> Any:
        return (await self._session.execute(text(asked), {"tenant": self.tenant, **values})).first()


async def _heaviest(unit: _Unit, section: Section, terms: Mapping[str, int], limit: int) -> list[int]:
    """Sum the weights of the terms that each of the tenant's pieces has.

    No GIN index serves here: row-level security must judge a row before `@@` may see it, so Postgres reads the tenant's
    rows whether there is an index or not. They lie by themselves, without the texts, so that there is little to read.
    """
    if not terms:
        return []
    share = ASKED_SHARE[section]
    values: dict[str, str] = {}
    cases = []
    for place, (term, weight) in enumerate(terms.items()):
        values |= {f"t{place}": f"'{term}'", f"a{place}": f"'{term}':A"}
        cases.append(f"CASE WHEN terms @@ CAST(:t{place} AS tsquery) THEN {weight} ELSE 0 END")
        if share > 1:
            cases.append(f"CASE WHEN terms @@ CAST(:a{place} AS tsquery) THEN {weight * (share - 1)} ELSE 0 END")
    values["any"] = " | ".join(f"'{term}'" for term in terms)
    rows = await unit.all(
        "SELECT n FROM search_index WHERE tenant_id = :tenant AND section = :section"
        f" AND terms @@ CAST(:any AS tsquery) ORDER BY {' + '.join(cases)} DESC, n LIMIT :most",
        section=section,
        most=limit,
        **values,
    )
    return [n for (n,) in rows]


async def _take_out(unit: _Unit, ids: Sequence[str]) -> None:
    where = "WHERE tenant_id = :tenant AND id = ANY(:ids)"
    rows = await unit.all(f"SELECT n, section, asked, told, spelt FROM search_piece {where}", ids=[*ids])
    if not rows:
        return
    await _count(unit, [(Section(of), asked, told, spelt) for _, of, asked, told, spelt in rows], -1)
    for table in ("search_vector", "search_index"):
        await unit.run(f"DELETE FROM {table} WHERE tenant_id = :tenant AND n = ANY(:n)", n=[row.n for row in rows])
    await unit.run(f"DELETE FROM search_piece {where}", ids=[*ids])
    await unit.run("UPDATE search_state SET placed = placed + 1 WHERE tenant_id = :tenant")


async def _put_in(unit: _Unit, new: Sequence[Piece]) -> None:
    names = ("id", "section", "kind", "fact", "language", "digest", "asked", "told", "spelt")
    columns = {name: [str(getattr(piece, name)) for piece in new] for name in names}
    await unit.run(_INSERT.format(_arrays(names)), **columns)
    await unit.run(_INDEX, ids=columns["id"])
    await _count(unit, [(piece.section, piece.asked, piece.told, piece.spelt) for piece in new], 1)


async def _count(unit: _Unit, wordings: list[tuple[Section, str, str, str]], sign: int) -> None:
    """Add the pieces' terms and spellings to the vocabulary, or take them out of it."""
    found = tally(wordings)
    await _add(unit, "term", ("section", "term"), found.terms, sign)
    await _add(unit, "word", ("section", "word", "term"), found.words, sign)


async def _add(unit: _Unit, table: str, names: Sequence[str], pieces: Mapping[Any, int], sign: int) -> None:
    columns = {name: [str(key[place]) for key in pieces] for place, name in enumerate(names)}
    statement = _COUNT.format(table, _arrays(names), ", ".join(names))
    await unit.run(statement, **columns, pieces=[sign * n for n in pieces.values()])
    if sign < 0:
        await unit.run(f"DELETE FROM search_{table} WHERE tenant_id = :tenant AND pieces <= 0")


def _arrays(names: Sequence[str]) -> str:
    return ", ".join(f"CAST(:{name} AS text[])" for name in names)


def _literal(vector: bytes) -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(map(repr, np.frombuffer(vector, dtype=np.float32).tolist()))}]"
