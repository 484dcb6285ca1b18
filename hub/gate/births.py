"""Birth date of a person: what the source Patients state or, where they differ, what the golden record says. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hub.mpi.survival_rules import rules
from hub.mpi.survivorship import SourcePatient, latest_first, statements


def birth_date(sources: Sequence[SourcePatient]) -> str | None:
    """The birthDate (FHIR date), None if no source states one."""
    stated = {source.resource["birthDate"] for source in sources if isinstance(source.resource.get("birthDate"), str)}
    if len(stated) < 2:
        return next(iter(stated), None)
    ordered = latest_first(sources)
    survivors = rules(ordered)["birthDate"](statements(ordered, "birthDate"))
    return str(survivors[0].statement.value) if survivors else None
