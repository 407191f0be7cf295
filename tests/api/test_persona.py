"""The persona over REST: the same services as the panel's pages."""

from __future__ import annotations

from base64 import b64decode

from sqlalchemy import select

from tenants import personas
from tenants.models import AuditEntry
from tests.api.town import Town


async def put(town: Town, began: str | None = None, **body: object) -> tuple[int, dict[str, object]]:
    headers = town.bearer(**({"If-Match": began} if began else {}))
    answer = await town.http.put("/api/v1/persona", headers=headers, json=body)
    return answer.status_code, answer.json()


async def test_the_persona_is_read_written_and_kept_in_versions(town: Town) -> None:
    first = (await town.get("/persona")).json()
    assert (first["number"], first["policy"]["answerable"]) == (1, 0)
    policy = {**first["policy"], "tone": "warm"}
    status, kept = await put(town, '"1"', policy=policy, facts={"phone": "0100"}, note="by API")
    assert (status, kept["number"], kept["note"]) == (200, 2, "by API")
    assert str(kept["who"]).startswith("api:")
    status, problem = await put(town, "1", policy=policy)
    assert (status, problem["code"]) == (409, "persona-changed")
    listed = (await town.get("/persona/versions", params={"limit": 1})).json()
    assert ([one["number"] for one in listed["versions"]], listed["next"]) == ([2], 2)
    assert [one["number"] for one in (await town.get("/persona/versions?before=2")).json()["versions"]] == [1]
    told = (await town.get("/persona/versions/2?with=1")).json()
    assert {(one["where"], one["after"]) for one in told["differences"]} == {
        ("policy.tone", "warm"),
        ("facts.phone", "0100"),
    }
    restored = await town.post("/persona/versions/1/restore")
    assert (restored.status_code, restored.json()["number"]) == (200, 3)
    async with town.db.tenant(town.tenant.id, reads=True) as session:
        assert (await personas.current(session)).policy.tone == "neutral"
        deeds = [one.action for one in (await session.scalars(select(AuditEntry))).all()]
    assert deeds.count("persona.save") == 2
    assert (await town.get("/persona/versions/77")).status_code == 404


async def test_what_would_not_act_is_refused_with_its_place(small_town: Town) -> None:
    status, problem = await put(small_town, policy={"persona": {"en": "{busines}"}})
    assert (status, problem["code"]) == (422, "persona-wrong")
    assert "persona.en" in str(problem["detail"])
    status, problem = await put(small_town, policy={"tone": "angry"})
    assert (status, problem["code"]) == (422, "invalid")


async def test_only_secret_keys_with_the_scope_may(small_town: Town) -> None:
    other = await small_town.key_of(small_town.tenant, "knowledge")
    mine = await small_town.key_of(small_town.tenant, "persona")
    assert (await small_town.get("/persona", other)).status_code == 403
    assert (await small_town.get("/persona", mine)).status_code == 200
    assert (await small_town.get("/persona", small_town.public)).status_code == 403


async def test_templates_and_variables(small_town: Town) -> None:
    slugs = {one["slug"] for one in (await small_town.get("/persona/templates")).json()["templates"]}
    assert slugs == {"restaurant", "clinic", "shop", "estate", "school"}
    assert (await small_town.post("/persona/templates/clinic")).json()["number"] == 2
    assert (await small_town.post("/persona/templates/barber")).status_code == 404
    asked = {"text": "{business}, {trade} and {phon}", "language": "en"}
    told = (await small_town.post("/persona/preview", json=asked)).json()
    assert told["text"] == f"{small_town.tenant.name_en}, Clinic and {{phon}}"
    assert told["unknown"] == [{"name": "phon", "nearest": "phone"}]
    assert told["variables"]["trade"] == "Clinic"


async def test_a_try_answers_speaks_and_tells_why(small_town: Town) -> None:
    came = (await small_town.post("/try", data={"text": "متى تفتحون؟"})).json()
    assert (came["answer"], came["language"], came["note"]) == ("[متى تفتحون؟]", "ar", "")
    assert came["passages"][0]["score"] == 0.9
    assert b64decode(came["audio"]).startswith(b"OggS")
    assert {"recall", "encode"} <= {one["stage"] for one in came["usage"]}
    silent = (
        await small_town.post("/try", files={"audio": ("a.ogg", "متى؟".encode())}, data={"speak": "false"})
    ).json()
    assert (silent["heard"], silent["audio"]) == ("متى؟", None)
    other = {"text": "I want a person please: refund", "policy": '{"handoff": {"words": ["refund"]}}'}
    assert (await small_town.post("/try", data=other)).json()["note"] == "words"


async def test_a_try_wants_one_question_and_a_policy_that_is_one(small_town: Town) -> None:
    assert (await small_town.post("/try", data={})).json()["code"] == "nothing-said"
    both = await small_town.post("/try", data={"text": "a"}, files={"audio": ("a.ogg", b"a")})
    assert both.json()["code"] == "one-of-both"
    for policy in ("{", "[]", '{"tone": "x"}', '{"phrases": {"nope": {"en": "x"}}}'):
        assert (await small_town.post("/try", data={"text": "a", "policy": policy})).status_code == 422
