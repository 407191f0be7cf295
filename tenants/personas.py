"""A tenant's persona through time: every save keeps the whole policy and the facts as a numbered version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from errors import Impossible
from tenants import audit
from tenants.audit import Actor
from tenants.db import scope_of
from tenants.models import PolicyVersion, Tenant
from tenants.policy import PHRASES, Policy
from tenants.variables import FACTS, unknown

LONGEST_PERSONA, LONGEST_PHRASE, LONGEST_FACT, LONGEST_NOTE = 4000, 600, 300, 200
LANGUAGES = ("ar", "en")


class Wrong(Impossible):
    """Values that can't be kept: `faults` tells each by its place ("persona.ar"), code and what it is about."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("persona-wrong", "; ".join(f"{one.where}: {one.code} {one.about}".strip() for one in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Fault:
    """What is wrong in one place: a code, the word that it is about, and what was probably meant ("" : nothing)."""

    where: str
    code: str
    about: str = ""
    nearest: str = ""


@dataclass(frozen=True)
class Current:
    """How a tenant is served now; `number` is what a save of it must name as its beginning."""

    number: int
    policy: Policy
    facts: dict[str, str]
    recorded: bool = True


@dataclass(frozen=True)
class Difference:
    """One field that differs: where it is ("phrases.greeting.ar"), and its two values (None: it is not there)."""

    where: str
    before: Any
    after: Any


async def current(session: AsyncSession) -> Current:
    """How the session's tenant is served now.

    What was changed elsewhere without a version bears the next number already; the next save records it first.
    """
    return _current(await _tenant(session), await _newest(session))


async def save(
    session: AsyncSession,
    actor: Actor,
    policy: Policy,
    facts: Mapping[str, str],
    note: str = "",
    *,
    began: int | None = None,
) -> PolicyVersion:
    """Serve customers so from now on, and keep it as a version; `began` is the number of what was edited.

    Raises `Impossible("persona-changed")` when a newer version is there than `began` (None: overwrite what there is),
    `Wrong` with everything that can't be kept.
    """
    kept = {name: value.strip() for name, value in facts.items() if value.strip()}
    tenant = await _tenant(session, lock=True)
    now = _current(tenant, await _newest(session))
    # what was wrong before, in whichever way it came there, must not keep anybody from changing something else
    old = faults(now.policy, now.facts)
    if found := [*(one for one in faults(policy, kept) if one not in old), *_note_faults(note)]:
        raise Wrong(found)
    if began is not None and began != now.number:
        raise Impossible("persona-changed", f"version {now.number} was saved meanwhile; look at it and save again")
    if not now.recorded:
        await _add(session, tenant, now.number, "", Actor(""))
    before = {"policy": tenant.policy, "facts": tenant.facts or {}}
    # no field that stands at its default: what we make the default later is theirs, too
    tenant.policy = policy.model_dump(mode="json", exclude_defaults=True)
    tenant.facts = kept
    version = await _add(session, tenant, now.number + 1, note, actor)
    changed = {one.where: one for one in differences(before, {"policy": tenant.policy, "facts": kept})}
    was, became = ({name: getattr(one, side) for name, one in changed.items()} for side in ("before", "after"))
    audit.record(session, actor, "persona.save", str(version.number), before=was, after=became)
    return version


async def change(session: AsyncSession, actor: Actor, changes: Mapping[str, Any], note: str = "") -> PolicyVersion:
    """Change some fields of the policy, whoever else changed others; raises what `save` does."""
    now = await current(session)
    given = now.policy.model_dump(mode="json", exclude_defaults=True) | dict(changes)
    return await save(session, actor, parsed(given), now.facts, note)


async def versions(session: AsyncSession, *, before: int | None = None, most: int = 30) -> list[PolicyVersion]:
    """The tenant's versions, newest first; `before` is the number at which an earlier page ended."""
    asked = select(PolicyVersion).order_by(col(PolicyVersion.number).desc()).limit(most)
    asked = asked.where(col(PolicyVersion.number) < before) if before is not None else asked
    return list((await session.scalars(asked)).all())


async def version(session: AsyncSession, number: int) -> PolicyVersion:
    """One version; `Impossible("version-missing")` when there is none of this number."""
    found = await session.scalar(select(PolicyVersion).where(col(PolicyVersion.number) == number))
    if found is None:
        raise Impossible("version-missing", "there is no version of this number")
    return found


async def restore(
    session: AsyncSession, actor: Actor, number: int, note: str = "", *, began: int | None = None
) -> PolicyVersion:
    """Serve customers as in an earlier version, kept as a new one; raises what `save` and `version` do."""
    old = await version(session, number)
    return await save(session, actor, parsed(old.policy), old.facts, note, began=began)


