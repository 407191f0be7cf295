"""The operator's commands on avatars, through the command line's own door."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from typer.testing import CliRunner, Result

from admin.commands import atelier as studio
from admin.commands.atelier import Atelier, open_atelier
from admin.commands.avatars import avatars_of
from core_pipeline.atelier import Workroom
from core_pipeline.engines.asr.demo.engine import Recogniser
from core_pipeline.engines.fair import FairGate
from core_pipeline.engines.landmarks.proposing import proposed
from core_pipeline.engines.router import Engines
from core_pipeline.media.sandbox import Sandbox
from core_pipeline.portraits.workshop import Workshop
from errors import Impossible
from tenants.blobs import Blobs
from tenants.db import Database
from tests.cloning.people import MAN, stored
from tests.cloning.test_console import Paper as Hearing
from tests.cloning.test_console import in_new_loop, recorded
from tests.conftest import Floor
from tests.factories import bench, make_tenant
from tests.portraits.files import MANIFEST, art, corners, pack, png_file
from tests.portraits.house import POINTS
from tests.portraits.house import Engines as Paper


class Console:
    """Runs commands against one installation's data, each in a process of its own as far as it can tell."""

    def __init__(self, url: str, folder: Path, recogniser: Recogniser) -> None:
        self.url, self.folder, self.recogniser = url, folder, recogniser
        self.engines = Paper()

    def run(self, *words: str) -> Result:
        """What the command printed and how it ended."""
        return CliRunner().invoke(avatars_of(self._in_atelier), list(words))

    def _in_atelier(self, work: Callable[[Atelier], Awaitable[Any]]) -> Any:
        async def opened() -> Any:
            async with AsyncExitStack() as stack:
                return await work(await self._atelier(stack))

        return in_new_loop(opened())

    async def _atelier(self, stack: AsyncExitStack) -> Atelier:
        db = await stack.enter_async_context(Database(self.url))
        workshop = await stack.enter_async_context(Workshop())
        sandbox = await stack.enter_async_context(Sandbox())

        blobs, films = Blobs(f"file://{self.folder / 'blobs'}"), self.folder / "previews"
        room = Workroom(db, blobs, sandbox, Hearing(self.recogniser).engines, FairGate(1))
        return Atelier(room, workshop, self.engines.craft, films, proposed)


@pytest.fixture
def console(sqlite_url_pair: tuple[str, str], tmp_path: Path, recogniser: Recogniser) -> Console:
    return Console(sqlite_url_pair[0], tmp_path, recogniser)


@pytest.fixture
def tenant(console: Console) -> str:
    async def made() -> str:
        async with Database(console.url) as db:
            return (await make_tenant(db, name_ar="مطعم اللؤلؤة")).slug

    slug: str = in_new_loop(made())
    return slug


