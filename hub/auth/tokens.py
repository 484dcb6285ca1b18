"""Access tokens of the local issuer: short-lived JWT signed with Ed25519 (RFC 7519, RFC 9068, RFC 9864)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySetSerialization

from hub.auth import scopes as ceilings
from hub.auth.actor import Actor
from hub.auth.claims import actor_of, claims_of
from hub.auth.directory import Directory
from hub.auth.keys import KeyStore
from hub.auth.roles import Role, allowed_form, allowed_purposes, role_named
from hub.auth.signing import ACCESS_ALGORITHM, LONGEST, OPENID_ALGORITHM, SigningKeys
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes, random_id
from hub.kernel.log import Log

TYPE: Final = "at+jwt"
#: How far the clocks of two machines of the hub may be apart.
LEEWAY: Final = timedelta(seconds=10)
LONGEST_TEXT: Final = 8192
CACHED: Final = 4096
#: Client name of tokens made on the command line.
LOCAL_CLIENT: Final = "yilian"

_REQUIRED: Final = ("exp", "nbf", "iat", "jti")


class Issuer:
    """Issues and verifies tokens of one installation; issuer and audience are `urn:yilian:<installation>`."""

    def __init__(
        self,
        keys: KeyStore,
        directory: Directory,
        clock: Clock,
        *,
        random_bytes: RandomBytes = secrets.token_bytes,
        log: Log | None = None,
    ) -> None:
        self.name: Final = f"urn:yilian:{keys.installation}"
        self._keys: Final = SigningKeys(keys.folder, clock, log)
        self._directory: Final = directory
        self._clock: Final = clock
        self._random_bytes: Final = random_bytes
        #: Actors of tokens that were verified, and the ids of the keys that did.
        self._verified: Final[dict[bytes, tuple[Actor, str]]] = {}

    def issue(
        self,
        *,
        role: str,
        organization: str = "",
        practitioner: str | None = None,
        patient: str | None = None,
        purpose: Sequence[str] = (),
        form: str = "",
        scopes: Sequence[str] = (),
        client: str = LOCAL_CLIENT,
        break_glass: str | None = None,
        co_approval: str | None = None,
        grant: str | None = None,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        """A token for these rights. Empty purpose and form take the role's defaults, or BTG with a break-glass reason.

        `grant` is the grant of an application (`hub.auth.oauth`): the token then ends with it, and may have scopes that
        are no rights (`openid`).

        Raises HubError INVALID saying what is allowed: unknown role, organisation, purpose, form or scope, a personal
        role without its patient, break-glass without its purpose, a lifetime over a day.
        """
        known = role_named(role)
        purpose = purpose or (("BTG",) if break_glass else ())
        actor = Actor(
            role=role,
            organization=self._organization(known, organization),
            practitioner=practitioner or None,
            patient=_patient(known, patient),
            purpose=allowed_purposes(known, purpose),
            form=allowed_form(known, form),
            scopes=ceilings.check(scopes, patient, of_app=grant is not None),
            client=client,
            token_id=random_id(self._random_bytes),
            expires=self._clock() + _lifetime(lifetime),
            break_glass=_break_glass(break_glass, purpose),
            co_approval=co_approval or None,
            grant=grant,
        )
        claims = claims_of(actor) | {"iss": self.name, "aud": self.name, **self._times()}
        key = self._keys.access
        return jwt.encode(_header(str(key.kid)), claims, key, [ACCESS_ALGORITHM])

    def verify(self, text: str) -> Actor:
        """The actor of a valid token. Raises HubError UNAUTHENTICATED for any other; it does not say which check."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        actor, kid = self._verified.get(digest) or self._remember(digest, *self._decode(text))
        if self._keys.verifying(kid) is None:
            raise _refused()
        if self._clock() >= actor.expires + LEEWAY:
            self._verified.pop(digest, None)
            raise _refused()
        return actor

    def identity(self, claims: Mapping[str, Any]) -> str:
        """An id_token of these claims (OpenID Connect Core 1.0 section 2); issuer and times are the caller's."""
        key = self._keys.openid
        return jwt.encode({"alg": OPENID_ALGORITHM, "kid": key.kid}, dict(claims), key, [OPENID_ALGORITHM])

    def jwks(self) -> KeySetSerialization:
        """The public keys as a JWK set (RFC 7517), renewed ones too while tokens of theirs may hold."""
        return self._keys.public()

    def _organization(self, role: Role, organization: str) -> str:
        return "" if role.personal and not organization else self._directory.facility(organization).code

    def _times(self) -> dict[str, int]:
        now = int(self._clock().timestamp())
        return {"iat": now, "nbf": now}

    def _decode(self, text: str) -> tuple[Actor, str]:
        """The actor, and the id of the key that signed."""
        if len(text) > LONGEST_TEXT:
            raise _refused()
        try:
            # Exactly our own header: no other algorithm, no key named or brought along by the token (jku, x5u, jwk).
            header = jws.extract_compact(text.encode()).headers()
            key = self._keys.verifying(header.get("kid"))
            if key is None or header != _header(str(key.kid)):
                raise _refused()
            claims = jwt.decode(text, key, [ACCESS_ALGORITHM]).claims
            self._refuse_foreign(claims)
            _refuse_unless_begun(claims, self._clock())
            actor = actor_of(claims)
        except (JoseError, KeyError, TypeError, ValueError, OverflowError):
            raise _refused() from None
        self._refuse_obsolete(actor)
        return actor, str(key.kid)

    def _refuse_foreign(self, claims: Mapping[str, Any]) -> None:
        complete = all(name in claims for name in _REQUIRED)
        if not complete or claims.get("iss") != self.name or claims.get("aud") != self.name:
            raise _refused()

    def _refuse_obsolete(self, actor: Actor) -> None:
        """Check the actor against today's tables: a token may be older than the configuration."""
        try:
            role = role_named(actor.role)
            self._organization(role, actor.organization)
            allowed_purposes(role, actor.purpose)
            allowed_form(role, actor.form)
            ceilings.check(actor.scopes, actor.patient, of_app=actor.grant is not None)
        except HubError:
            raise _refused() from None

    def _remember(self, digest: bytes, actor: Actor, kid: str) -> tuple[Actor, str]:
        while len(self._verified) >= CACHED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = actor, kid
        return actor, kid