def parsed(given: Mapping[str, Any]) -> Policy:
    """The policy of these values; `Wrong` with each that is none."""
    try:
        return Policy.model_validate(dict(given))
    except ValidationError as error:
        found = [Fault(".".join(map(str, one["loc"])), f"invalid:{one['type']}") for one in error.errors()[:50]]
        raise Wrong(found) from None


def faults(policy: Policy, facts: Mapping[str, str]) -> list[Fault]:
    """Everything in these values that would not act as it stands there."""
    return [
        *faults_of_words(policy.persona, policy.phrases),
        *(Fault(f"facts.{name}", "too-long") for name, value in facts.items() if len(value) > LONGEST_FACT),
        *(Fault(f"facts.{name}", "not-a-fact") for name in facts if name not in FACTS),
        *(Fault(f"facts.{name}", "no-text") for name, value in facts.items() if _unkept(name, value)),
        *_zone_faults(policy),
        *(Fault(place, "no-text") for place, value in _flat(policy.model_dump(mode="json")) if _unkept(place, value)),
    ]


def faults_of_words(persona: Mapping[str, str], phrases: Mapping[str, Mapping[str, str]]) -> list[Fault]:
    """What is wrong with a persona and ready words alone, which may stand among other values that are no policy."""
    found = [*_text_faults(persona, "persona", LONGEST_PERSONA)]
    return found + [one for name, said in phrases.items() for one in _phrase_faults(name, said)]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every field that differs between two nested values, by its place, in order."""
    was, became = dict(_flat(before)), dict(_flat(after))
    places = list(dict.fromkeys([*was, *became]))
    return [
        Difference(place, was.get(place), became.get(place))
        for place in sorted(places)
        if was.get(place) != became.get(place)
    ]


def whole(one: PolicyVersion | Current) -> dict[str, Any]:
    """A version's policy with every default and its facts, so that two of them can be compared."""
    policy = one.policy if isinstance(one.policy, Policy) else parsed(one.policy)
    return {"policy": policy.model_dump(mode="json"), "facts": dict(one.facts)}


def _flat(values: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        place = f"{at}.{name}" if at else str(name)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, place)
        elif value not in ({}, None):
            yield place, value


def _unkept(*values: Any) -> bool:
    """Whether any of these holds what databases don't take."""
    return any("\0" in value if isinstance(value, str) else _unkept(*_within(value)) for value in values)


def _within(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return list(value) if isinstance(value, list) else []


def _text_faults(said: Mapping[str, str], place: str, longest: int) -> Iterator[Fault]:
    for language, text in said.items():
        where = f"{place}.{language}"
        if language not in LANGUAGES:
            yield Fault(where, "not-a-language", language)
        if len(text) > longest:
            yield Fault(where, "too-long", str(longest))
        yield from (Fault(where, "unknown-variable", name, nearest) for name, nearest in unknown(text))


def _phrase_faults(name: str, said: Mapping[str, str]) -> Iterator[Fault]:
    if name not in PHRASES:
        yield Fault(f"phrases.{name}", "not-a-phrase", name)
    yield from _text_faults(said, f"phrases.{name}", LONGEST_PHRASE)


def _zone_faults(policy: Policy) -> Iterator[Fault]:
    from zoneinfo import available_timezones  # noqa: PLC0415 - it reads a folder, and only a save needs it

    named = {"hours.zone": policy.hours.zone or "UTC", "calls.zone": policy.calls.zone}
    there = available_timezones()
    yield from (Fault(place, "not-a-zone", zone) for place, zone in named.items() if zone not in there)


def _note_faults(note: str) -> list[Fault]:
    return [Fault("note", "too-long", str(LONGEST_NOTE))] if len(note) > LONGEST_NOTE or "\0" in note else []


async def _tenant(session: AsyncSession, *, lock: bool = False) -> Tenant:
    # two saves at once must not both take the next number: the second waits, and finds it taken
    return await session.get_one(Tenant, scope_of(session), populate_existing=lock, with_for_update=lock or None)


async def _newest(session: AsyncSession) -> PolicyVersion | None:
    return await session.scalar(select(PolicyVersion).order_by(col(PolicyVersion.number).desc()).limit(1))


def _current(tenant: Tenant, newest: PolicyVersion | None) -> Current:
    facts, policy = dict(tenant.facts or {}), Policy.model_validate(tenant.policy)
    if newest is not None and newest.policy == tenant.policy and newest.facts == facts:
        return Current(newest.number, policy, facts)
    return Current((newest.number if newest else 0) + 1, policy, facts, recorded=False)


async def _add(session: AsyncSession, tenant: Tenant, number: int, note: str, actor: Actor) -> PolicyVersion:
    kept = PolicyVersion(
        tenant_id=tenant.id,
        number=number,
        policy=tenant.policy,
        facts=tenant.facts or {},
        note=note,
        person_id=actor.person_id,
        who=actor.who,
    )
    session.add(kept)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Impossible("persona-changed", "somebody saved at the same moment; look at it and save again") from error
    return kept
