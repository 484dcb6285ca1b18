"""What several messages of one facility leave behind, laid over each other as the record does it."""

from __future__ import annotations

from hub.kernel.types import Draft, Json, Translation
from hub.records.merge import merge
from mappings.hl7v2.profile import DEFAULT, Profile
from tests.mappings.engine import translate


class Story:
    """The resources of one facility by type and id, after the messages told so far."""

    def __init__(self, profile: Profile = DEFAULT, facility: str = "F01") -> None:
        self.profile = profile
        self.facility = facility
        self.record: dict[tuple[str, str], Json] = {}
        self._cleared: dict[tuple[str, str], tuple[str, ...]] = {}

    def tell(self, *segments: str, event: str = "A01", kind: str = "ADT", late: bool = False) -> Translation:
        """Translate a message and lay it over the record; `late`: a newer message has been told already."""
        found = translate(*segments, event=event, kind=kind, facility=self.facility, profile=self.profile)
        for draft in found.drafts:
            self._lay(draft, late)
        return found

    def _lay(self, draft: Draft, late: bool) -> None:
        key = (draft.resource["resourceType"], draft.resource["id"])
        merged = merge(draft, self.record.get(key), self._cleared.get(key, ()), settled=late and key in self.record)
        self.record[key], self._cleared[key] = merged.resource, merged.cleared

    def all(self, rtype: str) -> list[Json]:
        return [resource for (kind, _), resource in self.record.items() if kind == rtype]

    def one(self, rtype: str) -> Json:
        (only,) = self.all(rtype)
        return only
