"""The authorisation endpoint: what an application asks a user for, and the code it gets when the user agrees.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html, RFC 6749 section 4.1, RFC 7636, RFC 9207
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error

from hub.auth.accounts import Account
from hub.auth.directory import Directory
from hub.auth.oauth import clients, grants, launches
from hub.auth.oauth.clients import Client
from hub.auth.oauth.desk import Event, malformed
from hub.auth.oauth.faces import FormRequest
from hub.auth.oauth.grants import CODE_LIFE, Grant, digest
from hub.auth.oauth.ledger import Ledger
from hub.auth.oauth.mint import Mint, is_refreshed
from hub.auth.oauth.redirects import is_registered
from hub.auth.oauth.scope_grants import LAUNCH, LAUNCH_PATIENT, OFFLINE, ONLINE, resources
from hub.auth.oauth.server import TokenServer
from hub.auth.sessions import Session
from hub.db.database import Database
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import random_id

_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRequest:
    """What an application asks for, checked; `scopes` is what it can get at most."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    challenge: str
    launch: str = ""

    @property
    def is_launched(self) -> bool:
        """Whether it was opened from a record, whose patient its launch token stands for."""
        return LAUNCH in self.scopes

    @property
    def confined(self) -> bool:
        """Whether some scope opens the record of one patient, who then must be known."""
        return any((one := resources(scope)) is not None and one.context == "patient" for scope in self.scopes)

    @property
    def asks_for_patient(self) -> bool:
        """Whether the application wants to be told a patient that the user chooses."""
        return LAUNCH_PATIENT in self.scopes


class DeclinedError(Exception):
    """The application is answered with an error at its own address."""

    def __init__(self, client: str, error: str, location: str) -> None:
        super().__init__(error)
        self.event: Final = Event(what="refused", client=client, reason=error)
        self.location: Final = location


