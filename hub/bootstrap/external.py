"""Sign-in by the provider that the consortium file names."""

from __future__ import annotations

from hub.auth.external.identities import Identities
from hub.auth.external.provider import Provider
from hub.auth.external.sign_in import ExternalSignIn
from hub.auth.external.states import States
from hub.auth.fetching import Fetcher
from hub.auth.turnstile import Shared, Turnstile
from hub.bootstrap.foundation import Foundation
from hub.db.buckets import Buckets
from hub.db.database import Database
from hub.kernel.clock import system_clock
from hub.kernel.external_sign_in import ExternalProvider
from hub.kernel.private_files import read_private
from hub.portal.pages.external import CALLBACK

#: The hub waits for the provider here, so more may wait at once than where it computes.
_AT_ONCE = 8


def external_sign_in(foundation: Foundation, database: Database) -> ExternalSignIn | None:
    """None where the consortium has no provider. Raises HubError INVALID or FORBIDDEN for its secret's file."""
    configured = foundation.consortium.sign_in
    if configured is None:
        return None
    # Whoever wrote the consortium file chose the host: it may well stand in a network of the hospital's own.
    fetcher = Fetcher(None, configured.authority)
    redirect = foundation.settings.base_url.removesuffix("/fhir") + CALLBACK
    return ExternalSignIn(
        Provider(configured, _secret(configured), fetcher, system_clock, redirect=redirect),
        States(foundation.keys.page_secret, system_clock),
        Identities(database, system_clock, configured.issuer),
        Turnstile(system_clock, at_once=_AT_ONCE, shared=Shared(Buckets(database, system_clock), "provider")),
    )


def _secret(configured: ExternalProvider) -> str | None:
    if configured.client_secret is None:
        return None
    return read_private(configured.client_secret).decode("utf-8", "replace").strip()
