"""One tenant's index in one SQLite file (or in memory): FTS5 over our own terms, vectors as float32 blobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any

from core_pipeline.knowledge.pieces import Kind, Piece, Section
from core_pipeline.knowledge.store import (
    ASKED_SHARE,
    Candidate,
    Found,
    Matrix,
    Outrun,
    Ruined,
    State,
    Vector,
    Wanted,
    candidate,
    fuse,
    one_term_each,
    tally,
)
from core_pipeline.knowledge.vocabulary import Counts
from errors import Retryable

_LAYOUT = 1
_FTS = 'asked, told, content="", detail=column, columnsize=0, tokenize="unicode61 remove_diacritics 0"'
_SCHEMA = """
CREATE TABLE state (version INTEGER, claimed INTEGER, changes INTEGER, placed INTEGER, landmark BLOB, unswept INTEGER);
INSERT INTO state VALUES (-1, -1, 0, 0, x'', 0);
CREATE TABLE piece (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, section TEXT, kind TEXT, fact TEXT,
 language TEXT, digest TEXT, asked TEXT, told TEXT, spelt TEXT);
CREATE INDEX piece_fact ON piece (fact, language);
CREATE TABLE term (section TEXT, term TEXT, pieces INTEGER, PRIMARY KEY (section, term)) WITHOUT ROWID;
CREATE TABLE word (section TEXT, word TEXT, term TEXT, pieces INTEGER, PRIMARY KEY (section, word, term)) WITHOUT ROWID;
CREATE TABLE vector (n INTEGER PRIMARY KEY, section TEXT, place BLOB);
CREATE VIRTUAL TABLE questions USING fts5(%(fts)s);
CREATE VIRTUAL TABLE texts USING fts5(%(fts)s);
PRAGMA user_version = %(layout)d
"""
_OURS_TO_REPAIR = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_IOERR", "SQLITE_SCHEMA")
_TERM = "INSERT INTO term VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET pieces = pieces + excluded.pieces"
_WORD = "INSERT INTO word VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET pieces = pieces + excluded.pieces"
_WORDING = "SELECT n, id, kind, fact, language, asked, told FROM piece WHERE n IN "


def _many(values: Sequence[Any]) -> str:
    return f"({','.join('?' * len(values))})"


class Closed(Exception):
    """The file was closed between two calls; open it again."""


class SqliteFile:
    """One tenant's index; any thread may call, readers wait for no writer. Without a path it lies in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._matrices: dict[Section, tuple[int, Matrix]] = {}
        self._reader_lock = RLock()
        self._writer_lock = RLock() if path else self._reader_lock
        with self._guarded():
            self._writer = self._open()
            self._reader = self._open() if path else self._writer
        self._inode = path.stat().st_ino if path else 0

    @property
    def vector_bytes(self) -> int:
        """What the vectors held in memory weigh."""
        return sum(matrix.size for _, matrix in self._matrices.values())

    @property
    def there(self) -> bool:
        """Whether the file is still the one that was opened."""
        if self._path is None:
            return True
        try:
            return self._path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def forget_vectors(self) -> None:
        """Free the memory that the vectors take; they are read again when needed."""
        with self._reader_lock:
            self._matrices.clear()

    def close(self) -> None:
        """Close the file."""
        with self._writer_lock, self._reader_lock, suppress(sqlite3.Error):
            self._reader.close()
            self._writer.close()

    def state(self) -> State:
        """How far the index is."""
        return State(*self._read("SELECT version, claimed, changes, landmark FROM state")[0])

    def digests(self) -> dict[str, str]:
        """The digest of each piece by its id."""
        return dict(self._read("SELECT id, digest FROM piece"))

    def claim(self, version: int) -> None:
        """Announce the version that is coming; `Outrun` where a newer one was announced."""
        with self._transaction() as db:
            if db.execute("UPDATE state SET claimed = ?1 WHERE claimed <= ?1", (version,)).rowcount == 0:
                raise Outrun

    def write(self, version: int, gone: Sequence[str], new: Sequence[Piece]) -> None:
        """Take pieces out and put new ones in, all or nothing."""
        with self._transaction() as db:
            self._still_ours(db, version)
            self._take_out(db, [*gone, *(piece.id for piece in new)])
            self._put_in(db, new)
            db.execute("UPDATE state SET changes = changes + 1")

    def finish(self, version: int) -> None:
        """Note the version; where something was removed, leave no trace of it in the file."""
        with self._transaction() as db:
            self._still_ours(db, version)
            db.execute("UPDATE state SET version = ?, changes = changes + 1", (version,))
        if self._read("SELECT unswept FROM state")[0][0]:
            self._sweep()

    def _sweep(self) -> None:
        """Merge what FTS5 only marks as deleted, and bring the log into the file; removed pages are overwritten."""
        with self._transaction() as db:
            for section in Section:
                db.execute(f"INSERT INTO {section}({section}) VALUES ('optimize')")  # noqa: S608 - a section's name
        with self._writer_lock, self._guarded():
            in_the_way = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not in_the_way:
                self._writer.execute("UPDATE state SET unswept = 0")

    def counts(self, section: Section) -> Counts:
        """The vocabulary of a section."""
        with self._reader_lock, self._guarded():
            pieces = self._read("SELECT count(*) FROM piece WHERE section = ?", (section,))[0][0]
            terms = self._read("SELECT term, pieces FROM term WHERE section = ?", (section,))
            words = self._read("SELECT word, term, pieces FROM word WHERE section = ?", (section,))
        return Counts(pieces, dict(terms), one_term_each(words))

    def candidates(self, wanted: Wanted, vector: Vector | None, limit: int) -> Found:
        """Of each section the pieces with the heaviest terms and those nearest to the vector, fused by rank."""
        with self._reader_lock, self._guarded():
            return {section: self._nominated(section, terms, vector, limit) for section, terms in wanted.items()}

    def versions(self, facts: Sequence[str], language: str) -> dict[str, str]:
        """The id of each fact's version in a language."""
        asked = f"SELECT fact, id FROM piece WHERE language = ? AND fact IN {_many(facts)}"  # noqa: S608 - question marks
        return dict(self._read(asked, [language, *facts]))

    def bare(self, limit: int) -> list[tuple[str, Kind]]:
        """Some pieces without a vector."""
        asked = "SELECT id, kind FROM piece WHERE n NOT IN (SELECT n FROM vector) ORDER BY n LIMIT ?"
        return [(id_, Kind(kind)) for id_, kind in self._read(asked, (limit,))]

    def settle(self, landmark: bytes) -> None:
        """Take another landmark; the vectors before are dropped."""
        with self._transaction() as db:
            db.execute("DELETE FROM vector")
            db.execute("UPDATE state SET landmark = ?, placed = placed + 1, unswept = 1", (landmark,))

    def place(self, landmark: bytes, vectors: Mapping[str, bytes]) -> None:
        """Give pieces their vectors; `Outrun` when another embedder has settled meanwhile."""
        rows = [(vector, id_) for id_, vector in vectors.items()]
        with self._transaction() as db:
            if db.execute("SELECT landmark FROM state").fetchone()[0] != landmark:
                raise Outrun
            db.executemany("INSERT OR REPLACE INTO vector SELECT n, section, ? FROM piece WHERE id = ?", rows)
            db.execute("UPDATE state SET placed = placed + 1")

    def _nominated(
        self, section: Section, terms: Mapping[str, int], vector: Vector | None, limit: int
    ) -> list[Candidate]:
        heavy = self._heaviest(section, terms, limit)
        near = dict(self._matrix(section).nearest(vector, limit)) if vector is not None else {}
        ranks = fuse([heavy, list(near)], limit)
        rows = self._read(_WORDING + _many([*ranks]), [*ranks])
        return [candidate(row, ranks, near) for row in rows]

    def _heaviest(self, section: Section, terms: Mapping[str, int], limit: int) -> list[int]:
        if not terms:
            return []
        share = ASKED_SHARE[section]
        matches: list[tuple[int, str]] = []
        for term, weight in terms.items():
            matches.append((weight, f'"{term}"'))
            if share > 1:
                matches.append(((share - 1) * weight, f'asked:"{term}"'))
        each = f"SELECT rowid, ? AS weight FROM {section} WHERE {section} MATCH ?"  # noqa: S608 - a section's name
        asked = f"SELECT rowid FROM ({' UNION ALL '.join([each] * len(matches))})"  # noqa: S608 - a section's name
        values = [value for pair in matches for value in pair]
        rows = self._read(f"{asked} GROUP BY rowid ORDER BY sum(weight) DESC, rowid LIMIT ?", [*values, limit])
        return [n for (n,) in rows]

    def _matrix(self, section: Section) -> Matrix:
        placed, landmark = self._read("SELECT placed, landmark FROM state")[0]
        kept = self._matrices.get(section)
        if kept is None or kept[0] != placed:
            rows = self._read("SELECT n, place FROM vector WHERE section = ?", (section,))
            kept = placed, Matrix([n for n, _ in rows], b"".join(place for _, place in rows), len(landmark) // 4)
            self._matrices[section] = kept
        return kept[1]

    @staticmethod
    def _still_ours(db: sqlite3.Connection, version: int) -> None:
        if db.execute("SELECT claimed FROM state").fetchone()[0] != version:
            raise Outrun

    @staticmethod
    def _take_out(db: sqlite3.Connection, ids: Sequence[str]) -> None:
        asked = f"SELECT n, section, asked, told, spelt FROM piece WHERE id IN {_many(ids)}"  # noqa: S608 - question marks
        rows = db.execute(asked, ids).fetchall()
        for section in Section:
            old = [(n, asked, told) for n, of, asked, told, _ in rows if of == section]
            drop = f"INSERT INTO {section}({section}, rowid, asked, told) VALUES ('delete', ?, ?, ?)"  # noqa: S608 - a section's name
            db.executemany(drop, old)
        _count(db, [(Section(of), asked, told, spelt) for _, of, asked, told, spelt in rows], -1)
        numbers = [(row[0],) for row in rows]
        db.executemany("DELETE FROM piece WHERE n = ?", numbers)
        db.executemany("DELETE FROM vector WHERE n = ?", numbers)
        if rows:
            db.execute("UPDATE state SET placed = placed + 1, unswept = 1")

    @staticmethod
    def _put_in(db: sqlite3.Connection, new: Sequence[Piece]) -> None:
        insert = (
            "INSERT INTO piece (id, section, kind, fact, language, digest, asked, told, spelt)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        )
        for piece in new:
            place = piece.section, piece.kind, piece.fact, piece.language, piece.digest
            n = db.execute(insert, (piece.id, *place, piece.asked, piece.told, piece.spelt)).lastrowid
            fill = f"INSERT INTO {piece.section}(rowid, asked, told) VALUES (?, ?, ?)"  # noqa: S608 - a section's name
            db.execute(fill, (n, piece.asked, piece.told))
        _count(db, [(piece.section, piece.asked, piece.told, piece.spelt) for piece in new], 1)

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path or ":memory:", isolation_level=None, check_same_thread=False)
        # What is removed is overwritten; the index can be made anew, so it need not survive a power cut by itself.
        for pragma in ("busy_timeout=30000", "secure_delete=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN IMMEDIATE")
        layout = db.execute("PRAGMA user_version").fetchone()[0]
        for statement in (_SCHEMA % {"fts": _FTS, "layout": _LAYOUT}).split(";") if layout == 0 else ():
            db.execute(statement)
        db.execute("COMMIT")
        if layout not in {0, _LAYOUT}:
            raise Ruined(f"layout {layout}")
        return db

    def _read(self, asked: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._reader_lock, self._guarded():
            return self._reader.execute(asked, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writer_lock, self._guarded():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Tell a file that is to be made anew from a disk or a neighbour that is in the way."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise Closed from error
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
            if name.startswith(_OURS_TO_REPAIR):
                raise Ruined(name) from error
            raise Retryable("search-store", f"SQLite says {name}: look at the disk's space and rights") from error


def _count(db: sqlite3.Connection, wordings: list[tuple[Section, str, str, str]], sign: int) -> None:
    """Add the pieces' terms and spellings to the vocabulary, or take them out of it."""
    found = tally(wordings)
    terms = [(*key, sign * n) for key, n in found.terms.items()]
    words = [(*key, sign * n) for key, n in found.words.items()]
    db.executemany(_TERM, terms)
    db.executemany(_WORD, words)
    if sign < 0:
        db.executemany("DELETE FROM term WHERE section = ? AND term = ? AND pieces <= 0", found.terms)
        db.executemany("DELETE FROM word WHERE section = ? AND word = ? AND term = ? AND pieces <= 0", found.words)