def kept(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    return str(file)


def own(console: Console, tenant: str) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = json.loads(console.run("list", "--tenant", tenant, "--json").stdout)
    return listed


def test_the_shelf_is_listed_shown_drawn_and_packed(console: Console, tmp_path: Path) -> None:
    [salma] = [one for one in json.loads(console.run("list", "--json").stdout) if one["slug"] == "salma"]
    assert {"slug", "name", "gender", "age", "licence"} == salma.keys()
    assert json.loads(console.run("show", "salma").stdout)["kind"] == "illustrated"
    drawn = Path(console.run("preview", "salma").stdout.strip())
    assert drawn.read_bytes() == console.engines.film
    assert console.run("preview", "salma").stdout.strip() == str(drawn)
    assert len(console.engines.drawn) == 1
    assert console.run("export", "salma", str(tmp_path / "salma.zip")).exit_code == 0
    assert (tmp_path / "salma.zip").read_bytes().startswith(b"PK")
    refused = console.run("preview", "nobody")
    assert refused.exit_code == 1
    assert "no-such-avatar" in refused.output
    assert "القائمة" in refused.output
    assert isinstance(console.run("show", "nobody").exception, Impossible)


def test_a_drawn_avatar_from_import_to_deletion(console: Console, tenant: str, tmp_path: Path) -> None:
    taken = console.run("import", kept(tmp_path / "huda.zip", pack()), "--tenant", tenant)
    assert taken.exit_code == 0, taken.output
    [avatar] = own(console, tenant)
    choice = f"own:{avatar['id']}"
    assert choice in taken.stdout
    assert (avatar["kind"], avatar["state"]) == ("illustrated", "ready")
    logo = kept(tmp_path / "logo.png", png_file(corners()))
    dressed = ("dress", avatar["id"], "--tenant", tenant, "--clothes", "#102030", "--logo", logo)
    assert console.run(*dressed).exit_code == 0
    shown = json.loads(console.run("show", choice, "--tenant", tenant).stdout)
    assert (shown["colours"], shown["created_by"]) == ({"clothes": "#102030"}, "operator")
    assert Path(console.run("preview", choice, "--tenant", tenant).stdout.strip()).is_file()
    assert console.engines.drawn[-1].colours == {"clothes": "#102030"}
    out = tmp_path / "again.zip"
    assert console.run("export", choice, str(out), "--tenant", tenant).exit_code == 0
    assert console.run("import", str(out), "--tenant", tenant).exit_code == 0
    for one in own(console, tenant):
        assert "Deleted" in console.run("delete", one["id"], "--tenant", tenant).stdout
    assert own(console, tenant) == []
    assert stored(tmp_path / "blobs") == []


def test_a_bad_file_is_explained_in_both_languages(console: Console, tenant: str, tmp_path: Path) -> None:
    bad = kept(tmp_path / "bad.zip", pack(svg=art("<script/>")))
    told = console.run("import", bad, "--tenant", tenant)
    assert told.exit_code == 1
    assert "svg-element: line 1: <script>" in told.output
    assert "shapes and gradients only" in told.output
    assert "الأشكال" in told.output
    odd = kept(tmp_path / "odd.zip", pack(toml=MANIFEST.replace("adult", "x").encode()))
    assert "avatar-manifest: age" in console.run("import", odd, "--tenant", tenant).output
    assert own(console, tenant) == []


def test_a_photograph_from_picture_to_revocation(console: Console, tenant: str, tmp_path: Path) -> None:
    file, of = kept(tmp_path / "me.png", png_file(corners())), ("--tenant", tenant)
    taken = console.run("photo", file, *of, "--name-ar", "خالد", "--name-en", "Khalid")
    assert taken.exit_code == 0, taken.output
    [avatar] = own(console, tenant)
    spots = kept(tmp_path / "points.json", json.dumps(POINTS).encode())
    console.engines.problems = ("tilted",)
    poor = console.run("points", avatar["id"], *of, "--file", spots)
    assert poor.exit_code == 1
    assert "tilted" in poor.output
    console.engines.problems = ()
    assert console.run("points", avatar["id"], *of, "--spots", "40,30 80,30 60,60").exit_code == 0
    assert set(console.engines.seen[-1][1]) > {"chin", "lip_top"}
    assert console.run("points", avatar["id"], *of).exit_code == 2
    for wrong in (("--spots", "1,2 3"), ("--file", kept(tmp_path / "no.json", b"[[["))):
        assert "points-missing" in console.run("points", avatar["id"], *of, *wrong).output
    asked = console.run("sentence", avatar["id"], *of, "--person", "خالد يوسف")
    sentence = asked.stdout.strip()
    assert "مطعم اللؤلؤة" in sentence
    wrong_words = recorded("مرحبا، كم سعر الشاورما اليوم؟", MAN, tmp_path / "w.ogg")
    refused = console.run("consent", avatar["id"], wrong_words, *of)
    assert refused.exit_code == 1
    assert "not-read" in refused.output
    heard = console.run("consent", avatar["id"], recorded(sentence, MAN, tmp_path / "m.ogg"), *of)
    assert heard.exit_code == 0, heard.output
    assert f"own:{avatar['id']}" in heard.stdout
    assert "3 files" not in console.run("revoke", avatar["id"], *of).output
    assert stored(tmp_path / "blobs") == []
    [left] = own(console, tenant)
    assert (left["state"], left["person"]) == ("revoked", "خالد يوسف")
    assert "record" in console.run("delete", avatar["id"], *of).stdout


async def test_the_real_engines_draw_an_avatar_of_the_shelf(sqlite_database: Floor, tmp_path: Path) -> None:
    engines = Engines({"video": "illustrated"}, bench(tmp_path))
    blobs = Blobs(f"file://{tmp_path / 'blobs'}")
    async with open_atelier(sqlite_database.db, blobs, engines, tmp_path / "previews") as atelier:
        file = await studio.previewed(atelier, "", "salma")
        assert atelier.explain("tilted", "en") != "tilted"
        assert "shapes" in atelier.explain("svg-element", "en")
    await engines.close()
    with av.open(file) as film:
        pictures = [frame.to_ndarray(format="gray").astype(int) for frame in film.decode(video=0)]
    assert len(pictures) == 50
    assert pictures[0].shape == (512, 512)
    assert max(abs(one - other).max() for one, other in pairwise(pictures)) > 40


def test_a_consent_before_its_sentence_is_explained(console: Console, tenant: str, tmp_path: Path) -> None:
    file = kept(tmp_path / "me.png", png_file(corners()))
    console.run("photo", file, "--tenant", tenant, "--name-ar", "خالد", "--name-en", "Khalid")
    [avatar] = own(console, tenant)
    told = console.run("consent", avatar["id"], file, "--tenant", tenant)
    assert told.exit_code == 1
    assert "points-needed" in told.output
