"""The HTTP application of one API process: FHIR API, other doors, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from hub.api.app import create_app
from hub.bootstrap.api_doors import api_routes
from hub.bootstrap.api_services import services_of
from hub.bootstrap.consents import consent_doors_of
from hub.bootstrap.foundation import Foundation
from hub.bootstrap.pages import pages_of
from hub.bootstrap.parts import opened_parts
from hub.bootstrap.terminology import vocabulary
from hub.db.database import Database
from hub.portal.portal import portal_routes

#: Connections for questions to the terminology: a search asks them while it holds one of the others.
_ASKING: Final = 2


@asynccontextmanager
async def application(foundation: Foundation, database: Database) -> AsyncIterator[FastAPI]:
    """The HTTP application of one API process."""
    async with (
        foundation.database("terms", size=_ASKING) as asked,
        opened_parts(foundation, database, vocabulary(foundation, asked)) as parts,
    ):
        services = services_of(parts)
        law = await consent_doors_of(
            foundation, database, parts.store, parts.directory, parts.trail, parts.terms.validator, parts.writes
        )
        app = create_app(services, parts.auth.origins)
        pages = portal_routes(pages_of(parts, law))
        app.router.routes += [*api_routes(parts, services, law), *parts.auth.routes, *pages]
        yield app
