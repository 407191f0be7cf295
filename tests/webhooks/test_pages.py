"""The widget's files and the page to try a tenant's assistant, as a browser gets them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tenants.models import Tenant
from tests.conftest import Floor
from tests.factories import make_tenant
from webhooks.pages import routes

HOSTILE = '<img src=x onerror="alert(1)"> & Sons'


@dataclass(frozen=True)
class Site:
    """A site with one tenant whose page is open to all."""

    http: httpx.AsyncClient
    floor: Floor
    tenant: Tenant
    built: Path


@pytest.fixture
async def site(database: Floor, tmp_path: Path) -> AsyncIterator[Site]:
    built = tmp_path / "built"
    built.mkdir()
    for name in ("voice-mic.js", "voice-mic-worklet.js", "react.js"):
        (built / name).write_text(f"// {name}\n", encoding="utf-8")
    tenant = await make_tenant(database.db, name_ar="مقهى النخلة", name_en=HOSTILE, policy={"try_page": True})
    app = Starlette(routes=routes(database.db, built, lambda tenant_id: f'token-for-"{tenant_id}"'))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://voice.example") as http:
        yield Site(http, database, tenant, built)


async def page(site: Site, query: str = "") -> str:
    answer = await site.http.get(f"/try/{site.tenant.slug}?{query}")
    assert answer.status_code == 200
    return answer.text


async def test_the_page_is_in_the_visitors_language_and_names_the_business(site: Site) -> None:
    arabic = await page(site)
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "مقهى النخلة" in arabic
    english = await page(site, "lang=en&mode=live&avatar=on")
    assert '<html lang="en" dir="ltr">' in english
    assert re.search(r'<voice-mic language="en" mode="live" avatar="on" token="[^"]+">', english)
    assert english.count('aria-current="true"') == 2


async def test_nothing_of_a_name_or_a_token_or_an_address_becomes_markup(site: Site) -> None:
    text = await page(site, 'lang=en&mode="><script>&avatar=$name')
    assert "<img" not in text
    assert "&lt;img" in text
    assert f"token-for-&quot;{site.tenant.id}&quot;" in text
    assert re.search(r'mode="push" avatar="none"', text)
    assert "style=" not in text
    assert "<script>" not in text


async def test_the_page_may_reach_nobody_else(site: Site) -> None:
    answer = await site.http.get(f"/try/{site.tenant.slug}")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self' wss://voice.example;" in policy
    assert answer.headers["cache-control"] == "no-store"
    strange = await site.http.get(f"/try/{site.tenant.slug}", headers={"Host": "a.example; script-src *"})
    assert "script-src *" not in strange.headers["content-security-policy"]


async def test_only_tenants_who_want_a_page_have_one(site: Site) -> None:
    db = site.floor.db
    closed = await make_tenant(db, policy={"try_page": False})
    gone = await make_tenant(db, policy={"try_page": True}, active=False)
    for slug in (closed.slug, gone.slug, "nobody", "%00", "..%2fwidget"):
        assert (await site.http.get(f"/try/{slug}")).status_code == 404


async def test_files_are_kept_for_good_under_the_address_of_their_content(site: Site) -> None:
    script = re.search(r'src="(/widget/voice-mic\.js\?v=[0-9a-f]{16})"', await page(site))
    sheet = re.search(r'href="(/widget/try\.css\?v=[0-9a-f]{16})"', await page(site))
    assert script is not None
    assert sheet is not None
    for found, mime in ((script, "text/javascript"), (sheet, "text/css")):
        answer = await site.http.get(found[1])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(mime)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_file_that_changed_is_sent_again_and_no_other(site: Site) -> None:
    first = await site.http.get("/widget/voice-mic.js")
    assert "immutable" not in first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    assert (await site.http.get("/widget/voice-mic.js", headers=known)).status_code == 304
    assert "immutable" not in (await site.http.get("/widget/voice-mic.js?v=another")).headers["cache-control"]
    (site.built / "voice-mic.js").write_text("// another\n", encoding="utf-8")
    assert (await site.http.get("/widget/voice-mic.js", headers=known)).text == "// another\n"


async def test_only_known_files_are_served_and_what_is_not_built_says_how_to_build_it(site: Site) -> None:
    (site.built / "secret.txt").write_text("no", encoding="utf-8")
    for name in ("secret.txt", "..%2fserving.py", ".done", "try.html"):
        assert (await site.http.get(f"/widget/{name}")).status_code == 404
    (site.built / "voice-mic.js").unlink()
    answer = await site.http.get("/widget/voice-mic.js")
    assert answer.status_code == 503
    assert "make widget" in answer.text
    assert 'src="/widget/voice-mic.js"' in await page(site)
