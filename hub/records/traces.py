"""What a message became: the versions of resources its Provenance names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.ids import IdMaker
from hub.records.provenance import provenance_id
from hub.store.store import Store
from hub.store.values import Stored

_TARGET: Final = re.compile(r"([A-Za-z]+)/([A-Za-z0-9.-]+)/_history/(\d+)")
#: Resources of one message that are shown; a message of ten megabytes may have made a hundred thousand.
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Trace:
    """The newest version of each resource a message made, in the order of its Provenance; `count` is how many."""

    count: int
    versions: tuple[Stored, ...] = ()

    def patients(self) -> tuple[str, ...]:
        """Ids of the source patients they are about."""
        return tuple(dict.fromkeys(version.patient for version in self.versions if version.patient))


class Traces:
    """Follows messages to their resources. `ids` is the maker of the installation's ids."""

    def __init__(self, store: Store, ids: IdMaker) -> None:
        self._store: Final = store
        self._ids: Final = ids

    async def of(self, tx: Tx, facility: str, message: int) -> Trace:
        """What a message of a facility made, whenever it was processed; deleted resources are left out."""
        newest: dict[tuple[str, str], int] = {}
        for version in await self._store.versions(tx, "Provenance", provenance_id(self._ids, facility, message)):
            for target in [] if version.deleted else loads(version.body).get("target", []):
                found = _TARGET.fullmatch(target["reference"])
                if found is not None:
                    newest.setdefault((found[1], found[2]), int(found[3]))
        wanted = list(newest.items())[:MOST]
        versions = [await self._store.load_version(tx, *ref, number) for ref, number in wanted]
        return Trace(len(newest), tuple(each for each in versions if each is not None and not each.deleted))
