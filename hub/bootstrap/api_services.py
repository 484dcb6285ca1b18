"""What the FHIR API is handed."""

from __future__ import annotations

from functools import partial

from hub.api.services import Services
from hub.bootstrap.bulk import jobs_of, sources_of, vault_of
from hub.bootstrap.cda_documents import document_writer
from hub.bootstrap.feeds import domains
from hub.bootstrap.foundation import VERSION
from hub.bootstrap.parts import Parts
from hub.bulk.desk import Desk
from hub.db import schema
from hub.fhir.search_parameters import answered
from hub.kernel.clock import system_clock
from hub.kernel.ids import random_id
from hub.mpi.model import chosen_model
from hub.records.definitions import Definitions
from hub.records.indexing import Indexing
from hub.records.reviews import Reviews
from terminology.closure_tables import ClosureTables


def services_of(parts: Parts) -> Services:
    """The doors and facts of one process. Raises HubError INVALID for a model or profile that is wrong."""
    settings, consortium, database = parts.foundation.settings, parts.foundation.consortium, parts.database
    jobs, terms, events, validator = jobs_of(settings, database), parts.terms, parts.events, parts.terms.validator
    return Services(
        gate=parts.gate,
        writes=parts.writes,
        bulk=Desk(parts.gate, jobs, vault_of(settings), sources_of(settings), parts.directory, system_clock),
        indexing=Indexing(database),
        definitions=Definitions(database, parts.trail, system_clock, validator),
        subscriptions=events.subscriptions,
        operations=events.operations,
        desk=events.desk,
        feeds=parts.feeds,
        outbound=parts.outbound,
        terminology=terms.terminology,
        closures=ClosureTables(database, terms.terminology, system_clock),
        reviews=Reviews(
            database, parts.store, parts.trail, system_clock, consortium.review, chosen_model(settings.mpi_model)
        ),
        write_document=document_writer(consortium),
        verify=parts.auth.guard.verify,
        new_id=random_id,
        ready=partial(schema.check, database),
        searchable=partial(answered, full_text=settings.full_text),
        clock=system_clock,
        log=parts.foundation.log,
        base_url=settings.base_url,
        canonical_base=settings.canonical_base,
        version=VERSION,
        max_body_bytes=settings.max_body_bytes,
        images=any(archive.dicomweb for archive in consortium.archives.values()),
        domains=domains(consortium),
        examine=validator.examine,
        refresh=terms.sets.refresh,
        documents=parts.documents,
    )
