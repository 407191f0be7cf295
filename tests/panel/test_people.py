"""Signing in, one's own page, colleagues and the audit, as browsers see them."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pyotp
import pytest
from sqlalchemy import select

from admin.frame.guard import WANTED
from tenants.models import AuditEntry, Person
from tenants.people import passwords
from tenants.people.roles import Role
from tests.factories import make_tenant
from tests.panel.house import Panel

PASSWORD = "correct horse, battery 9"


def field(page: httpx.Response, name: str) -> str:
    """A hidden field's value."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found
    return unescape(found[1])


def link_in(page: httpx.Response) -> str:
    """The address within a page on which a link is shown."""
    found = re.search(r"/admin/invite/[\w-]{43}", page.text)
    assert found
    return found[0]


async def known(panel: Panel) -> Person:
    """An owner with a password."""
    return await panel.person(Role.OWNER, password=await passwords.hashed(PASSWORD))


async def signed(http: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/admin/sign-in", data={"login": login, "password": password})


async def deeds(panel: Panel) -> str:
    async with panel.db.platform(reads=True) as session:
        return repr([one.model_dump() for one in (await session.scalars(select(AuditEntry))).all()])


async def test_somebody_signs_in_and_out(panel: Panel) -> None:
    person = await known(panel)
    async with panel.stranger({"sawtak-language": "en"}) as http:
        assert (await http.get("/admin/sign-in")).status_code == 200
        wrong = await signed(http, person.login, "wrong")
        assert (wrong.status_code, "sawtak" in http.cookies) == (422, False)
        assert "wrong" in wrong.text
        assert person.login in wrong.text
        came = await signed(http, person.login)
        cookie = came.headers["set-cookie"]
        assert (came.status_code, came.headers["location"]) == (303, "/admin/")
        for part in ("HttpOnly", "SameSite=lax", "Path=/admin"):
            assert part in cookie
        assert "Secure" not in cookie  # this panel is visited by http
        me = await http.get("/admin/me")
        assert me.status_code == 200
        out = await http.post("/admin/sign-out", data={"csrf": field(me, "csrf")})
        assert out.headers["location"] == "/admin/sign-in"
        assert (await http.get("/admin/me?a=1")).headers["location"] == "/admin/sign-in"
        assert (await signed(http, person.login)).headers["location"] == "/admin/me?a=1"
    for elsewhere in ("//evil.example", "https://evil.example/admin/", "/admin/\\evil.example"):
        async with panel.stranger({WANTED: elsewhere}) as http:
            assert (await signed(http, person.login)).headers["location"] == "/admin/"


async def test_by_https_the_cookie_is_secure(small_panel: Panel) -> None:
    person = await known(small_panel)
    transport = httpx.ASGITransport(small_panel.web)
    async with httpx.AsyncClient(transport=transport, base_url="https://panel.test") as http:
        assert "Secure" in (await signed(http, person.login)).headers["set-cookie"]


async def test_who_tries_too_often_is_told_how_long_to_wait(small_panel: Panel) -> None:
    person = await known(small_panel)
    async with small_panel.stranger({"sawtak-language": "en"}) as http:
        for login in (person.login, "nobody"):
            answers = [await signed(http, login, "wrong") for _ in range(6)]
            assert [one.status_code for one in answers] == [422] * 5 + [429]
            assert 0 < int(answers[-1].headers["retry-after"]) <= 30
            assert re.search(r"Time to wait: \d+ seconds?\.", answers[-1].text)


@pytest.mark.parametrize("field_name", ["login", "password"])
@pytest.mark.parametrize("text", ["", "\0", "x" * 100_000, "<script>alert(1)</script>"])
async def test_whatever_is_typed_is_just_wrong(small_panel: Panel, field_name: str, text: str) -> None:
    async with small_panel.stranger({"sawtak-language": "en"}) as http:
        answer = await http.post("/admin/sign-in", data={"login": "x", "password": "y", field_name: text})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


async def test_other_sites_sign_nobody_in(small_panel: Panel) -> None:
    person = await known(small_panel)
    async with small_panel.stranger() as http:
        data = {"login": person.login, "password": PASSWORD}
        answer = await http.post("/admin/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_the_second_step(panel: Panel) -> None:
    person = await known(panel)
    async with panel.stranger({"sawtak-language": "en"}) as http:
        await signed(http, person.login)
        me = await http.get("/admin/me")
        csrf = field(me, "csrf")
        shown = await http.post("/admin/me/second", data={"csrf": csrf}, follow_redirects=True)
        assert 'src="data:image/svg+xml' in shown.text
        secret = re.search(r"<code[^>]*>((?:[A-Z2-7]{4} ?){8})</code>", shown.text)
        assert secret
        app = pyotp.TOTP(secret[1].replace(" ", ""))
        refused = await http.post("/admin/me/second/confirm", data={"csrf": csrf, "code": "000000x"})
        assert refused.status_code == 422
        on = await http.post("/admin/me/second/confirm", data={"csrf": csrf, "code": (used := app.now())})
        codes = re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", on.text)
        assert len(codes) == 10
        again = await http.get("/admin/me/second")
        assert not set(codes) & set(re.findall(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", again.text))
        assert secret[1] not in again.text
    async with panel.stranger({"sawtak-language": "en"}) as http:
        assert (await signed(http, person.login)).headers["location"] == "/admin/sign-in/second"
        for path in ("/admin/", "/admin/me", "/admin/t/demo"):
            assert (await http.get(path)).headers["location"] == "/admin/sign-in/second"
        asked = await http.get("/admin/sign-in/second")
        half, csrf = http.cookies["sawtak"], field(asked, "csrf")
        wrong = await http.post("/admin/sign-in/second", data={"csrf": csrf, "code": used})
        assert wrong.status_code == 422  # the code that switched it on
        came = await http.post("/admin/sign-in/second", data={"csrf": csrf, "code": codes[3]})
        assert came.headers["location"] == "/admin/"
        assert http.cookies["sawtak"] != half
        assert (await http.get("/admin/me")).status_code == 200
    told = await deeds(panel)
    assert not any(one in told for one in (*codes, secret[1].replace(" ", ""), PASSWORD))


async def test_ones_own_page(panel: Panel) -> None:
    person = await known(panel)
    async with panel.stranger() as other, panel.stranger() as http:
        await signed(other, person.login)
        await signed(http, person.login)
        csrf = field(await http.get("/admin/me"), "csrf")

        async def post(path: str, **data: str) -> httpx.Response:
            return await http.post(f"/admin/me{path}", data={"csrf": csrf, **data})

        assert (await post("", name=" ", language="en")).status_code == 422
        assert '<html lang="ar"' in (await http.get("/admin/me")).text
        await post("", name="منى السيد", language="en")
        assert "منى السيد" in (await http.get("/admin/me")).text
        assert '<html lang="en"' in (await http.get("/admin/me")).text
        new = "another fine passphrase"
        assert (await post("/password", old=PASSWORD, password=new, again="x")).status_code == 422
        assert (await post("/password", old="wrong", password=new, again=new)).status_code == 422
        assert (await post("/password", old=PASSWORD, password=new, again=new)).status_code == 303
        assert (await http.get("/admin/me")).status_code == 200
        assert (await other.get("/admin/me")).status_code == 303
        assert (await signed(other, person.login, new)).status_code == 303
        listed = await http.get("/admin/me")
        [there] = re.findall(r"/admin/me/browsers/(\w{32})/out", listed.text)
        await post(f"/browsers/{there}/out")
        assert (await other.get("/admin/me")).status_code == 303
        assert (await post(f"/browsers/{there}/out")).status_code == 404
        await signed(other, person.login, new)
        await http.post("/admin/sign-out", data={"csrf": csrf, "everywhere": "yes"})
        assert [(await each.get("/admin/me")).status_code for each in (http, other)] == [303, 303]


async def test_an_owner_invites_a_colleague(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner, panel.stranger({"sawtak-language": "en"}) as http:
        made = await owner.post("/t/demo/people", {"role": "editor", "name": "Samir"})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        path = link_in(made)
        assert "Samir" in (await owner.get("/t/demo/people")).text
        assert path not in (await owner.get("/t/demo/people")).text
        page = await http.get(path)
        assert 'value="Samir"' in page.text
        assert "Editor" in page.text
        form = {"name": "Samir", "login": "samir@demo", "password": PASSWORD, "again": "other"}
        kept = await http.post(path, data=form)
        assert kept.status_code == 422
        assert 'value="samir@demo"' in kept.text
        assert PASSWORD not in kept.text
        came = await http.post(path, data={**form, "again": PASSWORD})
        assert came.status_code == 303
        assert (await http.get("/admin/t/demo")).status_code == 200
        assert (await http.get("/admin/t/demo/people")).status_code == 403
        assert (await owner.http.get(path)).status_code == 410
        assert "samir@demo" in (await owner.get("/t/demo/people")).text
    told = await deeds(panel)
    assert "people.invite" in told
    assert "people.join" in told
    assert path.rpartition("/")[2] not in told
    assert PASSWORD not in told


async def test_somebody_who_is_here_joins_with_one_click(panel: Panel) -> None:
    other = await make_tenant(panel.db)
    async with panel.visitor(Role.OWNER) as owner, panel.visitor(Role.VIEWER, other) as guest:
        path = link_in(await owner.post("/t/demo/people", {"role": "agent"})).removeprefix("/admin")
        assert "Join as Test viewer" in (await guest.get(path)).text
        assert (await guest.http.post(f"/admin{path}", data={"join": "yes"})).status_code == 403
        joined = await guest.post(path, {"join": "yes"})
        assert joined.headers["location"] == "/admin/t/demo"
        assert (await guest.get("/t/demo")).status_code == 200


async def somebody(panel: Panel, role: Role = Role.AGENT) -> str:
    return f"/t/demo/people/{(await panel.person(role)).id}"


async def test_an_owner_changes_what_colleagues_may(panel: Panel) -> None:
    async with panel.visitor(Role.OWNER) as owner:
        agent = await somebody(panel)
        assert (await owner.post(f"{agent}/role", {"role": "editor"})).status_code == 303
        assert (await owner.post(f"{agent}/role", {"role": "platform-admin"})).status_code == 403
        assert (await owner.post(f"{agent}/role", {"role": "king"})).status_code == 403
        assert (await owner.post(f"{agent}/switch", {"active": "no"})).status_code == 303
        assert "locked out" in (await owner.get("/t/demo/people")).text
        assert link_in(await owner.post(f"{agent}/password"))
        assert (await owner.post(f"{agent}/remove")).status_code == 303
        assert (await owner.post(f"{agent}/remove")).status_code == 404
        own = f"/t/demo/people/{owner.person.id}"
        for deed, data in (("role", {"role": "viewer"}), ("remove", {}), ("switch", {"active": "no"})):
            refused = await owner.post(f"{own}/{deed}", data)
            assert refused.status_code == 409
            assert 'role="alert"' in refused.text


async def test_foreign_people_are_not_there(panel: Panel) -> None:
    other = await make_tenant(panel.db)
    stranger = await panel.person(Role.AGENT, other)
    async with panel.visitor(Role.OWNER) as owner:
        for deed in ("role", "remove", "switch", "password"):
            answer = await owner.post(f"/t/demo/people/{stranger.id}/{deed}", {"role": "viewer", "active": "no"})
            assert answer.status_code == 404
            assert stranger.login not in answer.text
        for path in (f"/t/{other.slug}/people", f"/t/{other.slug}/audit", "/agency/demo/people", "/platform/people"):
            assert (await owner.get(path)).status_code == 404
        for odd in ("%00", "x%27%20OR%201=1", "%C3%A9" * 200):
            assert (await owner.post(f"/t/demo/people/{odd}/remove")).status_code == 404


async def test_without_the_token_nothing_is_done(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.OWNER) as owner:
        agent = await somebody(small_panel)
        posts = ["/t/demo/people", f"{agent}/role", f"{agent}/remove", f"{agent}/switch", f"{agent}/password"]
        posts += ["/me", "/me/password", "/me/second", "/me/browsers/out", "/sign-out", "/t/demo/keys"]
        answers = [(await owner.http.post(f"/admin{path}", data={"role": "viewer"})).status_code for path in posts]
        assert answers == [403] * len(posts)
        assert (await owner.get("/me")).status_code == 200


async def test_agencies_and_the_platform_have_people_too(panel: Panel) -> None:
    async with panel.visitor(Role.PLATFORM_ADMIN) as admin, panel.visitor(Role.AGENCY_ADMIN) as agency_admin:
        assert link_in(await admin.post("/platform/people", {"role": "platform-admin"}))
        assert (await admin.post("/platform/people", {"role": "owner"})).status_code == 403
        assert link_in(await agency_admin.post("/agency/demo/people", {"role": "agency-admin"}))
        assert link_in(await agency_admin.post("/t/demo/people", {"role": "owner"}))
        assert (await agency_admin.get("/platform/people")).status_code == 404
        last = await admin.post(f"/platform/people/{admin.person.id}/remove")
        assert last.status_code == 409


async def test_roles_without_a_say_see_no_people(small_panel: Panel) -> None:
    for role in (Role.EDITOR, Role.AGENT, Role.VIEWER):
        async with small_panel.visitor(role) as visitor:
            for path in ("people", "audit", "audit.csv", "keys", "webhooks"):
                assert (await visitor.get(f"/t/demo/{path}")).status_code == 403
            assert (await visitor.post("/t/demo/people", {"role": role})).status_code == 403


async def test_every_page_speaks_both_languages(small_panel: Panel) -> None:
    async with small_panel.visitor(Role.PLATFORM_ADMIN) as admin:
        await somebody(small_panel)
        await admin.post("/t/demo/people", {"role": "viewer", "name": "Samir"})
        paths = [
            "/me",
            "/t/demo/people",
            "/t/demo/audit",
            "/platform/people",
            "/platform/audit",
            "/agency/demo/people",
        ]
        paths += ["/platform/agencies", "/agency/demo", "/agency/demo/brand", "/t/demo/keys", "/t/demo/webhooks"]
        for path in paths:
            for language, direction in (("ar", "rtl"), ("en", "ltr")):
                page = await admin.get(f"{path}?lang={language}")
                assert page.status_code == 200, path
                assert f'<html lang="{language}" dir="{direction}">' in page.text
                assert page.text.count("<h1") == 1
                assert " style=" not in page.text
