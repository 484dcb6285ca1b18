"""What follows from a write, for both doors of the records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hub.auth.directory import Directory
from hub.bootstrap.alerts import alert_rules
from hub.bootstrap.foundation import Foundation
from hub.care.watch import Watch
from hub.kernel.clock import system_clock
from hub.mpi.index import PatientIndex
from hub.mpi.model import chosen_model
from hub.records.consequences import Consequences
from hub.records.contracts import Contracts
from hub.records.relationships import Relationships
from hub.store.store import Store
from terminology.stored import StoredTerminology


def consequences(foundation: Foundation, store: Store, forget: Callable[[], None] = lambda: None) -> Consequences:
    """What follows from writes, for either door of the records; `forget` what this process holds of terminology."""
    relationships = Relationships(
        facilities=frozenset(foundation.consortium.facilities),
        care=timedelta(days=foundation.settings.care_days),
        canonical_base=foundation.settings.canonical_base,
    )
    index = PatientIndex(system_clock, model=chosen_model(foundation.settings.mpi_model))
    terminology = StoredTerminology(system_clock, forget)
    contracts = Contracts(Directory(foundation.consortium))
    watch = Watch(alert_rules(foundation.settings), system_clock)
    return Consequences(store, index, relationships, contracts, terminology, watch)
