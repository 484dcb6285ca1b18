"""The directory: organisations of the consortium, their chains, and the legal entity each belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from hub.kernel.consortium import Consortium, Facility
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

PREFIX: Final = "Organization/"


class Directory:
    """Answers about organisations, each named by its facility code or its reference (`F01`, `Organization/F01`).

    An organisation that is not in the consortium is nobody: it has no legal entity and equals nothing (consent
    rules, section 9a).
    """

    def __init__(self, consortium: Consortium) -> None:
        self._facilities: Final = dict(consortium.facilities)
        self._entity: Final = {code: consortium.legal_entity(code) for code in self._facilities}
        members: defaultdict[str, list[str]] = defaultdict(list)
        for code, entity in self._entity.items():
            members[entity].append(code)
        self._members: Final = {entity: tuple(codes) for entity, codes in members.items()}
        #: `policy` of the consent rules, section 1: what holds where a patient has said nothing.
        self.policy: Final[Mapping[str, str]] = {"clinical": consortium.clinical, "secondary": consortium.secondary}

    def facility(self, organization: str) -> Facility:
        """The facility. Raises HubError INVALID when the consortium has none of that code."""
        found = self._facilities.get(organization.removeprefix(PREFIX))
        if found is None:
            raise HubError(
                Category.INVALID,
                "no organisation of the consortium has this code",
                where="organization",
                todo=f"one of {', '.join(self._facilities)}",
                code="unknown-organization",
            )
        return found

    def trust(self, organization: str) -> int:
        """How far its demographics are trusted: its own figure, or that of the first in its chain that has one."""
        at: str | None = organization.removeprefix(PREFIX)
        seen: set[str] = set()
        while at is not None and at in self._facilities and at not in seen:
            seen.add(at)
            facility = self._facilities[at]
            if facility.trust is not None:
                return facility.trust
            at = facility.part_of
        return 0

    def as_case(self) -> Json:
        """The `directory` of the consent rules, section 1: `{reference: {partOf, legalEntity}}`."""
        return {
            PREFIX + code: {
                "partOf": None if facility.part_of is None else PREFIX + facility.part_of,
                "legalEntity": facility.legal_entity,
            }
            for code, facility in self._facilities.items()
        }

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all facilities, in the order of the consortium file."""
        return tuple(self._facilities)

    def owner_of(self, rid: str) -> str | None:
        """Code of the facility in whose id space an id that clients choose lies; None for an id of the server.

        The id space of a facility is its code and a hyphen (`F05-...`; of two codes that fit, the longer one counts).
        """
        prefixes = [rid[:at] for at, letter in enumerate(rid) if letter == "-"]
        return next((code for code in reversed(prefixes) if code in self._facilities), None)

    def knows(self, organization: str) -> bool:
        return organization.removeprefix(PREFIX) in self._facilities

    def name(self, organization: str) -> str | None:
        """The name to show; None for a stranger."""
        found = self._facilities.get(organization.removeprefix(PREFIX))
        return None if found is None else found.name

    def chain(self, organization: str) -> tuple[str, ...]:
        """Codes of the organisation and all it is part of, itself first; empty for a stranger."""
        codes: list[str] = []
        at: str | None = organization.removeprefix(PREFIX)
        while at in self._facilities and at not in codes:
            codes.append(at)
            at = self._facilities[at].part_of
        return tuple(codes)

    def legal_entity(self, organization: str) -> str | None:
        """Code of the first legal entity in the chain, itself if there is none; None for a stranger."""
        return self._entity.get(organization.removeprefix(PREFIX))

    def same_entity(self, organization: str) -> tuple[str, ...]:
        """Codes of all organisations of the same legal entity, itself among them; empty for a stranger."""
        entity = self.legal_entity(organization)
        return () if entity is None else self._members[entity]
