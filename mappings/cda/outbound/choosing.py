"""What of a record is told in a document: of one patient, and nothing that was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: Statuses of what did not happen, is not known to be true, or is only waited for.
_NOT_SO: Final = frozenset(
    {"entered-in-error", "cancelled", "registered", "not-done", "not-taken", "rejected", "revoked", "nullified"}
)
_STATUSES: Final = ("status", "lifecycleStatus")
_NO_CONDITION: Final = frozenset({"refuted", "entered-in-error"})


def chosen(resources: Sequence[Json], patient: str = "") -> list[Json]:
    """The resources of a record that are true, with the one Patient a document is about.

    `patient` is the id of that Patient; without it there must be one. Raises HubError INVALID where there is not.
    """
    patients = [each for each in resources if each["resourceType"] == "Patient" and patient in {"", each["id"]}]
    if len(patients) != 1:
        todo = "name the Patient, or give the resources of one person"
        raise HubError(Category.INVALID, "does not hold one Patient", where="resources", todo=todo)
    return [*patients, *(each for each in _others(resources) if _is_so(each))]


def _others(resources: Iterable[Json]) -> Iterable[Json]:
    return (each for each in resources if each["resourceType"] != "Patient")


def _is_so(resource: Json) -> bool:
    verified = resource.get("verificationStatus", {}).get("coding", ())
    return not any(resource.get(name) in _NOT_SO for name in _STATUSES) and not any(
        coding.get("code") in _NO_CONDITION for coding in verified
    )
