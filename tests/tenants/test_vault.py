"""The vault opens what it sealed, for the same place and with a key it has, and nothing else."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from errors import NeedsOwner
from tenants.vault import SealBroken, Vault, Where

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VAULT = Vault({"old": OLD}, "old")
ROTATED = Vault({"new": NEW, "old": OLD}, "new")
words = st.text(st.characters(codec="utf-8"), max_size=60)
places = st.builds(Where, words, words, words)


@given(words, places)
def test_what_was_sealed_opens_again(plain: str, where: Where) -> None:
    token = VAULT.seal(SecretStr(plain), where)
    assert VAULT.open(token, where).get_secret_value() == plain
    assert ROTATED.open(token, where).get_secret_value() == plain
    assert token.startswith("v1.old.")


@given(words, places, places)
def test_a_token_moved_to_another_place_does_not_open(plain: str, where: Where, other: Where) -> None:
    assume(where != other)
    with pytest.raises(SealBroken):
        VAULT.open(VAULT.seal(plain, where), other)


@given(words, st.integers(min_value=0), st.characters(codec="utf-8"))
def test_a_changed_token_does_not_open(plain: str, position: int, character: str) -> None:
    where = Where("table", "row", "column")
    token = VAULT.seal(plain, where)
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    assume(changed != token)
    with pytest.raises(SealBroken):
        VAULT.open(changed, where)


@given(st.text())
def test_wild_tokens_are_refused(token: str) -> None:
    with pytest.raises(SealBroken):
        VAULT.open(token, Where("table", "row", "column"))
    with pytest.raises(SealBroken):
        VAULT.reseal(token, Where("table", "row", "column"))


def test_sealing_twice_gives_different_tokens_without_the_secret() -> None:
    where = Where("table", "row", "column")
    tokens = {VAULT.seal("token-of-the-bot", where) for _ in range(50)}
    assert len(tokens) == 50
    assert not any("token-of-the-bot" in token for token in tokens)


def test_rotation_seals_with_the_new_key_and_drops_the_old() -> None:
    where = Where("table", "row", "column")
    token = VAULT.seal("secret", where)
    fresh = ROTATED.reseal(token, where)
    only_new = Vault({"new": NEW}, "new")
    assert only_new.open(fresh, where).get_secret_value() == "secret"
    assert only_new.reseal(fresh, where) == fresh
    with pytest.raises(SealBroken):
        only_new.open(token, where)


def test_keys_come_from_text_newest_first() -> None:
    text = f"new:{b64encode(NEW).decode()}, old:{b64encode(OLD).decode()}"
    where = Where("table", "row", "column")
    for vault in (Vault.from_text(text), Vault.from_text(SecretStr(text))):
        assert vault.seal("x", where).startswith("v1.new.")
        assert vault.open(VAULT.seal("x", where), where).get_secret_value() == "x"


@pytest.mark.parametrize(
    "text", ["", "a", "a:", "a:####", "a:c2hvcnQ=", f"a.b:{b64encode(OLD).decode()}", f":{b64encode(OLD).decode()}"]
)
def test_wrong_keys_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(NeedsOwner) as refused:
        Vault.from_text(text)
    assert b64encode(OLD).decode() not in str(refused.value)


def test_the_current_key_must_be_there() -> None:
    with pytest.raises(NeedsOwner):
        Vault({"old": OLD}, "new")


def test_generated_vaults_share_no_key() -> None:
    where = Where("table", "row", "column")
    with pytest.raises(SealBroken):
        Vault.generate().open(Vault.generate().seal("x", where), where)
