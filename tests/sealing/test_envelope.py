"""Sealed bytes open where they were sealed and nowhere else, whichever of their bytes is changed."""

from __future__ import annotations

from typing import Final

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.kernel.errors import Category, HubError
from hub.sealing import suites
from hub.sealing.envelope import OVERHEAD, DataKey, is_sealed, key_number, seal, unseal
from hub.sealing.suites import Suite, suite_of
from hub.sealing.wrapping import unwrap, unwrapped_by_master, wrap, wrapped_by_master

PLACE: Final = b"Observation/1"
NONCE: Final = bytes(range(12))


def key(suite: Suite, number: int = 7) -> DataKey:
    return DataKey(number, suite, suite.cipher(bytes(range(suite.key_bytes))))


def nonces(_: int) -> bytes:
    return NONCE


@pytest.mark.parametrize("suite", Suite)
@settings(max_examples=25)
@given(text=st.binary(max_size=300), place=st.binary(max_size=40), number=st.integers(0, 2**64 - 1))
def test_what_was_sealed_opens_at_its_place_and_nowhere_else(
    suite: Suite, text: bytes, place: bytes, number: int
) -> None:
    sealed = seal(key(suite, number), text, place, nonces)
    assert is_sealed(sealed)
    assert key_number(sealed) == number
    assert len(sealed) == len(text) + OVERHEAD
    assert unseal(key(suite, number), sealed, place) == text
    with pytest.raises(HubError, match="is not what was sealed"):
        unseal(key(suite, number), sealed, place + b"x")


@pytest.mark.parametrize("suite", Suite)
def test_every_single_byte_that_is_changed_is_found(suite: Suite) -> None:
    sealed = seal(key(suite), b"a body", PLACE, nonces)
    for index in range(len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(HubError) as caught:
            unseal(key(suite), changed, PLACE)
        assert (caught.value.category, caught.value.code) == (Category.FAULT, "seal-broken")
        assert "body" not in str(caught.value)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("length", [0, 1, 9, 10, 21, 22, 37])
def test_cut_off_bytes_do_not_open(suite: Suite, length: int) -> None:
    with pytest.raises(HubError, match="is not what was sealed"):
        unseal(key(suite), seal(key(suite), b"", PLACE, nonces)[:length], PLACE)


def test_another_key_and_another_suite_do_not_open_it() -> None:
    sealed = seal(key(Suite.AES_256_GCM), b"a body", PLACE, nonces)
    for other in (DataKey(7, Suite.AES_256_GCM, Suite.AES_256_GCM.cipher(bytes(32))), key(Suite.SM4_GCM)):
        with pytest.raises(HubError, match="is not what was sealed"):
            unseal(other, sealed, PLACE)


def test_sm4_gcm_gives_the_vector_of_rfc_8998() -> None:
    """RFC 8998, appendix A.1."""
    cipher = Suite.SM4_GCM.cipher(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
    text = b"".join(bytes([byte]) * 8 for byte in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    sealed = cipher.encrypt(
        bytes.fromhex("00001234567800000000ABCD"),
        text,
        bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"),
    )
    assert sealed.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )


def test_a_suite_the_machine_does_not_have_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        def __init__(self, _: bytes) -> None:
            raise UnsupportedAlgorithm("sm4")

    monkeypatch.setattr(suites, "Sm4Gcm", Absent)
    with pytest.raises(HubError, match="has no sm4-gcm") as caught:
        Suite.SM4_GCM.check()
    assert caught.value.category is Category.UNSUPPORTED
    Suite.AES_256_GCM.check()


def test_a_suite_of_a_later_hub_is_refused() -> None:
    with pytest.raises(HubError, match="suite 9 is not known"):
        suite_of(9)


def test_keys_of_one_secret_differ_by_purpose_and_suite() -> None:
    derived = {suite.derived(bytes(32), purpose) for suite in Suite for purpose in ("a", "b")}
    assert len(derived) == 4
    assert {len(one) for one in derived} == {16, 32}


@pytest.mark.parametrize("suite", Suite)
def test_a_wrapped_key_opens_under_its_own_name_and_master_alone(suite: Suite) -> None:
    cipher = suite.cipher(bytes(suite.key_bytes))
    wrapped = wrap(cipher, b"k" * 32, b"name", nonces)
    assert unwrap(cipher, wrapped, b"name") == b"k" * 32
    with pytest.raises(HubError, match="is not what was sealed"):
        unwrap(cipher, wrapped, b"another")
    stored = wrapped_by_master(bytes(32), suite, b"w" * suite.key_bytes, nonces)
    assert unwrapped_by_master(bytes(32), suite, stored) == b"w" * suite.key_bytes
    with pytest.raises(HubError, match="under another master key"):
        unwrapped_by_master(b"x" * 32, suite, stored)
