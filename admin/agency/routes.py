"""The doors to agencies."""

from __future__ import annotations

from admin.agency import businesses, look
from admin.frame.doors import Door, Nav, Open
from tenants.people.roles import May

_ONE = "/agency/{agency}"
DOORS = (
    Door("GET", "/platform/agencies", May.PLATFORM, businesses.agencies),
    Door("POST", "/platform/agencies", May.PLATFORM, businesses.add_agency),
    Door("GET", _ONE, May.TENANTS, businesses.page),
    Door("POST", _ONE, May.TENANTS, businesses.add),
    Door("POST", f"{_ONE}/name", May.PLATFORM, businesses.rename),
    Door("POST", f"{_ONE}/switch", May.PLATFORM, businesses.switch_agency),
    Door("GET", f"{_ONE}/costs.csv", May.TENANTS, businesses.costs),
    Door("POST", f"{_ONE}/businesses/{{business}}/switch", May.TENANTS, businesses.switch),
    Door("GET", f"{_ONE}/brand", May.TENANTS, look.page),
    Door("POST", f"{_ONE}/brand", May.TENANTS, look.save),
    Door("POST", f"{_ONE}/domain", May.TENANTS, look.move),
    Door("POST", f"{_ONE}/logo", May.TENANTS, look.upload),
    Door("POST", f"{_ONE}/logo/remove", May.TENANTS, look.take_down),
    Door("GET", "/brand.css", Open.ANYBODY, look.css),
    Door("GET", "/brand/logo", Open.ANYBODY, look.logo),
)
NAV = (Nav(100, "/platform/agencies", "Agencies", "label", May.PLATFORM),)
