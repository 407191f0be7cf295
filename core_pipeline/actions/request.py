"""From an action and its arguments to one HTTP request that goes where the tenant wrote, whatever the arguments say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from pydantic import SecretStr

from core_pipeline.guard import GuardedClient
from errors import Impossible
from tenants.actions import PLACEHOLDER
from tenants.models import Action

_DOTS = frozenset({".", ".."})


class Filler:
    """Fills an action's placeholders; `used` are the names of the arguments that went into the URL."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments
        self.used: set[str] = set()

    def segment(self, template: str) -> str:
        """Fill one step of the path; `Impossible("argument")` for a value that would make other steps of it."""
        filled = PLACEHOLDER.sub(lambda match: self._in_path(match[1]), template)
        if template != filled and filled in _DOTS:
            raise Impossible("argument", "A value can't be made of dots only.")
        return filled

    def query(self, template: str) -> Iterator[str]:
        """Fill the pairs of a query; those whose value was not given are left out."""
        for pair in filter(None, template.split("&")):
            names = PLACEHOLDER.findall(pair)
            if all(name in self._arguments for name in names):
                yield PLACEHOLDER.sub(lambda match: quote(self._plain(match[1]), safe=""), pair)

    def _in_path(self, name: str) -> str:
        value = self._plain(name)
        # Some servers unpack %2F before they split the path: such a value would change where the request goes.
        if not value.strip() or any(mark in value for mark in "/\\") or any(ord(mark) < 32 for mark in value):
            raise Impossible("argument", f"{name} must not be empty or hold slashes.")
        return quote(value, safe="")

    def _plain(self, name: str) -> str:
        if name not in self._arguments:
            raise Impossible("argument", f"{name} is missing; ask the customer for it.")
        self.used.add(name)
        return plain(self._arguments[name])


def plain(value: Any) -> str:
    """A value as it stands in a URL: texts as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def request_of(
    client: GuardedClient,
    action: Action,
    arguments: Mapping[str, Any],
    secrets: Mapping[str, SecretStr],
    key: str = "",
) -> httpx.Request:
    """Build the request: what is not in the URL goes into the query (GET) or a JSON body; `key` makes it repeatable.

    Raises `Impossible("argument")` with a sentence for the engine, `Impossible("url-forbidden")` by the guard.
    """
    parts, filler = urlsplit(action.url), Filler(arguments)
    path = "/".join(filler.segment(step) for step in parts.path.split("/"))
    pairs = list(filler.query(parts.query))
    rest = {name: value for name, value in arguments.items() if name not in filler.used}
    if action.method == "GET":
        pairs += [urlencode(list(_pairs(rest)))] if rest else []
    url = client.rules.checked(f"{parts.scheme}://{parts.netloc}{path or '/'}{'?' if pairs else ''}{'&'.join(pairs)}")
    _same_place(url, client.rules.checked(f"{parts.scheme}://{parts.netloc}/"), path or "/")
    headers = {**action.headers, **{name: secret.get_secret_value() for name, secret in secrets.items()}}
    if key:
        headers["Idempotency-Key"] = key
    body = rest if rest and action.method != "GET" else None
    return client.build_request(action.method, url, headers=headers, json=body)


def _pairs(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in arguments.items():
        for each in value if isinstance(value, list) else [value]:
            yield name, plain(each)


def _same_place(url: httpx.URL, written: httpx.URL, path: str) -> None:
    """The last look: whatever was filled in, scheme, host, port and the number of steps are the tenant's."""
    same = (url.scheme, url.raw_host, url.port) == (written.scheme, written.raw_host, written.port)
    steps = url.raw_path.split(b"?")[0].count(b"/")
    if not same or steps != path.count("/") or url.fragment:
        raise Impossible("argument", "A value does not fit into the address.")
