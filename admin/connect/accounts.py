"""The pages of a business's numbers and bots: the list, one's form, and what is done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.frame.forms import Reading, draw, read
from admin.frame.saying import said
from channels import discover
from core_pipeline.connecting import accounts
from core_pipeline.connecting.accounts import Given
from core_pipeline.connecting.filling import Wrong
from core_pipeline.telling import status_of
from errors import Impossible, SawtakError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from admin.frame.visit import Visit
    from core_pipeline.contracts.channel import ChannelSpec
    from tenants.models import ChannelAccount

# Where one came from the wizard, its next step is offered.
WIZARD = "start"
# What the owner calls an account; a name that no configuration has.
CALLED = "called"


def spec_of(name: str) -> ChannelSpec:
    """The channel of this name; `Impossible("missing")` when there is none."""
    spec = discover().get(name)
    if spec is None:
        raise Impossible("missing", "there is no such channel")
    return spec


def offered() -> list[ChannelSpec]:
    """Every channel, those that most businesses have first."""
    return sorted(discover().values(), key=_rarity)


def _rarity(spec: ChannelSpec) -> tuple[bool, ...]:
    """Messages before calls alone, vendors before the business's own exchange and site."""
    wire = spec.calls is not None and spec.calls.wire is not None
    return spec.own, wire, spec.emulator is None, spec.limits.polling


async def chosen(visit: Visit) -> tuple[ChannelAccount, ChannelSpec]:
    """The account that the address names, one of the tenant's."""
    book = visit.rooms.floor.book
    account = await accounts.of_tenant(book, visit.the_tenant.id, visit.path("account"))
    return account, spec_of(account.channel)


async def listing(visit: Visit) -> Response:
    """Every channel there is, with the accounts that are connected."""
    return visit.page("connect/list.html", channels=await standing(visit), wizard=False)


async def standing(visit: Visit) -> list[dict[str, Any]]:
    """Every channel with its accounts and how these stand."""
    there = await visit.rooms.floor.book.list(visit.the_tenant.id)
    return [
        {
            "spec": spec,
            "accounts": [
                {"row": one, "standing": accounts.standing(one, spec)} for one in there if one.channel == spec.name
            ],
        }
        for spec in offered()
    ]


async def form(visit: Visit) -> Response:
    """The form to connect a number or bot."""
    return _form(visit, spec_of(visit.path("channel")))


async def connect(visit: Visit) -> Response:
    """Connect it and lead to its checks."""
    spec, sent = spec_of(visit.path("channel")), await visit.fields()
    reading = read(spec.config, sent, visit.language, secrets=spec.secrets)
    if reading.config is None:
        return _form(visit, spec, sent, reading)
    given, book = _given(sent, reading), visit.rooms.floor.book
    try:
        account_id = await accounts.connect(book, visit.the_tenant.id, spec, given, visit.actor)
    except SawtakError as error:
        return _form(visit, spec, sent, reading, error)
    return visit.go(f"/connect/account/{account_id}{_query(sent)}", "Connected. Now we look whether all is well.")


async def page(visit: Visit) -> Response:
    """One account: how it stands, its checks, its form."""
    account, spec = await chosen(visit)
    return _page(visit, account, spec)


async def change(visit: Visit) -> Response:
    """Change an account; secrets that were left empty stay."""
    (account, spec), sent = await chosen(visit), await visit.fields()
    reading = read(spec.config, sent, visit.language, secrets=spec.secrets, kept=account.sealed)
    if reading.config is None:
        return _page(visit, account, spec, sent, reading)
    try:
        await accounts.change(visit.rooms.floor.book, account, spec, _given(sent, reading), visit.actor)
    except SawtakError as error:
        return _page(visit, account, spec, sent, reading, error)
    return visit.go(f"/connect/account/{account.id}{_query(sent)}", "Saved. Now we look whether all is well.")


async def switch(visit: Visit) -> Response:
    """Stop serving an account, or take it up again."""
    (account, spec), sent = await chosen(visit), await visit.fields()
    on = sent.get("active") == "yes"
    if on and accounts.standing(account, spec) == "gone":
        return visit.go(f"/connect/new/{account.channel}", "Connect it again: its secrets were deleted.")
    await visit.rooms.floor.book.switch(visit.the_tenant.id, account.id, on, visit.actor)
    said = "Switched on: customers are answered there." if on else "Switched off: nobody is answered there."
    return visit.go(f"/connect/account/{account.id}", said)


async def disconnect(visit: Visit) -> Response:
    """Have the vendor call nobody any more where it lets us, then forget the account's secrets."""
    account, _ = await chosen(visit)
    if await accounts.disconnect(visit.rooms.lines, visit.rooms.floor.book, account, visit.actor):
        return visit.go("/connect", "Disconnected; its secrets are deleted.")
    return visit.go("/connect", "Disconnected; its secrets are deleted. The vendor could not be told.")


def _given(sent: Mapping[str, str], reading: Reading) -> Given:
    return Given(sent.get(CALLED, ""), reading.values, reading.secrets)


def _form(
    visit: Visit,
    spec: ChannelSpec,
    sent: Mapping[str, str] | None = None,
    reading: Reading | None = None,
    error: SawtakError | None = None,
) -> Response:
    typed, errors = (reading.typed, reading.errors) if reading else ({}, {})
    form = draw(spec.config, typed, errors, visit.language, secrets=spec.secrets, words=spec.words)
    given: dict[str, Any] = {"spec": spec, "form": form, "called": (sent or {}).get(CALLED, "")}
    return visit.page(
        "connect/new.html",
        status=422 if reading else 200,
        alert=alert(visit, error),
        wizard=wizard(visit, sent),
        **given,
    )


def _page(
    visit: Visit,
    account: ChannelAccount,
    spec: ChannelSpec,
    sent: Mapping[str, str] | None = None,
    reading: Reading | None = None,
    error: SawtakError | None = None,
) -> Response:
    values, errors = (reading.typed, reading.errors) if reading else (account.config, {})
    kept, words = account.sealed, spec.words
    return visit.page(
        "connect/account.html",
        status=422 if reading else 200,
        account=account,
        spec=spec,
        form=draw(spec.config, values, errors, visit.language, secrets=spec.secrets, kept=kept, words=words),
        called=account.title if sent is None else sent.get(CALLED, ""),
        alert=alert(visit, error),
        standing=accounts.standing(account, spec),
        webhook=accounts.webhook_of(account, visit.rooms.address),
        wizard=wizard(visit, sent),
    )


def wizard(visit: Visit, sent: Mapping[str, str] | None = None) -> bool:
    """Whether the visitor came here from the wizard."""
    return WIZARD in visit.request.query_params or WIZARD in (sent or {})


def alert(visit: Visit, error: SawtakError | None) -> str:
    """What is wrong with all of it."""
    if error is None:
        return ""
    code = "invalid-form" if isinstance(error, Wrong) else error.code
    return said(visit, status_of(error), code, error.detail)


def _query(sent: Mapping[str, str]) -> str:
    return f"?{WIZARD}=1" if WIZARD in sent else ""
