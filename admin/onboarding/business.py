"""The first step: who the business is; its trade brings a ready persona along."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from admin.onboarding.showing import stepping
from tenants import personas
from tenants.models import Tenant
from tenants.trades import applied, trade, trades

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession
    from starlette.responses import Response

    from admin.frame.visit import Visit

NAMES = ("name_ar", "name_en")
FACTS = ("phone", "address", "address_en", "city", "city_en", "website")
LANGUAGES = ("ar", "en")
REPLIES = ("customer", "ar", "en")
LONGEST_NAME = 80
# A trade that none of the templates is made for.
OTHER = "other"


async def page(visit: Visit) -> Response:
    """The form."""
    return await _page(visit)


async def save(visit: Visit) -> Response:
    """Keep names and facts; a trade that is new brings its persona."""
    sent = {name: value.replace("\0", "") for name, value in (await visit.fields()).items()}
    errors = _wrong(visit, sent)
    if errors:
        return await _page(visit, sent, errors)
    try:
        async with visit.work() as session:
            await _keep(visit, session, sent)
    except personas.Wrong as error:
        said = visit._("This can’t be kept: make it shorter.")
        return await _page(visit, sent, {one.where.removeprefix("facts."): said for one in error.faults})
    return visit.go("/start/voice", "Saved.")


async def _keep(visit: Visit, session: AsyncSession, sent: Mapping[str, str]) -> None:
    tenant = await session.get_one(Tenant, visit.the_tenant.id)
    before = {name: getattr(tenant, name) for name in NAMES}
    for name in NAMES:
        setattr(tenant, name, sent[name])
    visit.note(session, "tenant.rename", tenant.slug, before=before, after={name: sent[name] for name in NAMES})
    now = await personas.current(session)
    policy = now.policy.model_copy(update={"language": sent["language"], "answers_in": sent["answers_in"]})
    named = sent["trade"]
    if named in trades() and named != now.facts.get("trade"):
        policy = applied(policy, trade(named))
    told = sent.get("other", "") if named == OTHER else named
    facts = {**now.facts, **{name: sent.get(name, "") for name in FACTS}, "trade": told}
    await personas.save(session, visit.actor, policy, facts)


def _wrong(visit: Visit, sent: Mapping[str, str]) -> dict[str, str]:
    wrong = {name: visit._("Fill this in.") for name in NAMES if not sent.get(name)}
    wrong |= {name: visit._("This is too long.") for name in NAMES if len(sent.get(name, "")) > LONGEST_NAME}
    if sent.get("trade") not in {*trades(), OTHER}:
        wrong["trade"] = visit._("Choose what comes closest.")
    elif sent["trade"] == OTHER and not sent.get("other"):
        wrong["other"] = visit._("Fill this in.")
    for name, known in (("language", LANGUAGES), ("answers_in", REPLIES)):
        if sent.get(name) not in known:
            wrong[name] = visit._("Choose one of the list.")
    return wrong


async def _page(visit: Visit, sent: Mapping[str, str] | None = None, errors: Any = None) -> Response:
    async with visit.work(reads=True) as session:
        now, tenant = await personas.current(session), await session.get_one(Tenant, visit.the_tenant.id)
    kept = {"name_ar": tenant.name_ar, "name_en": tenant.name_en, **now.facts}
    known = {**kept, "language": now.policy.language, "answers_in": now.policy.answers_in}
    trade_now = now.facts.get("trade", "")
    if trade_now and trade_now not in trades():
        known |= {"trade": OTHER, "other": trade_now}
    typed = defaultdict(str, known if sent is None else sent)
    given: dict[str, Any] = {"typed": typed, "errors": defaultdict(str, errors or {})}
    options = [(slug, one.title["ar" if visit.language == "ar" else "en"]) for slug, one in trades().items()]
    options.append((OTHER, visit._("Something else")))
    status = 422 if errors else 200
    return visit.page(
        "onboarding/business.html", status=status, trades=options, **given, **await stepping(visit, "business")
    )
