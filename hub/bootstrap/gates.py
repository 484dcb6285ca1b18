"""The gate of one process."""

from __future__ import annotations

from hub.audit.trail import Trail
from hub.auth.directory import Directory
from hub.bootstrap.foundation import Foundation
from hub.db.database import Database
from hub.gate.gate import Gate
from hub.kernel.clock import system_clock
from hub.mpi.model import chosen_model
from hub.outbound.answering import feed_client
from hub.store.store import Store


def gate_of(foundation: Foundation, database: Database, store: Store, trail: Trail, directory: Directory) -> Gate:
    """A gate with what the settings and the key folder say."""
    settings, keys = foundation.settings, foundation.keys
    return Gate(
        database,
        store,
        trail,
        directory,
        keys.page_secret,
        system_clock,
        foundation.log,
        page_size=settings.page_size,
        page_limit=settings.page_limit,
        panel_limit=settings.panel_limit,
        glass_limit=settings.glass_limit,
        candidate_limit=settings.candidates_per_minute,
        candidate_limits={feed_client(f.name): f.queries for f in foundation.consortium.feeds.values() if f.queries},
        base_url=settings.base_url,
        canonical_base=settings.canonical_base,
        model=chosen_model(settings.mpi_model),
        installation=f"urn:yilian:{keys.installation}",
    )