class Authorisation:
    """Reads requests and grants them. `url` is the issuer, `fhir` the base of the FHIR API.

    Raises HubError UNAVAILABLE when the database is away.
    """

    def __init__(
        self, database: Database, directory: Directory, mint: Mint, clock: Clock, *, url: str, fhir: str
    ) -> None:
        self._database: Final = database
        self._directory: Final = directory
        self._mint: Final = mint
        self._clock: Final = clock
        self._url: Final = url
        self._fhir: Final = fhir

    async def read(self, pairs: Sequence[tuple[str, str]]) -> AppRequest:
        """What is asked for.

        Raises HubError INVALID where the application is not known for sure, so nobody is answered but the user, and
        DeclinedError where it is (RFC 6749 section 4.1.2.1).
        """
        if problem := malformed(pairs):
            raise _unanswerable(problem)
        params = dict(pairs)
        async with self._database.connection() as tx:
            client = await clients.find(tx, params.get("client_id", ""))
        uri = params.get("redirect_uri", "")
        if client is None or client.disabled or not is_registered(uri, client.redirect_uris):
            raise _unanswerable("no such application")
        try:
            scopes = self._judged(client, params)
        except OAuth2Error as error:
            raise self._declined(client.id, uri, params.get("state", ""), error.error) from None
        asked = AppRequest(
            client=client,
            redirect_uri=uri,
            scopes=scopes,
            state=params.get("state", ""),
            nonce=params.get("nonce", ""),
            challenge=params["code_challenge"],
            launch=params.get("launch", ""),
        )
        self._check(asked, params)
        return asked

    def admit(self, asked: AppRequest, account: Account) -> None:
        """Raises DeclinedError when this user may not use the application, or has no patient to confine it to."""
        client = asked.client
        ours = not client.organization or account.organization in self._directory.same_entity(client.organization)
        if account.role not in client.roles or not ours:
            raise self.declined(asked, "access_denied")
        if asked.confined and not (asked.asks_for_patient or asked.is_launched or account.patient):
            raise self.declined(asked, "invalid_scope")

    def declined(self, asked: AppRequest, error: str = "access_denied") -> DeclinedError:
        """The refusal of a request."""
        return self._declined(asked.client.id, asked.redirect_uri, asked.state, error)

    async def grant(self, asked: AppRequest, session: Session, patient: str | None) -> tuple[str, Event]:
        """Where to send the browser of a user who agreed, and the event. `patient` is the one chosen or launched for.

        Raises DeclinedError for a launch that was used, or a session that ended, meanwhile.
        """
        code, grant = self._mint.secret(), self._grant(asked, session, patient)
        expires = self._clock() + CODE_LIFE
        async with self._database.transaction() as tx:
            # Held, so that what ends the session with all that came of it (`hub.auth.accounts`) also ends this grant.
            if await tx.fetchrow("SELECT FROM web_session WHERE id = $1 FOR SHARE", session.key) is None:
                raise self.declined(asked)
            if asked.is_launched and not await launches.use(tx, asked.launch, self._clock):
                raise self.declined(asked, "invalid_request")
            await grants.insert(tx, grant)
            await tx.execute(
                "INSERT INTO oauth_code (code, grant_id, redirect_uri, challenge, expires) VALUES ($1, $2, $3, $4, $5)",
                digest(code), grant.id, asked.redirect_uri, asked.challenge, expires,
            )  # fmt: skip
        location = self._answer(asked.redirect_uri, {"code": code, "state": asked.state})
        return location, Event(what="granted", client=asked.client.id, grant=grant, scopes=grant.scopes)

    def _judged(self, client: Client, params: Mapping[str, str]) -> tuple[str, ...]:
        """The scopes to be granted. Raises OAuth2Error."""
        server = TokenServer(Ledger(now=self._clock(), client=client), self._mint)
        found = server.get_consent_grant(FormRequest("GET", params))
        return tuple(found.request.scope.split())

    def _check(self, asked: AppRequest, params: Mapping[str, str]) -> None:
        """What SMART asks for beyond OAuth: `aud`, so that a token never meets another server, and `state`."""
        if params.get("aud", "").rstrip("/") != self._fhir or not asked.state:
            raise self.declined(asked, "invalid_request")
        if asked.is_launched != bool(asked.launch) or any(len(value) > _LONGEST for value in params.values()):
            raise self.declined(asked, "invalid_request")
        if params.get("prompt") == "none":
            raise self.declined(asked, "interaction_required")

    def _grant(self, asked: AppRequest, session: Session, patient: str | None) -> Grant:
        account, client = session.account, asked.client
        seconds = client.refresh_seconds if is_refreshed(asked.scopes) else client.access_seconds
        rights: dict[str, Any] = {
            "role": account.role,
            "organization": account.organization,
            "practitioner": account.practitioner,
            "patient": patient or account.patient,
            "purpose": list(client.purposes),
        }
        knows = asked.asks_for_patient or asked.is_launched or asked.confined
        told = {"patient": patient or account.patient} if knows else {}
        online = ONLINE in asked.scopes and OFFLINE not in asked.scopes
        return Grant(
            id=random_id(), client=client.id, account=account.name, session=session.key if online else None,
            scopes=asked.scopes, rights=rights, told=told | {"need_patient_banner": True} if told else {},
            nonce=asked.nonce, signed_in=session.created,
            expires=self._clock() + CODE_LIFE + timedelta(seconds=seconds),
        )  # fmt: skip

    def _declined(self, client: str, uri: str, state: str, error: str) -> DeclinedError:
        return DeclinedError(client, error, self._answer(uri, {"error": error, "state": state}))

    def _answer(self, uri: str, params: Mapping[str, str]) -> str:
        """Every answer says who gives it (RFC 9207 section 2), so that it is not taken for another server's."""
        told = {name: value for name, value in params.items() if value} | {"iss": self._url}
        return str(add_params_to_uri(uri, list(told.items())))


def _unanswerable(what: str) -> HubError:
    return HubError(Category.INVALID, what, where="request", code="app-request")
