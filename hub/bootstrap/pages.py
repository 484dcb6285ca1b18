"""What the web pages are handed."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from hub.api.asked import at_work
from hub.api.numbering import Numbering
from hub.auth.accounts import Accounts
from hub.auth.sessions import Sessions
from hub.bootstrap.external import external_sign_in
from hub.bootstrap.foundation import VERSION
from hub.bootstrap.imaging import viewers
from hub.bootstrap.parts import Parts
from hub.gate.persons import Persons
from hub.gate.sign_ins import SignIns
from hub.kernel.clock import system_clock
from hub.kernel.ids import random_id
from hub.portal.services import PortalServices
from hub.records.consent_doors import ConsentDoors


def pages_of(parts: Parts, law: ConsentDoors) -> PortalServices:
    """The doors and facts of the pages of one process."""
    foundation, database, directory, auth = parts.foundation, parts.database, parts.directory, parts.auth
    settings = foundation.settings
    return PortalServices(
        gate=parts.gate,
        persons=Persons(database),
        accounts=Accounts(database, directory, system_clock),
        second_factors=auth.second_factors,
        sign_ins=SignIns(parts.trail, system_clock),
        sessions=Sessions(
            database,
            system_clock,
            idle=timedelta(seconds=settings.session_idle_seconds),
            longest=timedelta(seconds=settings.session_seconds),
        ),
        authorisation=auth.page,
        launches=auth.launches,
        authorisations=auth.trail,
        directory=directory,
        names=parts.terms.answers,
        law=law,
        feeds=parts.feeds,
        outbound=parts.outbound,
        receivers=parts.receivers,
        clock=system_clock,
        log=foundation.log,
        new_number=Numbering("p" + random_id()[:6]).next,
        version=VERSION,
        secure=settings.base_url.startswith("https://"),
        external=external_sign_in(foundation, database),
        viewers=viewers(foundation),
        codes=parts.workbench,
        engineer=partial(at_work, directory=directory),
    )
