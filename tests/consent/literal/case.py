"""What a case states (section 1), with the tables of section 2 and the words defined there."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.moments import UnreadableError, age, covers, reference, references, span

_UP: Final = {
    **{"COC": "TREAT", "CAREMGT": "TREAT", "ETREAT": "TREAT", "BTG": "ETREAT", "HQUALIMP": "HOPERAT"},
    **{"CLINTRCH": "HRESCH", "BIORCH": "HRESCH", "FAMRQT": "PATRQT"},
    **{"PSYTHPN": "PSY", "ETHUD": "ETH", "OPIOIDUD": "ETH"},
}
_CLINICAL: Final = ["TREAT", "COC", "CAREMGT", "ETREAT", "BTG"]
CARERS: Final = ("family-doctor", "clinician")

#: 2: role to allowed purposes and forms.
ROLES: Final[dict[str, tuple[list[str], list[str]]]] = {
    "patient": (["PATRQT"], ["identified"]),
    "proxy": (["PATRQT", "FAMRQT"], ["identified"]),
    "family-doctor": (_CLINICAL, ["identified"]),
    "clinician": (_CLINICAL, ["identified"]),
    "regional-centre": (["HOPERAT", "HQUALIMP", "PUBHLTH"], ["deidentified", "aggregate"]),
    "researcher": (["HRESCH", "CLINTRCH", "BIORCH"], ["aggregate"]),
    "enterprise": (["PRODRD"], ["aggregate"]),
}
ORDER: Final = ["U", "L", "M", "N", "R", "V"]
SENSITIVE: Final = {"HIV", "STD", "PSY", "PSYTHPN", "SEX", "SDV", "ETH", "ETHUD", "OPIOIDUD", "GDIS"}


def kinds(code: str) -> list[str]:
    """2: a code and all it is a kind of."""
    return [code, *kinds(_UP[code])] if code in _UP else [code]


class Case:
    """One case, its parts by their names in section 1. Reading `time` may raise UnreadableError."""

    def __init__(self, given: Json) -> None:
        self.policy, self.directory, self.consents = given["policy"], given["directory"], given["consents"]
        self.patient, self.request, self.resource = given["patient"], given["request"], given["resource"]
        self.requester: Json = self.request["requester"]
        self.role: str = self.requester["role"]
        self.purposes: list[str] = self.request["purpose"]
        self.form: str = self.request.get("form", "identified")
        self.asker = reference(self.requester.get("reference"))
        self.mine = references([self.patient["reference"], *self.patient.get("links", [])])
        self.labels = [(one.get("system"), one.get("code")) for one in self.resource.get("securityLabel", [])]
        self.sensitivities = [code for system, code in self.labels if system == cases.ACT_CODE and code in SENSITIVE]
        self.proxies: list[Json] = self.patient.get("proxies", [])

    @property
    def is_timed(self) -> bool:
        """3, step 1; 9a: a malformed time is as none."""
        try:
            return bool(self.time)
        except UnreadableError:
            return False

    @cached_property
    def time(self) -> datetime:
        return span(self.request["time"])[0]

    def age(self, at: datetime) -> int | None:
        return age(self.patient.get("birthDate"), at)

    def carries(self, code: str) -> bool:
        return (cases.ACT_CODE, code) in self.labels

    @cached_property
    def confidentiality(self) -> int:
        """2: effective, as its place in the order.

        9a: a label of a foreign system counts as R; so does a code v3-Confidentiality does not have.
        """
        known = [(code if system == cases.CONFIDENTIALITY else "R", system) for system, code in self.labels]
        ranks = [ORDER.index(code if code in ORDER else "R") for code, system in known if system != cases.ACT_CODE]
        return max(max(ranks, default=ORDER.index("N")), ORDER.index("R") if self.sensitivities else 0)

    @property
    def restricted(self) -> bool:
        return ORDER[self.confidentiality] in "RV"

    @property
    def very_restricted(self) -> bool:
        return ORDER[self.confidentiality] == "V"

    def chain(self, organisation: Any) -> list[str]:
        """1: itself and all partOf ancestors."""
        found: list[str] = []
        one = reference(organisation)
        while one and one not in found:
            found.append(one)
            one = reference(self.directory.get(one, {}).get("partOf"))
        return found

    def same_entity(self, one: Any, other: Any) -> bool:
        """9a, 6: a missing organisation has no legal entity and equals nothing."""
        mine, theirs = self._entity(one), self._entity(other)
        return mine is not None and mine == theirs

    def _entity(self, organisation: Any) -> str | None:
        chain = self.chain(organisation)
        legal = [one for one in chain if self.directory.get(one, {}).get("legalEntity") is True]
        return next(iter([*legal, *chain]), None)

    @cached_property
    def related(self) -> bool:
        """6, Relationship."""
        if self.role == "family-doctor":
            ties = [
                one for one in self.patient.get("managedBy", []) if reference(one.get("practitioner")) == self.asker
            ]
        elif self.role == "clinician":
            home = self.requester.get("organization")
            ties = [
                one
                for one in self.patient.get("careRelationships", [])
                if self.same_entity(one.get("organization"), home)
            ]
        else:
            return True
        return any(covers(one, self.time, if_missing=False) for one in ties)