def _header(kid: str) -> dict[str, Any]:
    return {"alg": ACCESS_ALGORITHM, "typ": TYPE, "kid": kid}


def _patient(role: Role, patient: str | None) -> str | None:
    if role.personal and not patient:
        raise HubError(Category.INVALID, f"role {role.name} needs a patient", where="patient", code="patient-missing")
    return patient.removeprefix("Patient/") if patient else None


def _break_glass(reason: str | None, purpose: Sequence[str]) -> str | None:
    if reason is None:
        if "BTG" in purpose:
            raise HubError(Category.INVALID, "purpose BTG needs a reason", where="break-glass", code="break-glass")
        return None
    if not reason.strip() or not purpose or not set(purpose) <= {"ETREAT", "BTG"}:
        raise HubError(
            Category.INVALID,
            "needs a reason, and purpose ETREAT or BTG alone",
            where="break-glass",
            code="break-glass",
        )
    return reason.strip()


def _lifetime(lifetime: timedelta) -> timedelta:
    if not timedelta(0) < lifetime <= LONGEST:
        raise HubError(Category.INVALID, "over a day, or none", where="lifetime", todo="1 to 86400 seconds")
    return lifetime


def _refuse_unless_begun(claims: Mapping[str, Any], now: datetime) -> None:
    begin = max(_instant(claims["nbf"]), _instant(claims["iat"]))
    if now + LEEWAY < begin:
        raise _refused()


def _instant(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TypeError("a time claim is not a whole number")
    return datetime.fromtimestamp(seconds, UTC)


def _refused() -> HubError:
    return HubError(Category.UNAUTHENTICATED, "no valid access token", where="Authorization", todo="ask for a new one")
