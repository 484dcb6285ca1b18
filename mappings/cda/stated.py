"""What a document was found to state, by data element: for what is told of the document as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from hub.kernel.types import Json
from mappings.cda.codes import ELEMENTS
from mappings.cda.context import Context


def all_of(kind: str, context: Context) -> list[Json]:
    """The resources of a type so far."""
    return [draft.resource for draft in context.drafts.values() if draft.resource["resourceType"] == kind]


def is_of(observed: Json, element: str) -> bool:
    """Whether an Observation is of a data element."""
    return any((each.get("system"), each["code"]) == (ELEMENTS, element) for each in observed["code"].get("coding", []))


def stated(element: str, context: Context) -> Json | None:
    """The first Observation of a data element, if the document has one."""
    return next(every(element, context), None)


def every(element: str, context: Context) -> Iterator[Json]:
    """All Observations of a data element."""
    return (each for each in all_of("Observation", context) if is_of(each, element))


def words(element: str, context: Context) -> str:
    """What the Observations of a data element say in words; "" for none, and where they differ."""
    said = {each["valueString"] for each in every(element, context) if "valueString" in each}
    return said.pop() if len(said) == 1 else ""
