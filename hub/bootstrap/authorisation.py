"""The authorisation server of one API process: the desk of tokens, the authorisation page, and who verifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.routing import BaseRoute

from hub.api.cross_origin import Origins
from hub.api.numbering import Numbering
from hub.api.oauth import OAuthServices, oauth_routes
from hub.auth.directory import Directory
from hub.auth.fetching import Fetcher
from hub.auth.guard import Guard
from hub.auth.oauth.authorisation import Authorisation
from hub.auth.oauth.clients import Clients
from hub.auth.oauth.desk import TokenDesk
from hub.auth.oauth.discovery import TOKEN, issuer_url
from hub.auth.oauth.grants import Limits
from hub.auth.oauth.launches import Launches
from hub.auth.oauth.mint import Mint
from hub.auth.oauth.published import PublishedKeys
from hub.auth.second_factor import SecondFactors
from hub.auth.tokens import Issuer
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.gate.authorisations import Authorisations
from hub.kernel.clock import system_clock
from hub.kernel.ids import random_id
from hub.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class AuthorisationServer:
    """Its parts; `routes` are those of the endpoints, `origins` those of pages whose scripts may ask."""

    guard: Guard
    page: Authorisation
    launches: Launches
    second_factors: SecondFactors
    trail: Authorisations
    routes: list[BaseRoute]
    origins: Origins


def authorisation_server(
    foundation: Foundation, database: Database, directory: Directory, trail: Authorisations
) -> AuthorisationServer:
    """The authorisation server over a database."""
    settings, limits = foundation.settings, _limits(foundation.settings)
    issuer = Issuer(foundation.keys, directory, system_clock, log=foundation.log)
    url = issuer_url(settings.base_url)
    mint = Mint(issuer, url, settings.base_url)
    published = PublishedKeys(database, Fetcher(tuple(filter(None, settings.jwks_networks.split(",")))), system_clock)
    desk = TokenDesk(database, mint, system_clock, limits, published, url=url + TOKEN, issuer=url)
    endpoints = OAuthServices(
        desk=desk,
        trail=trail,
        issuer=url,
        keys=issuer.jwks,
        log=foundation.log,
        numbering=Numbering("a" + random_id()[:6]),
    )
    page = Authorisation(database, directory, mint, system_clock, url=url, fhir=settings.base_url)
    factors = SecondFactors(database, foundation.keys.page_secret, system_clock)
    launches = Launches(database, mint.secret, system_clock, fhir=settings.base_url)
    guard = Guard(issuer, database, system_clock, limits)
    origins = Clients(database, directory, system_clock).origins
    return AuthorisationServer(guard, page, launches, factors, trail, [*oauth_routes(endpoints)], origins)


def _limits(settings: Settings) -> Limits:
    return Limits(
        idle=timedelta(seconds=settings.session_idle_seconds), longest=timedelta(seconds=settings.session_seconds)
    )
