"""Train the zstd dictionary that bodies are compressed with, from resources made up here.

    python -m scripts.train_dictionary [--out FILE]

The shipped dictionary is needed for every body written with it. Train a new one only together with a new header byte
in `hub/store/codec.py`. The resources have the shapes the hub's mappings make; every value in them is random.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import zstandard

from hub.fhir.json import dumps
from hub.kernel.ids import random_id
from hub.store.codec import DICTIONARY

SIZE: Final = 32 * 1024
SAMPLES: Final = 6000
OUT: Final = Path(__file__).parents[1] / "hub" / "store" / DICTIONARY

_TERMS: Final = "http://terminology.hl7.org/CodeSystem/"
_LOINC: Final = "http://loinc.org"
_SNOMED: Final = "http://snomed.info/sct"
_UCUM: Final = "http://unitsofmeasure.org"

Json = dict[str, Any]


class Maker:
    """Makes resources with random values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 (samples, not secrets)

    def id(self) -> str:
        return random_id(self.random.randbytes)

    def digits(self, count: int) -> str:
        return "".join(self.random.choices("0123456789", k=count))

    def day(self) -> str:
        return f"20{self.random.randint(10, 29)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"

    def moment(self) -> str:
        hour, minute, second = (self.random.randint(0, top) for top in (23, 59, 59))
        return f"{self.day()}T{hour:02}:{minute:02}:{second:02}+08:00"

    def name(self) -> str:
        return "".join(chr(self.random.randint(0x4E00, 0x9FA5)) for _ in range(self.random.randint(2, 4)))

    def concept(self, *systems: str) -> Json:
        coding = [
            {"system": system, "code": self.digits(5), "display": self.random.choice([self.name(), "Result"])}
            for system in systems
        ]
        return {"coding": coding, "text": self.name()}

    def reference(self, rtype: str) -> Json:
        return {"reference": f"{rtype}/{self.id()}"}

    def identifier(self) -> Json:
        kind = {"coding": [{"system": _TERMS + "v2-0203", "code": self.random.choice(["MR", "VN", "PLAC", "FILL"])}]}
        return {"use": "usual", "type": kind, "system": f"urn:oid:2.16.156.{self.digits(6)}", "value": self.digits(10)}

    def head(self, rtype: str) -> Json:
        updated = self.moment().replace("+08:00", "." + self.digits(6) + "Z")
        meta: Json = {"source": f"urn:yilian:message:{self.digits(7)}", "versionId": "1", "lastUpdated": updated}
        security = [{"system": _TERMS + "v3-Confidentiality", "code": "N"}]
        head: Json = {"resourceType": rtype, "id": self.id(), "meta": {**meta, "security": security}}
        return {**head, "identifier": [self.identifier()]}

    def patient(self) -> Json:
        return {
            **self.head("Patient"),
            "active": True,
            "name": [{"use": "official", "text": self.name(), "family": self.name(), "given": [self.name()]}],
            "telecom": [{"system": "phone", "value": "1" + self.digits(10), "use": "mobile"}],
            "gender": self.random.choice(["male", "female", "other", "unknown"]),
            "birthDate": self.day(),
            "address": [{"use": "home", "text": self.name(), "city": self.name(), "district": self.name()}],
            "maritalStatus": self.concept(_TERMS + "v3-MaritalStatus"),
            "contact": [{"relationship": [self.concept(_TERMS + "v2-0131")], "name": {"text": self.name()}}],
            "managingOrganization": self.reference("Organization"),
        }

    def observation(self) -> Json:
        value = self.random.choice([self.quantity, self.coded, self.text])()
        category = {
            "system": _TERMS + "observation-category",
            "code": self.random.choice(["laboratory", "vital-signs"]),
        }
        return {
            **self.head("Observation"),
            "basedOn": [self.reference("ServiceRequest")],
            "status": self.random.choice(["final", "preliminary", "corrected"]),
            "category": [{"coding": [category]}],
            "code": self.concept(_LOINC, f"urn:oid:2.16.156.{self.digits(6)}"),
            "subject": self.reference("Patient"),
            "encounter": self.reference("Encounter"),
            "effectiveDateTime": self.moment(),
            "issued": self.moment(),
            "performer": [self.reference("Organization"), self.reference("Practitioner")],
            **value,
            "interpretation": [self.concept(_TERMS + "v3-ObservationInterpretation")],
            "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.5}, "text": "3.5-5.5"}],
        }

    def quantity(self) -> Json:
        unit = self.random.choice(["mmol/L", "mm[Hg]", "g/L", "10*9/L", "%", "kg", "cm", "Cel", "/min"])
        number = self.random.randint(1, 2000) / 10
        return {"valueQuantity": {"value": number, "unit": unit, "system": _UCUM, "code": unit}}

    def coded(self) -> Json:
        return {"valueCodeableConcept": self.concept(_SNOMED)}

    def text(self) -> Json:
        return {"valueString": self.name()}

    def encounter(self) -> Json:
        code = self.random.choice(["AMB", "IMP", "EMER"])
        return {
            **self.head("Encounter"),
            "status": self.random.choice(["planned", "arrived", "in-progress", "finished"]),
            "class": {"system": _TERMS + "v3-ActCode", "code": code},
            "type": [self.concept(_SNOMED)],
            "subject": self.reference("Patient"),
            "participant": [
                {"type": [self.concept(_TERMS + "v3-ParticipationType")], "individual": self.reference("Practitioner")}
            ],
            "period": {"start": self.moment(), "end": self.moment()},
            "location": [{"location": self.reference("Location")}],
            "serviceProvider": self.reference("Organization"),
        }

    def condition(self) -> Json:
        return {
            **self.head("Condition"),
            "clinicalStatus": {"coding": [{"system": _TERMS + "condition-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": _TERMS + "condition-ver-status", "code": "confirmed"}]},
            "category": [{"coding": [{"system": _TERMS + "condition-category", "code": "encounter-diagnosis"}]}],
            "code": self.concept("http://hl7.org/fhir/sid/icd-10", _SNOMED),
            "subject": self.reference("Patient"),
            "encounter": self.reference("Encounter"),
            "onsetDateTime": self.moment(),
            "recordedDate": self.day(),
        }

    def report(self) -> Json:
        return {
            **self.head("DiagnosticReport"),
            "basedOn": [self.reference("ServiceRequest")],
            "status": "final",
            "category": [self.concept(_TERMS + "v2-0074")],
            "code": self.concept(_LOINC),
            "subject": self.reference("Patient"),
            "encounter": self.reference("Encounter"),
            "effectiveDateTime": self.moment(),
            "issued": self.moment(),
            "performer": [self.reference("Organization")],
            "result": [self.reference("Observation") for _ in range(self.random.randint(1, 9))],
        }

    def request(self) -> Json:
        rtype = self.random.choice(["ServiceRequest", "MedicationRequest"])
        what = "code" if rtype == "ServiceRequest" else "medicationCodeableConcept"
        return {
            **self.head(rtype),
            "status": self.random.choice(["active", "completed", "revoked"]),
            "intent": "order",
            what: self.concept(_LOINC, "http://www.nlm.nih.gov/research/umls/rxnorm"),
            "subject": self.reference("Patient"),
            "encounter": self.reference("Encounter"),
            "authoredOn": self.moment(),
            "requester": self.reference("Practitioner"),
        }

    def event(self) -> Json:
        rtype, what, when = self.random.choice(
            [
                ("Procedure", "code", "performedDateTime"),
                ("Immunization", "vaccineCode", "occurrenceDateTime"),
                ("AllergyIntolerance", "code", "recordedDate"),
            ]
        )
        who = "subject" if rtype == "Procedure" else "patient"
        return {
            **self.head(rtype),
            "status": "completed",
            what: self.concept(_SNOMED, "http://hl7.org/fhir/sid/cvx"),
            who: self.reference("Patient"),
            "encounter": self.reference("Encounter"),
            when: self.moment(),
        }

    def provenance(self) -> Json:
        return {
            "resourceType": "Provenance",
            "id": self.id(),
            "meta": {"versionId": "1", "lastUpdated": self.moment()},
            "target": [self.reference("Observation") for _ in range(self.random.randint(1, 6))],
            "recorded": self.moment(),
            "activity": {"coding": [{"system": _TERMS + "v3-DataOperation", "code": "CREATE"}]},
            "agent": [
                {
                    "type": {"coding": [{"system": _TERMS + "provenance-participant-type", "code": "assembler"}]},
                    "who": self.reference("Organization"),
                }
            ],
            "entity": [{"role": "source", "what": {"identifier": {"value": self.digits(8)}}}],
        }


def samples(count: int, seed: int = 1) -> list[bytes | bytearray | memoryview[int]]:
    """Bodies of made-up resources, observations the most frequent."""
    maker = Maker(seed)
    kinds: list[Callable[[], Json]] = [
        *[maker.observation] * 6,
        *[maker.report, maker.request, maker.event, maker.encounter, maker.condition, maker.patient, maker.provenance],
    ]
    return [dumps(maker.random.choice(kinds)()) for _ in range(count)]


def main() -> None:
    """Train, write, and say how far it compresses resources it was not trained on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out: Path = parser.parse_args().out
    dictionary = zstandard.train_dictionary(SIZE, samples(SAMPLES), level=3)
    out.write_bytes(dictionary.as_bytes())
    fresh = samples(1000, seed=2)
    compressor = zstandard.ZstdCompressor(level=3, dict_data=dictionary, write_dict_id=False)
    before, after = sum(map(len, fresh)), sum(len(compressor.compress(body)) for body in fresh)
    print(f"{out}: {before / len(fresh):.0f} bytes a resource become {after / len(fresh):.0f} ({before / after:.1f}x)")


if __name__ == "__main__":
    main()
