"""Generated worlds: persons with consents, relations, proxies and rows, a requester, and what the rules say.

What is expected is decided by `consent.decide` from the raw case, which shares nothing with the gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from consent.decide import decide
from hub.auth.actor import Actor
from hub.auth.directory import Directory
from hub.fhir.temporal import interval
from hub.kernel.consortium import Consortium, Facility
from hub.kernel.types import Json
from hub.store.values import Facts, Write
from tests.consent import cases, strategies
from tests.gate.house import House

NOW: Final = datetime.fromisoformat(cases.NOW)
_CODES: Final = [reference.removeprefix("Organization/") for reference in cases.DIRECTORY]
TABLES: Final = (
    *("resource", "resource_home", "history", "coding", "string_value", "date_value", "number_value", "outbox"),
    *("member", "relation", "consent_rule", "proxy_entry", "approval", "audit"),
)

#: Ids of the rows, by type: the same ones that consents of `tests.consent.strategies` point to.
ROWS: Final = (("Observation", "hb"), ("Observation", "x"), ("Encounter", "e"), ("DiagnosticReport", "r"))
#: Two sources that may be one person, and a stranger.
PATIENTS: Final = ("chen", "chen2", "wang")


def directory(policy: str) -> Directory:
    """The county of the consent tests."""
    facilities = {
        reference.removeprefix("Organization/"): Facility(
            code=reference.removeprefix("Organization/"),
            name=reference,
            part_of=fields["partOf"].removeprefix("Organization/") if "partOf" in fields else None,
            legal_entity=fields.get("legalEntity", False),
        )
        for reference, fields in cases.DIRECTORY.items()
    }
    return Directory(Consortium(name="county", facilities=facilities, feeds={}, clinical=policy))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource: whose, by whom, when, with which labels and references."""

    type: str
    id: str
    patient: str
    author: str
    authors: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    day: str | None
    code: str
    profile: str | None
    refers_to: tuple[str, ...]

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"

    def write(self) -> Write:
        """As the store takes it."""
        body: Json = {
            "resourceType": self.type,
            "id": self.id,
            "subject": {"reference": f"Patient/{self.patient}"},
            "code": {"coding": [{"system": cases.LOINC, "code": self.code}]},
            "focus": [{"reference": reference} for reference in self.refers_to],
        }
        if self.profile is not None:
            body["meta"] = {"profile": [self.profile]}
        start, end = interval(self.day) if self.day is not None else (None, None)
        facts = Facts(
            author_org=self.author,
            authors=self.authors,
            labels=tuple(f"{system}|{code}" for system, code in self.labels),
            clinical_start=start,
            clinical_end=end,
        )
        return Write(type=self.type, id=self.id, resource=body, patient=self.patient, facts=facts)

    def resource(self, rows: Sequence[Row]) -> Json:
        """As the rules take it."""
        has_code = self.type in {"Observation", "DiagnosticReport"}
        return {
            "resourceType": self.type,
            "reference": self.reference,
            "patient": f"Patient/{self.patient}",
            "authorOrganization": f"Organization/{self.author}",
            "authors": list(self.authors),
            "securityLabel": [{"system": system, "code": code} for system, code in self.labels],
            "clinicalTime": self.day,
            "code": [{"system": cases.LOINC, "code": self.code}] if has_code else [],
            "profile": [] if self.profile is None else [self.profile],
            "references": list(self.refers_to),
            "referencedBy": [row.reference for row in rows if self.reference in row.refers_to],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`linked`: chen and chen2 are one person. `care` and `managed` tie patients to parties until a day."""

    policy: str
    linked: bool
    rows: tuple[Row, ...]
    consents: tuple[Json, ...]
    care: tuple[tuple[str, str, str], ...]
    managed: tuple[tuple[str, str, str], ...]
    proxies: tuple[tuple[str, Json], ...]
    births: tuple[str | None, ...]
    actor: Actor

    def sources(self, patient: str) -> tuple[str, ...]:
        """All source patients of the same person."""
        return ("chen", "chen2") if self.linked and patient != "wang" else (patient,)

    def permitted(self, row: Row) -> bool:
        """What the rules say of one row."""
        sources = self.sources(row.patient)
        case = {
            "policy": {"clinical": self.policy},
            "directory": cases.DIRECTORY,
            "patient": self._patient(sources),
            "consents": list(self.consents),
            "request": self._request(),
            "resource": row.resource(self.rows),
        }
        return decide(case).permitted

    def expected(self, patients: Sequence[str] = PATIENTS) -> set[str]:
        """References of the rows about these patients that are permitted."""
        return {row.reference for row in self.rows if row.patient in patients and self.permitted(row)}

    async def furnish(self, house: House) -> None:
        """Put all of it into an empty house."""
        async with house.database.transaction() as tx:
            for table in TABLES:
                await tx.execute(f"DELETE FROM {table}")
            await house.store.save(tx, [*self._patients(), *(row.write() for row in self.rows)])
        if self.linked:
            await house.link("person", "chen", "chen2")
        for consent in self.consents:
            await house.keep_consent(consent)
        for kind, ties in (("care", self.care), ("managed", self.managed)):
            for patient, party, until in ties:
                high = interval(until)[1]
                assert high is not None
                await house.relate(patient, party, kind, high=high - timedelta(microseconds=1))  # type: ignore[arg-type]
        for patient, entry in self.proxies:
            await house.proxy(patient, entry["reference"], entry["type"], scope=tuple(entry["scope"]))

    def _patients(self) -> list[Write]:
        """The source Patients themselves, written by somebody nobody belongs to, closed by a label."""
        facts = Facts(author_org="", labels=(f"{cases.CONFIDENTIALITY}|V", f"{cases.ACT_CODE}|NOPAT"))
        return [
            Write(
                type="Patient",
                id=patient,
                resource={"resourceType": "Patient", "id": patient, **({"birthDate": birth} if birth else {})},
                patient=patient,
                facts=facts,
            )
            for patient, birth in zip(PATIENTS, self.births, strict=True)
        ]

    def _patient(self, sources: Sequence[str]) -> Json:
        births = {birth for patient, birth in zip(PATIENTS, self.births, strict=True) if patient in sources and birth}
        return {
            "reference": f"Patient/{sources[0]}",
            "links": [f"Patient/{source}" for source in sources[1:]],
            "birthDate": next(iter(births), None),
            "careRelationships": [
                {"organization": f"Organization/{party}", "period": {"end": until}}
                for patient, party, until in self.care
                if patient in sources
            ],
            "managedBy": [
                {"practitioner": party, "period": {"end": until}}
                for patient, party, until in self.managed
                if patient in sources
            ],
            "proxies": [entry for patient, entry in self.proxies if patient in sources],
        }

    def _request(self) -> Json:
        actor = self.actor
        requester: Json = {"role": actor.role, "reference": actor.reference}
        if actor.organization:
            requester["organization"] = f"Organization/{actor.organization}"
        request: Json = {"time": cases.NOW, "requester": requester, "purpose": list(actor.purpose)}
        if actor.break_glass is not None:
            declared = None if actor.issued is None else actor.issued.isoformat()
            request["breakGlass"] = {"declared": True, "justification": actor.break_glass, "declaredAt": declared}
        return request


CLINICIAN: Final = Actor(
    role="clinician",
    organization="county",
    practitioner="qian",
    purpose=("TREAT",),
    client="his",
    token_id="t1",
    expires=NOW + timedelta(hours=1),
    issued=NOW,
)
_DOCTOR: Final = replace(CLINICIAN, role="family-doctor", organization="township", practitioner="sun")
_SELF: Final = replace(
    CLINICIAN, role="patient", organization="", practitioner=None, patient="chen", purpose=("PATRQT",)
)
_PROXY: Final = replace(_SELF, role="proxy", practitioner="RelatedPerson/son")


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    """Every role that reads, with some of its purposes, perhaps with a break-glass, in time or too late."""
    base = draw(st.sampled_from([CLINICIAN, CLINICIAN, CLINICIAN, _DOCTOR, _SELF, _PROXY]))
    if base.role in {"patient", "proxy"}:
        return replace(base, patient=draw(st.sampled_from(["chen", "wang"])))
    if draw(st.integers(0, 3)) == 0:
        issued = NOW - timedelta(hours=draw(st.sampled_from([0, 4, 5])))
        return replace(base, purpose=("ETREAT",), break_glass="昏迷", issued=issued)
    return replace(base, purpose=tuple(draw(st.sampled_from([["TREAT"], ["COC"], ["ETREAT"], ["COC", "TREAT"]]))))


@st.composite
def rows(draw: st.DrawFn, rtype: str, rid: str) -> Row:
    """One row about one of the patients."""
    labels = draw(st.sampled_from([[], [], ["L"], ["R"], ["V"], ["HIV"], ["PSYTHPN"], ["HIV", "PSY"], ["NOPAT"]]))
    pairs = [(label["system"], label["code"]) for label in cases.label(*labels)]
    return Row(
        type=rtype,
        id=rid,
        patient=draw(st.sampled_from(PATIENTS)),
        author=draw(st.sampled_from(["township", "township", "county", "ward", "centre"])),
        authors=draw(st.sampled_from([(), ("Practitioner/x",), (cases.CLINICIAN,)])),
        labels=tuple(
            pairs + draw(st.sampled_from([[], [], [], [], [("urn:foreign", "1")], [(cases.CONFIDENTIALITY, "S")]]))
        ),
        day=draw(st.sampled_from(["2026-05-20", "2026-06-09", "2026-06-10", None])),
        code=draw(st.sampled_from(["718-7", "1-1", "2-2"])),
        profile=draw(st.sampled_from([None, "urn:profile"])),
        refers_to=tuple(draw(st.lists(st.sampled_from(strategies.REFERENCES), max_size=2, unique=True))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world in which most things meet."""
    until = st.sampled_from(["2026-06-09", "2026-06-10", "2027"])
    given = draw(st.lists(strategies.consents(), max_size=4))
    consents = [
        {
            **consent,
            "id": f"c{number}",
            "meta": {"versionId": "1"},
            "patient": {"reference": f"Patient/{draw(st.sampled_from(PATIENTS))}"},
        }
        for number, consent in enumerate(given)
    ]
    doctors = [cases.DOCTOR, "Practitioner/x"]
    linked = draw(st.booleans())
    births = [draw(st.sampled_from(["1970-03-01", "1970-03-01", "2014-01-01", None])) for _ in PATIENTS]
    kinds = st.sampled_from(["delegate", "legal-guardian", "parent"])
    scopes = st.sampled_from([["read"], ["read", "consent"]])
    return World(
        policy=draw(st.sampled_from(["opt-out", "opt-out", "opt-in"])),
        linked=linked,
        rows=tuple(draw(rows(rtype, rid)) for rtype, rid in ROWS),
        consents=tuple(consents),
        care=tuple((p, draw(st.sampled_from(["ward", "county", "centre"])), draw(until)) for p in draw(_some_patients)),
        managed=tuple((p, draw(st.sampled_from(doctors)), draw(until)) for p in draw(_some_patients)),
        proxies=tuple(
            (patient, {"reference": cases.SON, "type": draw(kinds), "scope": draw(scopes)})
            for patient in draw(_some_patients)
        ),
        births=(births[0], births[0] if linked else births[1], births[2]),
        actor=draw(actors()),
    )


_some_patients: Final[st.SearchStrategy[list[Any]]] = st.lists(st.sampled_from(PATIENTS), max_size=2, unique=True)
