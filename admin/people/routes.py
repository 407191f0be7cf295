"""The doors to signing in, one's own page, colleagues and the audit."""

from __future__ import annotations

from admin.frame.doors import Door, Nav, Open
from admin.people import deeds, entrance, factor, invited, me, staff
from tenants.people.roles import May

PLACES = (("/t/{tenant}", May.PEOPLE), ("/agency/{agency}", May.PEOPLE), ("/platform", May.PLATFORM))

_ENTRANCE = (
    Door("GET", "/sign-in", Open.ANYBODY, entrance.sign_in_page),
    Door("POST", "/sign-in", Open.ANYBODY, entrance.sign_in),
    Door("GET", "/sign-in/second", Open.HALF, entrance.second_page),
    Door("POST", "/sign-in/second", Open.HALF, entrance.second_step),
    Door("POST", "/sign-out", Open.HALF, entrance.sign_out),
    Door("GET", "/invite/{token}", Open.ANYBODY, invited.page),
    Door("POST", "/invite/{token}", Open.ANYBODY, invited.accept),
)
_OWN = (
    Door("GET", "/me", Open.SIGNED_IN, me.page),
    Door("POST", "/me", Open.SIGNED_IN, me.save),
    Door("POST", "/me/password", Open.SIGNED_IN, me.password),
    Door("POST", "/me/browsers/{sign_in}/out", Open.SIGNED_IN, me.sign_out_of),
    Door("POST", "/me/browsers/out", Open.SIGNED_IN, me.sign_out_elsewhere),
    Door("GET", "/me/second", Open.SIGNED_IN, factor.page),
    Door("POST", "/me/second", Open.SIGNED_IN, factor.begin),
    Door("POST", "/me/second/confirm", Open.SIGNED_IN, factor.confirm),
    Door("POST", "/me/second/off", Open.SIGNED_IN, factor.off),
    Door("POST", "/me/second/codes", Open.SIGNED_IN, factor.codes),
)


def _of(base: str, may: May) -> tuple[Door, ...]:
    """A place's doors."""
    one = f"{base}/people/{{person}}"
    return (
        Door("GET", f"{base}/people", may, staff.page),
        Door("POST", f"{base}/people", may, staff.invite),
        Door("POST", f"{base}/people/invites/{{invite}}/withdraw", may, staff.withdraw),
        Door("POST", f"{one}/role", may, staff.role),
        Door("POST", f"{one}/remove", may, staff.remove),
        Door("POST", f"{one}/switch", may, staff.switch),
        Door("POST", f"{one}/password", may, staff.new_password),
        Door("GET", f"{base}/audit", may, deeds.page),
        Door("GET", f"{base}/audit.csv", may, deeds.download),
    )


DOORS = (*_ENTRANCE, *_OWN, *(door for base, may in PLACES for door in _of(base, may)))
NAV = (
    Nav(90, "/t/{tenant}/people", "People", "people", May.PEOPLE),
    Nav(92, "/t/{tenant}/audit", "What was done", "history", May.PEOPLE),
    Nav(110, "/platform/people", "Administrators", "people", May.PLATFORM),
    Nav(112, "/platform/audit", "What was done everywhere", "history", May.PLATFORM),
)
