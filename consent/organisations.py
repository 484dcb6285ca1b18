"""The directory: chains of organisations and the legal entity each belongs to (section 1)."""

from __future__ import annotations

from typing import Final

from consent.references import References
from consent.shapes import record


class Organisations:
    """Answers about organisations by cleaned reference. An organisation that is not listed is alone in its chain."""

    def __init__(self, directory: object, references: References) -> None:
        self._parents: Final[dict[str, str | None]] = {}
        self._legal: Final[set[str]] = set()
        self._entities: Final[dict[str | None, str | None]] = {}
        for key, value in record(directory).items():
            reference, fields = references.clean(key), record(value)
            if reference is None:
                continue
            self._parents[reference] = references.clean(fields.get("partOf"))
            if fields.get("legalEntity") is True:
                self._legal.add(reference)

    def chain(self, organisation: str | None) -> tuple[str, ...]:
        """The organisation and all it is part of, itself first; empty for a missing one. A circle ends the chain."""
        found: list[str] = []
        at = organisation
        while at is not None and at not in found:
            found.append(at)
            at = self._parents.get(at)
        return tuple(found)

    def legal_entity(self, organisation: str | None) -> str | None:
        """The first legal entity of the chain, itself if there is none; None for a missing organisation."""
        if organisation not in self._entities:
            found = (one for one in self.chain(organisation) if one in self._legal)
            self._entities[organisation] = next(found, organisation)
        return self._entities[organisation]

    def same_entity(self, one: str | None, other: str | None) -> bool:
        """Do both belong to the same legal entity? A missing organisation equals nothing."""
        entity = self.legal_entity(one)
        return entity is not None and entity == self.legal_entity(other)
