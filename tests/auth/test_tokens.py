"""Tokens of the local issuer: what is issued, and what is refused."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.signing import ACCESS_ALGORITHM
from hub.auth.tokens import CACHED, LEEWAY, Issuer
from hub.fhir import json
from hub.kernel.consortium import Consortium
from hub.kernel.errors import Category, HubError
from tests.auth.consortium import CONSORTIUM, NOW

HOUR: Final = timedelta(hours=1)


class Watch:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore(tmp_path_factory.mktemp("auth") / "keys")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def issuer(keys: KeyStore, watch: Watch) -> Issuer:
    return Issuer(keys, Directory(CONSORTIUM), watch)


def refused(issuer: Issuer, text: str) -> bool:
    with pytest.raises(HubError) as refusal:
        issuer.verify(text)
    assert refusal.value.what == "no valid access token"
    return refusal.value.category is Category.UNAUTHENTICATED


def test_a_token_carries_every_right_of_its_actor(issuer: Issuer) -> None:
    text = issuer.issue(
        role="clinician",
        organization="Organization/F01-ICU",
        practitioner="fang",
        patient="Patient/w",
        purpose=["BTG"],
        scopes=["user/*.rs"],
        client="his",
        break_glass="过敏性休克",
        co_approval="Practitioner/lin",
        lifetime=timedelta(minutes=5),
    )
    actor = issuer.verify(text)
    assert actor == Actor(
        role="clinician",
        organization="F01-ICU",
        practitioner="fang",
        patient="w",
        purpose=("BTG",),
        form="identified",
        scopes=("user/*.rs",),
        client="his",
        token_id=actor.token_id,
        expires=NOW + timedelta(minutes=5),
        break_glass="过敏性休克",
        co_approval="Practitioner/lin",
        issued=NOW,
    )
    assert len(actor.token_id) == 26


def test_purpose_and_form_default_to_the_first_of_the_role(issuer: Issuer) -> None:
    actor = issuer.verify(issuer.issue(role="regional-centre", organization="F03"))
    assert (actor.purpose, actor.form) == (("HOPERAT",), "deidentified")


def test_two_tokens_for_the_same_rights_differ(issuer: Issuer) -> None:
    assert issuer.issue(role="clinician", organization="F01") != issuer.issue(role="clinician", organization="F01")


def test_a_patient_needs_no_organisation(issuer: Issuer) -> None:
    actor = issuer.verify(issuer.issue(role="patient", patient="w"))
    assert (actor.organization, actor.reference) == ("", "Patient/w")


def test_break_glass_takes_its_purpose_by_default(issuer: Issuer) -> None:
    actor = issuer.verify(issuer.issue(role="clinician", organization="F01", break_glass="昏迷"))
    assert actor.purpose == ("BTG",)


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"role": "root", "organization": "F01"}, "role"),
        ({"role": "clinician", "organization": "BENCH"}, "organization"),
        ({"role": "clinician"}, "organization"),
        ({"role": "patient"}, "patient"),
        ({"role": "clinician", "organization": "F01", "purpose": ["HRESCH"]}, "purpose"),
        ({"role": "clinician", "organization": "F01", "form": "aggregate"}, "form"),
        ({"role": "clinician", "organization": "F01", "scopes": ["patient/*.rs"]}, "scope"),
        ({"role": "clinician", "organization": "F01", "purpose": ["BTG"]}, "break-glass"),
        ({"role": "clinician", "organization": "F01", "purpose": ["TREAT"], "break_glass": "x"}, "break-glass"),
        ({"role": "clinician", "organization": "F01", "break_glass": "  "}, "break-glass"),
        ({"role": "auditor", "organization": "F01", "break_glass": "昏迷"}, "purpose"),
        ({"role": "clinician", "organization": "F01", "lifetime": timedelta(days=2)}, "lifetime"),
        ({"role": "clinician", "organization": "F01", "lifetime": timedelta(0)}, "lifetime"),
    ],
)
def test_rights_that_do_not_exist_are_not_issued(issuer: Issuer, asked: dict[str, Any], where: str) -> None:
    with pytest.raises(HubError) as refusal:
        issuer.issue(**asked)
    assert (refusal.value.category, refusal.value.where) == (Category.INVALID, where)


def test_a_token_ends_also_when_it_was_verified_before(issuer: Issuer, watch: Watch) -> None:
    text = issuer.issue(role="clinician", organization="F01", lifetime=HOUR)
    watch.now = NOW + HOUR
    assert issuer.verify(text)
    watch.now = NOW + HOUR + LEEWAY
    assert refused(issuer, text)


def test_a_token_is_not_valid_before_it_begins(issuer: Issuer, watch: Watch) -> None:
    text = issuer.issue(role="clinician", organization="F01")
    watch.now = NOW - LEEWAY - timedelta(seconds=1)
    assert refused(issuer, text)
    watch.now = NOW - LEEWAY
    assert issuer.verify(text)


def _signed(issuer: Issuer, key: Any, part: str = "", changes: dict[str, Any] | None = None) -> str:
    """A token like a good one but for `changes` of its header or its claims, signed with `key`."""
    good = issuer.issue(role="clinician", organization="F01")
    read = jws.extract_compact(good.encode())
    parts: dict[str, dict[str, Any]] = {"header": read.headers(), "claims": json.loads(read.payload)}
    if part:
        changed = {name: value for name, value in (parts[part] | (changes or {})).items() if value is not None}
        parts[part] = changed
    signed = f"{_b64(json.dumps(parts['header']))}.{_b64(json.dumps(parts['claims']))}"
    return f"{signed}.{_b64(key.sign(signed.encode()))}"


def test_a_token_signed_as_by_us_is_accepted(issuer: Issuer, keys: KeyStore) -> None:
    assert issuer.verify(_signed(issuer, keys.signing_key)).role == "clinician"


#: What is changed in the header or in the claims; None takes it away.
FORGERIES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "no issuer": ("claims", {"iss": None}),
    "no audience": ("claims", {"aud": None}),
    "no end": ("claims", {"exp": None}),
    "no begin": ("claims", {"nbf": None}),
    "no time of issue": ("claims", {"iat": None}),
    "no id": ("claims", {"jti": None}),
    "no role": ("claims", {"role": None}),
    "no purpose": ("claims", {"purpose": None}),
    "another issuer": ("claims", {"iss": "urn:yilian:other"}),
    "another audience": ("claims", {"aud": "urn:yilian:other"}),
    "ended": ("claims", {"exp": int((NOW - HOUR).timestamp())}),
    "not begun": ("claims", {"nbf": int((NOW + HOUR).timestamp())}),
    "issued tomorrow": ("claims", {"iat": int((NOW + HOUR).timestamp())}),
    "an end that is no number": ("claims", {"exp": True}),
    "an end beyond time": ("claims", {"exp": 10**30}),
    "an unknown role": ("claims", {"role": "root"}),
    "an unknown organisation": ("claims", {"organization": "F99"}),
    "a purpose of another role": ("claims", {"purpose": ["HRESCH"]}),
    "a purpose that is a text": ("claims", {"purpose": "TREAT"}),
    "a scope that cannot be enforced": ("claims", {"scope": "patient/*.rs"}),
    "a role that is a list": ("claims", {"role": ["clinician"]}),
    "no key id": ("header", {"kid": None}),
    "a key id with a path": ("header", {"kid": "../../keys/id.secret"}),
    "a key id with SQL": ("header", {"kid": "' OR 1=1 --"}),
    "a remote key set": ("header", {"jku": "https://evil.example/jwks"}),
    "a remote certificate": ("header", {"x5u": "https://evil.example/x5u"}),
    "a critical extension": ("header", {"crit": ["x"], "x": "y"}),
    "another type": ("header", {"typ": "JWT"}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_is_not_exactly_ours_is_refused(issuer: Issuer, keys: KeyStore, name: str) -> None:
    assert refused(issuer, _signed(issuer, keys.signing_key, *FORGERIES[name]))


def test_a_token_of_another_key_is_refused(issuer: Issuer) -> None:
    assert refused(issuer, _signed(issuer, Ed25519PrivateKey.generate()))


def test_a_key_brought_along_by_the_token_is_not_used(issuer: Issuer) -> None:
    own = Ed25519PrivateKey.generate()
    public = base64.urlsafe_b64encode(own.public_key().public_bytes_raw()).rstrip(b"=").decode()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": public}
    assert refused(issuer, _signed(issuer, own, "header", {"jwk": jwk}))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_an_unsigned_token_is_refused(issuer: Issuer, algorithm: str) -> None:
    header, claims, _ = issuer.issue(role="clinician", organization="F01").split(".")
    data = json.loads(base64.urlsafe_b64decode(header + "=="))
    unsigned = f"{_b64(json.dumps(data | {'alg': algorithm}))}.{claims}."
    assert refused(issuer, unsigned)


def test_the_public_key_is_not_taken_for_a_shared_secret(issuer: Issuer, keys: KeyStore) -> None:
    public = keys.signing_key.public_key()
    for encoding, layout in (
        (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        (serialization.Encoding.Raw, serialization.PublicFormat.Raw),
    ):
        key = public.public_bytes(encoding, layout)
        header, claims, _ = issuer.issue(role="clinician", organization="F01").split(".")
        data = json.loads(base64.urlsafe_b64decode(header + "==")) | {"alg": "HS256"}
        signed = f"{_b64(json.dumps(data))}.{claims}"
        mac = hmac.digest(key, signed.encode(), "sha256")
        assert refused(issuer, f"{signed}.{_b64(mac)}")


def test_changed_claims_break_the_signature(issuer: Issuer) -> None:
    header, claims, signature = issuer.issue(role="clinician", organization="F01").split(".")
    data = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"organization": "F03"}
    assert refused(issuer, f"{header}.{_b64(json.dumps(data))}.{signature}")


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "...", "\ud800", "x" * 9000, "Bearer x", "密"])
def test_rubbish_is_refused(issuer: Issuer, text: str) -> None:
    assert refused(issuer, text)


def test_a_token_of_another_installation_is_refused(issuer: Issuer, tmp_path: Path, watch: Watch) -> None:
    other = Issuer(KeyStore(tmp_path / "keys"), Directory(CONSORTIUM), watch)
    assert refused(issuer, other.issue(role="clinician", organization="F01"))


def test_a_token_of_an_organisation_that_left_the_consortium_is_refused(
    issuer: Issuer, keys: KeyStore, watch: Watch
) -> None:
    left = {code: facility for code, facility in CONSORTIUM.facilities.items() if code != "F05"}
    later = Issuer(keys, Directory(Consortium(name="", facilities=left, feeds={})), watch)
    assert refused(later, issuer.issue(role="clinician", organization="F05"))
    assert later.verify(issuer.issue(role="clinician", organization="F01"))


def test_the_memory_of_verified_tokens_is_bounded(issuer: Issuer) -> None:
    text = issuer.issue(role="clinician", organization="F01")
    first = issuer.verify(text)
    assert issuer.verify(text) is first
    issuer._verified.update({n.to_bytes(32, "big"): (first, "") for n in range(CACHED)})
    issuer.verify(issuer.issue(role="clinician", organization="F01"))
    assert len(issuer._verified) <= CACHED + 1
    assert issuer.verify(text) == first


def test_the_published_key_verifies_a_token(issuer: Issuer) -> None:
    text = issuer.issue(role="clinician", organization="F01")
    published = issuer.jwks()
    key = published["keys"][0]
    assert key["kid"] == jws.extract_compact(text.encode()).headers()["kid"]
    claims = jwt.decode(text, KeySet.import_key_set(published), [ACCESS_ALGORITHM]).claims
    assert (claims["aud"], claims["sub"]) == (issuer.name, "Organization/F01")
    assert not any("d" in one for one in published["keys"])
    assert datetime.fromtimestamp(claims["exp"], UTC) == NOW + HOUR


def test_an_application_has_scopes_and_only_an_application_has_those_that_are_no_rights(issuer: Issuer) -> None:
    text = issuer.issue(role="clinician", organization="F01", scopes=["openid", "user/Patient.rs"], grant="g1")
    assert issuer.verify(text).grant == "g1"
    for asked in ({"grant": "g1"}, {"scopes": ["openid"]}, {"scopes": ["api/feeds"]}):
        with pytest.raises(HubError, match="scope"):
            issuer.issue(role="clinician", organization="F01", **asked)


def test_an_identity_is_signed_by_a_published_key_of_its_own(issuer: Issuer) -> None:
    text = issuer.identity({"sub": "Practitioner/fang"})
    keys = KeySet.import_key_set(issuer.jwks())
    assert jwt.decode(text, keys, ["ES256"]).claims == {"sub": "Practitioner/fang"}
    assert refused(issuer, text)
