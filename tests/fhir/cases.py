"""Resources that are right, and resources with one thing wrong: where it is, and the issue code or invariant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.kernel.types import Json

LOINC = "http://loinc.org"
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>ok</p></div>'}


def observation(**elements: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-01T08:00:00+08:00",
        "valueQuantity": {
            "value": Decimal("72.0"),
            "unit": "/min",
            "system": "http://unitsofmeasure.org",
            "code": "/min",
        },
        **elements,
    }


def patient(**elements: Any) -> Json:
    return {"resourceType": "Patient", "id": "p1", **elements}


def condition(**elements: Any) -> Json:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}, **elements}


def without(resource: Json, *names: str) -> Json:
    return {key: value for key, value in resource.items() if key not in names}


def bundle(kind: str, *entries: Json, **elements: Any) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **elements}


def status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


CONTAINED = {"resourceType": "Organization", "id": "o", "name": "F01"}
CLINICAL = "condition-clinical"
COMPOSITION = {
    "resourceType": "Composition",
    "status": "final",
    "type": {"text": "x"},
    "date": "2020",
    "title": "x",
    "author": [{"display": "x"}],
}
DATED = {"identifier": {"system": "urn:test", "value": "1"}, "timestamp": "2026-05-20T09:00:00+08:00"}

VALID: dict[str, Json] = {
    "document": bundle("document", {"resource": COMPOSITION}, **DATED),
    "observation": observation(),
    "patient": patient(birthDate="1980-02", gender="female", name=[{"family": "王", "given": ["小红"]}]),
    "a choice of another type": without(observation(), "valueQuantity") | {"valueString": "x"},
    "a decimal that is whole": observation(valueQuantity={"value": 72}),
    "a contained resource": patient(contained=[CONTAINED], managingOrganization={"reference": "#o"}),
    "a primitive with an extension only": patient(
        _birthDate={"extension": [{"url": "http://e", "valueCode": "unknown"}]}
    ),
    "a required code with an extension only": without(observation(), "status")
    | {"_status": {"extension": [{"url": "http://e", "valueCode": "unknown"}]}},
    "a gap in a list with an extension": patient(name=[{"given": [None, "x"], "_given": [{"id": "a"}, None]}]),
    "a nested extension": patient(extension=[{"url": "http://e", "extension": [{"url": "f", "valueInteger": 1}]}]),
    "a conditional reference": observation(subject={"reference": "Patient?identifier=urn:f01|A1"}),
    "a urn reference": observation(subject={"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}),
    "a logical reference": observation(subject={"identifier": {"value": "A1"}, "display": "x"}),
    "a period open to the future": patient(address=[{"period": {"start": "2020"}}]),
    "a period within one day": patient(address=[{"period": {"start": "2020-01-01T10:00:00Z", "end": "2020-01-01"}}]),
    "a narrative": patient(text=NARRATIVE),
    "a narrative with addresses": patient(
        text={
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><a title="1 &gt; 0" '
            'href="https://h.example/javascript:x">javascript: on=x</a></div>',
        }
    ),
    "a transaction": bundle("transaction", {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}),
    "an abated condition": condition(clinicalStatus=status(CLINICAL, "resolved"), abatementDateTime="2020"),
    "parameters with a resource": {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": patient()}]},
    "a status that is extended": condition(clinicalStatus={"extension": [{"url": "http://e", "valueCode": "unknown"}]}),
}


BROKEN: list[tuple[str, Json, str, str]] = [
    ("unknown element", patient(nickname="x"), "Patient.nickname", "structure"),
    ("unknown element inside", patient(name=[{"first": "x"}]), "Patient.name[0].first", "structure"),
    ("element of another version", patient(animal={}), "Patient.animal", "structure"),
    (
        "a choice without its type",
        without(observation(), "valueQuantity") | {"value": 5},
        "Observation.value",
        "structure",
    ),
    (
        "a type the choice lacks",
        observation(valueQuantity={"value": 1}, valueDecimal=1),
        "Observation.valueDecimal",
        "structure",
    ),
    ("two types of a choice", observation(valueString="x"), "Observation.value", "structure"),
    (
        "two types, one extended",
        observation(_valueString={"extension": [{"url": "http://e", "valueCode": "x"}]}),
        "Observation.value",
        "structure",
    ),
    ("number for string", patient(name=[{"family": 5}]), "Patient.name[0].family", "structure"),
    ("string for boolean", patient(active="true"), "Patient.active", "structure"),
    (
        "string for decimal",
        observation(valueQuantity={"value": "72"}),
        "Observation.value.ofType(Quantity).value",
        "structure",
    ),
    (
        "boolean for decimal",
        observation(valueQuantity={"value": True}),
        "Observation.value.ofType(Quantity).value",
        "structure",
    ),
    (
        "fraction for integer",
        patient(multipleBirthInteger=Decimal("1.0")),
        "Patient.multipleBirth.ofType(integer)",
        "structure",
    ),
    ("string for object", observation(code="8867-4"), "Observation.code", "structure"),
    ("object for list", patient(name={"family": "x"}), "Patient.name", "structure"),
    ("list for object", observation(subject=[{"reference": "Patient/p1"}]), "Observation.subject", "structure"),
    ("list for primitive", patient(gender=["female"]), "Patient.gender", "structure"),
    ("null", patient(birthDate=None), "Patient.birthDate", "structure"),
    ("null object", observation(subject=None), "Observation.subject", "structure"),
    ("null in a list", patient(name=[{"given": ["x", None]}]), "Patient.name[0].given[1]", "structure"),
    ("null in a list of objects", patient(name=[None]), "Patient.name[0]", "structure"),
    ("empty list", patient(name=[]), "Patient.name", "structure"),
    ("empty object", patient(name=[{}]), "Patient.name[0]", "structure"),
    ("an id and nothing else", patient(name=[{"id": "a"}]), "Patient.name[0]", "structure"),
    ("empty string", patient(name=[{"family": ""}]), "Patient.name[0].family", "value"),
    ("control character", patient(name=[{"family": "a\0b"}]), "Patient.name[0].family", "value"),
    ("missing required element", without(observation(), "status"), "Observation.status", "required"),
    (
        "missing required list",
        {"resourceType": "Provenance", "recorded": "2020-01-01T00:00:00Z", "agent": [{"who": {"display": "x"}}]},
        "Provenance.target",
        "required",
    ),
    (
        "missing required choice",
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"text": "x"},
            "patient": {"reference": "Patient/p1"},
        },
        "Immunization.occurrence",
        "required",
    ),
    (
        "missing required part",
        patient(link=[{"other": {"reference": "Patient/p2"}}]),
        "Patient.link[0].type",
        "required",
    ),
    ("id with a space", patient(id="p 1"), "Patient.id", "value"),
    ("id too long", patient(id="x" * 65), "Patient.id", "value"),
    ("id with a final line feed", patient(id="p1\n"), "Patient.id", "value"),
    ("date with a time", patient(birthDate="1980-01-01T00:00:00Z"), "Patient.birthDate", "value"),
    ("date of no calendar", patient(birthDate="1981-02-29"), "Patient.birthDate", "value"),
    ("Chinese date", patient(birthDate="19800101"), "Patient.birthDate", "value"),
    (
        "time without zone",
        observation(effectiveDateTime="2026-03-01T08:00:00"),
        "Observation.effective.ofType(dateTime)",
        "value",
    ),
    ("instant without seconds", observation(issued="2026-03-01T08:00Z"), "Observation.issued", "value"),
    (
        "time of day",
        observation(valueQuantity={"value": 1}, component=[{"code": {"text": "x"}, "valueTime": "8:00"}]),
        "Observation.component[0].value.ofType(time)",
        "value",
    ),
    (
        "code with two spaces",
        patient(communication=[{"language": {"coding": [{"code": "a  b"}]}}]),
        "Patient.communication[0].language.coding[0].code",
        "value",
    ),
    (
        "uri with a space",
        patient(identifier=[{"system": "urn: x", "value": "1"}]),
        "Patient.identifier[0].system",
        "value",
    ),
    (
        "no positive integer",
        patient(telecom=[{"system": "phone", "value": "1", "rank": 0}]),
        "Patient.telecom[0].rank",
        "value",
    ),
    ("integer beyond 32 bits", patient(multipleBirthInteger=2**31), "Patient.multipleBirth.ofType(integer)", "value"),
    ("no base64", patient(photo=[{"contentType": "image/png", "data": "a$=="}]), "Patient.photo[0].data", "value"),
    (
        "narrative without div",
        patient(text={"status": "generated", "div": "<p>x</p>"}),
        "Patient.text.div",
        "structure",
    ),
    ("code outside its value set", patient(gender="F"), "Patient.gender", "code-invalid"),
    ("status outside its value set", observation(status="done"), "Observation.status", "code-invalid"),
    (
        "concept outside its value set",
        condition(clinicalStatus=status(CLINICAL, "over")),
        "Condition.clinicalStatus",
        "code-invalid",
    ),
    (
        "concept of another system",
        condition(clinicalStatus={"coding": [{"system": "urn:x", "code": "active"}]}),
        "Condition.clinicalStatus",
        "code-invalid",
    ),
    ("reference to a wrong type", observation(encounter={"reference": "Patient/p1"}), "Observation.encounter", "value"),
    (
        "stated target of a wrong type",
        observation(encounter={"type": "Patient", "display": "x"}),
        "Observation.encounter",
        "value",
    ),
    (
        "absolute reference to a wrong type",
        observation(encounter={"reference": "https://h.example.org/fhir/Patient/p1"}),
        "Observation.encounter",
        "value",
    ),
    (
        "contained target of a wrong type",
        observation(contained=[CONTAINED], subject={"reference": "#o"}),
        "Observation.subject",
        "value",
    ),
    ("reference that is none", observation(subject={"reference": "p1"}), "Observation.subject.reference", "value"),
    (
        "reference to no type of R4",
        observation(subject={"reference": "Letter/1"}),
        "Observation.subject.reference",
        "value",
    ),
    (
        "extension list too long",
        patient(name=[{"given": ["x"], "_given": [None, {"id": "a"}]}]),
        "Patient.name[0].given",
        "structure",
    ),
    (
        "extensions that say nothing",
        patient(name=[{"given": ["x"], "_given": [None]}]),
        "Patient.name[0].given",
        "structure",
    ),
    (
        "extensions beside what is no list",
        patient(name=[{"given": 0, "_given": [{"id": "a"}, None]}]),
        "Patient.name[0].given",
        "structure",
    ),
    ("extension of an object", patient(_name=[{"id": "a"}]), "Patient._name", "structure"),
    ("extension without url", patient(extension=[{"valueCode": "x"}]), "Patient.extension[0].url", "required"),
    (
        "wrong value deep in extensions",
        patient(extension=[{"url": "u", "extension": [{"url": "v", "valueDate": "x"}]}]),
        "Patient.extension[0].extension[0].value.ofType(date)",
        "value",
    ),
    (
        "wrong value in a primitive's extension",
        patient(_gender={"extension": [{"url": "u", "valueDate": "x"}]}),
        "Patient.gender.extension[0].value.ofType(date)",
        "value",
    ),
    ("contained without id", patient(contained=[without(CONTAINED, "id")]), "Patient.contained[0].id", "required"),
    ("contained of no type", patient(contained=[{"id": "x"}]), "Patient.contained[0].resourceType", "structure"),
    (
        "wrong element in contained",
        patient(contained=[{**CONTAINED, "x": 1}], managingOrganization={"reference": "#o"}),
        "Patient.contained[0].x",
        "structure",
    ),
    (
        "wrong element in a bundle",
        bundle("collection", {"resource": patient(gender="F")}),
        "Bundle.entry[0].resource.gender",
        "code-invalid",
    ),
    (
        "resourceType in a part",
        patient(name=[{"resourceType": "Patient"}]),
        "Patient.name[0].resourceType",
        "structure",
    ),
    (
        "ext-1 both",
        patient(extension=[{"url": "u", "valueCode": "x", "extension": [{"url": "v", "valueCode": "y"}]}]),
        "Patient.extension[0]",
        "ext-1",
    ),
    ("ext-1 none", patient(extension=[{"url": "u"}]), "Patient.extension[0]", "ext-1"),
    ("ref-1", patient(managingOrganization={"reference": "#x"}), "Patient.managingOrganization", "ref-1"),
    (
        "per-1",
        patient(address=[{"period": {"start": "2020-02", "end": "2020-01-31"}}]),
        "Patient.address[0].period",
        "per-1",
    ),
    ("qty-3", observation(valueQuantity={"value": 1, "code": "g"}), "Observation.value.ofType(Quantity)", "qty-3"),
    (
        "age-1",
        condition(onsetAge={"value": 0, "code": "a", "system": "http://unitsofmeasure.org"}),
        "Condition.onset.ofType(Age)",
        "age-1",
    ),
    (
        "rng-2",
        condition(onsetRange={"low": {"value": 5}, "high": {"value": 4}}),
        "Condition.onset.ofType(Range)",
        "rng-2",
    ),
    (
        "rat-1",
        without(observation(), "valueQuantity") | {"valueRatio": {"numerator": {"value": 1}}},
        "Observation.value.ofType(Ratio)",
        "rat-1",
    ),
    ("cpt-2", patient(telecom=[{"value": "139"}]), "Patient.telecom[0]", "cpt-2"),
    ("att-1", patient(photo=[{"data": "AAAA"}]), "Patient.photo[0]", "att-1"),
    (
        "txt-1",
        patient(text={"status": "generated", "div": "<div><script>x</script></div>"}),
        "Patient.text.div",
        "txt-1",
    ),
    (
        "txt-1 event",
        patient(text={"status": "generated", "div": '<div><p onclick="x">y</p></div>'}),
        "Patient.text.div",
        "txt-1",
    ),
    *(
        (
            f"txt-1 {name}",
            patient(text={"status": "generated", "div": f"<div>{content}</div>"}),
            "Patient.text.div",
            "txt-1",
        )
        for name, content in (
            ("event behind a bracket", '<p title=">" onclick="x">y</p>'),
            ("script as address", '<a href="javascript:x()">y</a>'),
            ("script in entities", "<a title='>' href='\n java&#115;cript&#58;x()'>y</a>"),
            ("script of an image", "<img alt='y' src=' VBScript:x' />"),
        )
    ),
    ("txt-2", patient(text={"status": "generated", "div": "<div> <p></p></div>"}), "Patient.text.div", "txt-2"),
    (
        "tim-2",
        without(observation(), "effectiveDateTime") | {"effectiveTiming": {"repeat": {"period": 1}}},
        "Observation.effective.ofType(Timing).repeat",
        "tim-2",
    ),
    (
        "dom-2",
        patient(
            contained=[{**CONTAINED, "contained": [{**CONTAINED, "id": "q"}]}], managingOrganization={"reference": "#o"}
        ),
        "Patient.contained[0]",
        "dom-2",
    ),
    ("dom-3", patient(contained=[CONTAINED]), "Patient", "dom-3"),
    (
        "dom-4",
        patient(contained=[{**CONTAINED, "meta": {"versionId": "1"}}], managingOrganization={"reference": "#o"}),
        "Patient.contained[0]",
        "dom-4",
    ),
    ("obs-3", observation(referenceRange=[{"appliesTo": [{"text": "x"}]}]), "Observation.referenceRange[0]", "obs-3"),
    ("obs-6", observation(dataAbsentReason={"text": "x"}), "Observation", "obs-6"),
    (
        "obs-7",
        observation(component=[{"code": {"coding": [{"system": LOINC, "code": "8867-4"}]}, "valueInteger": 1}]),
        "Observation",
        "obs-7",
    ),
    ("pat-1", patient(contact=[{"gender": "female"}]), "Patient.contact[0]", "pat-1"),
    ("org-1", {"resourceType": "Organization", "active": True}, "Organization", "org-1"),
    (
        "org-3",
        {**CONTAINED, "telecom": [{"system": "phone", "value": "1", "use": "home"}]},
        "Organization.telecom",
        "org-3",
    ),
    ("con-4", condition(clinicalStatus=status(CLINICAL, "active"), abatementDateTime="2020"), "Condition", "con-4"),
    (
        "con-5",
        condition(
            clinicalStatus=status(CLINICAL, "active"),
            verificationStatus=status("condition-ver-status", "entered-in-error"),
        ),
        "Condition",
        "con-5",
    ),
    (
        "ait-1",
        {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}},
        "AllergyIntolerance",
        "ait-1",
    ),
    (
        "cmp-1",
        {
            "resourceType": "Composition",
            "status": "final",
            "type": {"text": "x"},
            "date": "2020",
            "title": "x",
            "author": [{"display": "x"}],
            "section": [{"title": "x"}],
        },
        "Composition.section[0]",
        "cmp-1",
    ),
    ("bdl-2", bundle("collection", {"resource": patient(), "search": {"mode": "match"}}), "Bundle", "bdl-2"),
    ("bdl-9", bundle("document", {"resource": COMPOSITION}, timestamp=DATED["timestamp"]), "Bundle", "bdl-9"),
    ("bdl-10", bundle("document", {"resource": COMPOSITION}, identifier=DATED["identifier"]), "Bundle", "bdl-10"),
    ("bdl-11", bundle("document", {"resource": patient()}, **DATED), "Bundle", "bdl-11"),
    ("bdl-12", bundle("message", {"resource": patient()}), "Bundle", "bdl-12"),
    ("bdl-3", bundle("transaction", {"resource": patient()}), "Bundle", "bdl-3"),
    ("bdl-7", bundle("collection", *[{"fullUrl": "urn:x", "resource": patient()}] * 2), "Bundle", "bdl-7"),
    (
        "bdl-8",
        bundle("collection", {"fullUrl": "http://h/Patient/1/_history/1", "resource": patient()}),
        "Bundle.entry[0]",
        "bdl-8",
    ),
]
