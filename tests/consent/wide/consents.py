"""Consents of every kind there is, for a case in which somebody asks."""

from __future__ import annotations

from typing import Any, Final

from hub.kernel.types import Json
from tests.consent import cases
from tests.consent.literal.case import ROLES
from tests.consent.wide.draws import Draws

PURPOSES: Final = sorted({purpose for purposes, _ in ROLES.values() for purpose in purposes})
#: Whom a provision may name beside the requester, who is named as often as all of them.
_PARTIES: Final = [
    *(cases.CLINICIAN, cases.DOCTOR, cases.SON, cases.PATIENT, "PractitionerRole/r", "Group/g"),
    *("Organization/county", "Organization/ward", "Organization/township", "Organization/alliance"),
]
_POINTED: Final = ["Observation/hb", "Observation/p", "Encounter/e", "Practitioner/x", "Organization/township"]
_PERFORMERS: Final = [cases.PATIENT, "Patient/twin", cases.SON, cases.MOTHER, "Practitioner/x"]
_GIVEN: Final = ["2026-02-01", "2026-05-01", "2026-06-10T09:00:00+08:00", "2023-01-01", "2024-06-01"]
_MEANINGS: Final = ["instance", "related", "dependents", "authoredby"]
#: What makes a provision one that cannot be processed, or looks as if it did.
_SPOILERS: Final[list[Json]] = [
    *({"modifierExtension": [{"url": "u"}]}, {"modifierExtension": []}, {"modifierExtension": [{}]}),
    *({"foo": 1}, {"foo": []}, {"actor": []}, {"type": "maybe"}, {"type": None}),
]


class Consents:
    """Makes consents. `asker` is the requester, whom actors name often; `purposes` are what the role may ask for."""

    def __init__(self, draws: Draws, asker: str, purposes: list[str]) -> None:
        self._draws = draws
        self._actors = [*_PARTIES, *[asker] * (20 if draws.plain else len(_PARTIES))]
        self._purposes = purposes if draws.plain else [*PURPOSES, *purposes * 5]
        #: How often a provision has a criterion.
        self._crowded: float = draws.pick([0.05, 0.1, 0.25])

    def consent(self) -> Json:
        draws = self._draws
        identifier = [{"system": "urn:i", "value": "1"}, {"system": "urn:j", "value": "1"}, {"value": "1"}]
        return {
            "resourceType": "Consent",
            "status": draws.pick([*["active"] * (20 if draws.plain else 8), "inactive", *self._statuses()]),
            "scope": {"coding": [{"system": cases.SCOPE, "code": self._scope()}]},
            "patient": {"reference": draws.versioned(self._whose())},
            "dateTime": draws.date() if draws.odd(0.3) else draws.pick(_GIVEN),
            "provision": self._provision(depth=2, root=True),
            **draws.perhaps(0.97, "id", lambda: draws.pick(["c1", "c2", "c3", "c4", "c5", "c6"])),
            **draws.perhaps(0.06 if draws.plain else 0.35, "performer", lambda: draws.some(self._performer)),
            **draws.perhaps(0.2, "identifier", lambda: draws.some(lambda: draws.pick([*identifier, {"system": "s"}]))),
            **draws.perhaps(0.3, "meta", lambda: {"versionId": draws.pick(["1", "2", "10", "x"])}),
            **draws.perhaps(0.2, "policyRule", lambda: {"coding": draws.some(self._rule)}),
            **draws.perhaps(0.01, "implicitRules", lambda: "urn:x"),
            **draws.perhaps(0.01, "modifierExtension", lambda: draws.pick([[{}], []])),
        }

    def _statuses(self) -> list[str]:
        return [] if self._draws.plain else ["rejected", "draft", "proposed", "entered-in-error"]

    def _scope(self) -> Any:
        return self._draws.pick(["research", "treatment"]) if self._draws.odd(0.2) else "patient-privacy"

    def _whose(self) -> Any:
        return self._draws.pick(["Patient/twin", "Patient/z"]) if self._draws.odd(0.2) else cases.PATIENT

    def _performer(self) -> Json:
        return {"reference": self._draws.versioned(self._draws.pick(_PERFORMERS))}

    def _rule(self) -> Json:
        return {"system": cases.ACT_CODE, "code": self._draws.pick(["OPTIN", "OPTOUT"])}

    def _provision(self, *, depth: int, root: bool = False) -> Json:
        draws = self._draws
        typed = not root or draws.chance(0.85)
        return {
            **({"type": draws.pick(["permit", "permit", "deny"])} if typed else {}),
            **{name: make() for name, make in self._criteria().items() if self._has(name)},
            **(draws.pick(_SPOILERS) if draws.odd(0.06) else {}),
            **(draws.perhaps(0.5, "provision", lambda: self._nested(depth - 1)) if depth else {}),
        }

    def _has(self, name: str) -> bool:
        """What covers a restricted resource comes twice as often."""
        return self._draws.chance(self._crowded * (2 if name in ("securityLabel", "data") else 1))

    def _nested(self, depth: int) -> list[Json]:
        return self._draws.some(lambda: self._provision(depth=depth))

    def _criteria(self) -> dict[str, Any]:
        draws = self._draws
        return {
            "period": draws.period,
            "actor": lambda: draws.some(self._actor),
            "action": lambda: draws.some(self._action),
            "securityLabel": lambda: draws.some(draws.label),
            "purpose": lambda: draws.some(self._purpose),
            "class": lambda: draws.some(self._class),
            "code": lambda: draws.some(self._code),
            "dataPeriod": draws.period,
            "data": lambda: draws.some(self._data),
        }

    def _actor(self) -> Json:
        draws = self._draws
        role = {"coding": [draws.coding(cases.PARTICIPATION, [*["IRCP"] * 8, "CST"])]}
        return {
            **draws.perhaps(0.97, "role", lambda: {"text": "t"} if draws.chance(0.02) else role),
            **draws.perhaps(0.96, "reference", lambda: {"reference": draws.versioned(draws.pick(self._actors))}),
        }

    def _action(self) -> Json:
        coding = self._draws.coding("urn:a", ["access", "access", "correct"])
        return {"coding": [coding]} if self._draws.chance(0.93) else {"text": "t"}

    def _purpose(self) -> Json:
        code = self._draws.pick(self._purposes)
        local = code == "PRODRD" and self._draws.chance(0.8)
        return self._draws.coding(cases.LOCAL if local else cases.ACT_REASON, [code])

    def _class(self) -> Json:
        system = self._draws.pick([cases.TYPES] * 4 + [cases.URI])
        return self._draws.coding(system, ["Observation", "Condition", "Binary", "urn:p"])

    def _code(self) -> Json:
        coding = self._draws.coding(cases.LOINC, ["718-7", "1-1"])
        return {"coding": [coding]} if self._draws.chance(0.92) else {"text": "t"}

    def _data(self) -> Json:
        draws = self._draws
        return {
            "meaning": "other" if draws.chance(0.05) else draws.pick(_MEANINGS),
            **draws.perhaps(0.97, "reference", lambda: {"reference": draws.versioned(draws.pick(_POINTED))}),
        }
