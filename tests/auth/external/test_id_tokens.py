"""OpenID Connect Core 1.0 section 3.1.3.7, and attack 32 of the list, token by token."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.util import urlsafe_b64encode

from hub.auth.external.id_tokens import subject
from hub.auth.public_keys import usable
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError

ISSUER: Final = "https://login.example/realms/county"
NOW: Final = datetime(2026, 5, 20, 1, 0, tzinfo=UTC)
AT: Final = int(NOW.timestamp())
KEY: Final = ECKey.generate_key("P-256", {"kid": "k-1"})
OTHER: Final = ECKey.generate_key("P-256", {"kid": "k-1"})
RSA: Final = RSAKey.generate_key(2048, {"kid": "k-2", "alg": "RS256"})
KEYS: Final = KeySet([KEY, RSA])
GOOD: Final[dict[str, Any]] = {
    "iss": ISSUER, "sub": "u-1", "aud": "hub", "iat": AT, "exp": AT + 60, "nonce": "n-1",
}  # fmt: skip


def token(claims: dict[str, Any], key: Any = KEY, alg: str = "ES256", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": "k-1"} | header, claims, key, [alg])


def _signed_with_the_public_key() -> str:
    """By hand, since no library that is sound lets a public key be a shared secret."""
    head, body = urlsafe_b64encode(b'{"alg":"HS256","kid":"k-1"}'), urlsafe_b64encode(dumps(GOOD))
    signed = head + b"." + body
    mac = hmac.digest(KEY.as_pem(private=False), signed, "sha256")
    return (signed + b"." + urlsafe_b64encode(mac)).decode()


def who(text: str) -> str:
    return subject(text, KEYS, issuer=ISSUER, client_id="hub", nonce="n-1", now=NOW)


def refusal(text: str) -> str:
    with pytest.raises(HubError) as caught:
        who(text)
    assert caught.value.category is Category.UNAUTHENTICATED
    return caught.value.code.removeprefix("external-")


def test_a_good_token_says_who_it_is() -> None:
    assert who(token(GOOD)) == "u-1"
    assert who(token(GOOD, RSA, "RS256", kid="k-2")) == "u-1"
    assert who(token(GOOD | {"aud": ["hub"]})) == "u-1"
    assert who(token(GOOD | {"aud": ["other", "hub"], "azp": "hub"})) == "u-1"
    assert who(token(GOOD | {"exp": AT - 20, "iat": AT - 200})) == "u-1"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": ["other", "hub"]}, "audience"),
        ({"aud": ["hub", "other"], "azp": "other"}, "audience"),
        ({"azp": "other"}, "audience"),
        ({"exp": AT - 31}, "time"),
        ({"exp": None}, "time"),
        ({"exp": True}, "time"),
        ({"iat": AT + 31}, "time"),
        ({"iat": AT - 331}, "time"),
        ({"iat": None}, "time"),
        ({"iat": str(AT)}, "time"),
        ({"nbf": AT + 31}, "time"),
        ({"nonce": "n-2"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": ""}, "subject"),
        ({"sub": 1}, "subject"),
        ({"sub": "u\n1"}, "subject"),
        ({"sub": "u" * 256}, "subject"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused(changes: dict[str, Any], why: str) -> None:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    assert refusal(token(claims)) == why


def test_what_is_not_signed_by_the_named_key_is_refused() -> None:
    unsigned = b".".join([urlsafe_b64encode(b'{"alg":"none","kid":"k-1"}'), urlsafe_b64encode(dumps(GOOD)), b""])
    assert refusal(unsigned.decode()) == "algorithm-or-key"
    assert refusal(token(GOOD, OTHER)) == "signature"
    assert refusal(token(GOOD, kid="k-9")) == "unknown-key"
    assert refusal(token(GOOD, kid="k-2")) == "signature"
    for_another = RSAKey.import_key(RSA.as_pem(private=True), {"kid": "k-2"})
    assert refusal(token(GOOD, for_another, "PS256", kid="k-2")) == "signature"
    assert refusal(_signed_with_the_public_key()) == "algorithm-or-key"
    nameless = jwt.encode({"alg": "ES256"}, GOOD, OTHER, ["ES256"])
    assert refusal(nameless) == "algorithm-or-key"
    assert refusal("x" * 20_000) == "algorithm-or-key"
    assert refusal("a.b.c") == "malformed"


def test_a_key_or_an_address_that_the_token_brings_along_is_not_used() -> None:
    brought: dict[str, Any] = {"jwk": OTHER.as_dict(private=False), "jku": "https://evil.example/keys"}
    assert refusal(token(GOOD, OTHER, **brought)) == "signature"


def test_of_a_published_set_only_public_keys_for_signatures_are_used() -> None:
    good = KEY.as_dict(private=False)
    small = {"kty": "RSA", "kid": "small", "e": "AQAB", "n": urlsafe_b64encode(b"\xff" * 128).decode()}
    published = [
        {**RSA.as_dict(private=False), "use": "enc", "kid": "enc"},
        OTHER.as_dict(private=True) | {"kid": "private"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        {"kty": "AKP", "kid": "of a kind to come"},
        {**good, "kid": None},
        small,
        "no key",
        good,
        {**OTHER.as_dict(private=False)},
    ]
    found = usable({"keys": published})
    assert found is not None
    assert [(key.kid, key.thumbprint()) for key in found] == [("k-1", KEY.thumbprint())]
    assert usable({"keys": []}) is None
    assert usable({"keys": "none"}) is None
