"""What we sign: with a key for each purpose, good for a while, also after the vault's key has changed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Forged, Impossible
from tenants.links import Linked, Links
from tenants.signing import LONGEST_SECONDS, Signer
from tenants.vault import Vault, Where

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
BASE = "https://sawtak.example"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def signer(clock: Clock | None = None, **keys: bytes) -> Signer:
    return Signer(Vault(keys or {"a": OLD}, next(iter(keys or {"a": OLD}))), clock or Clock())


def test_a_token_says_who_it_is_for_until_it_is_over() -> None:
    clock = Clock()
    ours = signer(clock)
    token = ours.issue("t1", ["talk"], visitor="v1", key_id="k1", seconds=60)
    found = ours.read(token)
    assert (found.tenant_id, found.scopes, found.visitor, found.key_id) == ("t1", frozenset({"talk"}), "v1", "k1")
    clock.at += timedelta(seconds=61)
    with pytest.raises(Forged, match="token-expired"):
        ours.read(token)


def test_no_token_lasts_longer_than_an_hour() -> None:
    clock = Clock()
    ours = signer(clock)
    token = ours.issue("t1", ["talk"], seconds=10 * LONGEST_SECONDS)
    clock.at += timedelta(seconds=LONGEST_SECONDS)
    with pytest.raises(Forged):
        ours.read(token)


def test_the_newest_key_signs_and_older_ones_are_still_believed() -> None:
    before, after, gone = signer(a=OLD), signer(b=NEW, a=OLD), signer(b=NEW)
    token, url = before.issue("t1", ["talk"]), Links(before, BASE).media("t1", "t1/spoken/x", "audio/mpeg")
    mark = before.mark("job", "text")
    assert after.read(token).tenant_id == "t1"
    assert Links(after, BASE).ours(url) == Linked("t1", "t1/spoken/x", "audio/mpeg")
    assert after.marked("job", "text", mark)
    assert jwt.get_unverified_header(after.issue("t1", ["talk"]))["kid"] == "b"
    with pytest.raises(Forged):
        gone.read(token)
    with pytest.raises(Forged):
        Links(gone, BASE).ours(url)
    assert not gone.marked("job", "text", mark)


def test_what_is_signed_for_one_purpose_is_nothing_for_another() -> None:
    ours = signer()
    with pytest.raises(Forged):
        ours.read(ours.issue("t1", ["talk"], purpose="other"))
    with pytest.raises(Forged):
        ours.open("media", ours.seal("other", ["t1"], 60))
    assert not ours.marked("job", "text", ours.mark("message", "text"))


def test_the_vaults_own_keys_sign_nothing() -> None:
    vault = Vault({"a": OLD}, "a")
    derived = vault.derived("one")
    assert list(derived) == ["a"]
    assert derived["a"] != OLD
    assert derived != vault.derived("two")
    assert vault.open(vault.seal("s", Where("t", "r", "c")), Where("t", "r", "c")).get_secret_value() == "s"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "t2"},
        {"aud": "sawtak:other"},
        {"exp": None},
        {"scopes": None},
        {"jti": None},
    ],
)
def test_a_token_that_lacks_or_changes_anything_is_refused(claims: dict[str, object]) -> None:
    ours = signer()
    token = ours.issue("t1", ["talk"])
    body = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    key = Vault({"a": OLD}, "a").derived("sawtak/signing/talk")["a"]
    forged = jwt.encode({k: v for k, v in body.items() if v is not None}, NEW, "HS256", headers={"kid": "a"})
    with pytest.raises(Forged):
        ours.read(forged)
    ours_too = jwt.encode({k: v for k, v in body.items() if v is not None}, key, "HS256", headers={"kid": "a"})
    if claims != {"sub": "t2"}:
        with pytest.raises(Forged):
            ours.read(ours_too)


def test_unsigned_tokens_are_refused() -> None:
    ours = signer()
    body = jwt.decode(ours.issue("t1", ["talk"]), options={"verify_signature": False})
    for token in (jwt.encode(body, "", "none", headers={"kid": "a"}), jwt.encode(body, OLD, "HS256")):
        with pytest.raises(Forged):
            ours.read(token)


@given(st.text(max_size=60))
def test_no_text_is_a_token_or_a_link(text: str) -> None:
    ours = signer()
    with pytest.raises(Forged):
        ours.read(text)
    with pytest.raises(Forged):
        ours.open("media", text)
    with pytest.raises(Forged):
        Links(ours, BASE).ours(text)


@given(st.lists(st.text(max_size=40), max_size=4), st.integers(0, 400), st.characters())
def test_a_changed_link_is_refused(said: list[str], place: int, letter: str) -> None:
    ours = signer()
    token = ours.seal("media", said, 60)
    changed = token[: place % len(token)] + letter + token[place % len(token) + 1 :]
    if changed == token:
        assert ours.open("media", changed) == said
        return
    with pytest.raises(Forged):
        ours.open("media", changed)


def test_a_link_that_is_over_says_so() -> None:
    clock = Clock()
    ours = signer(clock)
    token = ours.seal("media", ["x"], 60)
    clock.at += timedelta(seconds=60)
    with pytest.raises(Impossible, match="link-expired"):
        ours.open("media", token)
