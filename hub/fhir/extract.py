"""Index values of a resource, by the search parameters of its type."""

from __future__ import annotations

from hub.fhir.index_values import IndexValues

__all__ = ["IndexValues"]
